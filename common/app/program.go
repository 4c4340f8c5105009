// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/component-base/logs"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// cloudComponent is the name under which every cloud controller manager takes part in leader election,
// leader migration and metrics, whatever its program is called.
const cloudComponent = "cloud-controller-manager"

// Program is a controller manager: which controllers, for which cloud.
type Program struct {
	// Name is the command's name, for messages and --help.
	Name string
	// Description is what --help says first.
	Description string
	// ProviderName is the only value that --cloud-provider accepts.
	ProviderName string
	// NewCloud constructs the provider. Without it the program is a controller manager without a cloud:
	// --cloud-provider may be empty, and Deps carries neither Cloud nor Instances.
	NewCloud provider.Factory
	// AddFlags registers flags of the provider's own, which NewCloud reads; may be nil.
	AddFlags func(*pflag.FlagSet)
	// Garbage is how much of it there may be beside what lives, in percent, unless GOGC says otherwise; 0 leaves
	// it to Go.
	Garbage int
	// Controllers are all that the program contains.
	Controllers []Controller
	// Webhooks are served when the feature gate CloudControllerManagerWebhook is on.
	Webhooks []Webhook
}

// component is the name in leases, metrics and leader migration files.
func (p Program) component() string {
	if p.NewCloud == nil {
		return p.Name
	}
	return cloudComponent
}

// The exit codes.
const (
	exitOK      = 0
	exitError   = 1
	exitPending = 2 // --dry-run found something to do
)

// errPending is how a dry run says that there is something to do.
var errPending = errors.New("changes are pending")

// ExitCode is the exit code for what a command returned.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errPending):
		return exitPending
	}
	return exitError
}

// Main runs the program with the arguments of the process and ends the process. The first SIGTERM or
// SIGINT stops it gracefully, a second one at once.
func Main(p Program) {
	if p.Garbage != 0 && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(p.Garbage)
	}
	ctx, stop := signalContext(context.Background(), os.Exit)
	code := Run(ctx, p, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Run runs the program with these arguments and returns its exit code. The end of ctx is what SIGTERM
// is to a process: running work ends, the lease is released, the code is 0.
func Run(ctx context.Context, p Program, args []string, stdout, stderr io.Writer) int {
	cmd := NewCommand(p)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	logs.FlushLogs()
	if err != nil && !errors.Is(err, errPending) {
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, oneLine(err))
	}
	return ExitCode(err)
}

// oneLine is an error as one line: scripts and people read the last line of a log.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}

// signalContext returns a context that ends with the first signal; the second one calls exit. stop ends
// the watching.
func signalContext(parent context.Context, exit func(int)) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s, ok := <-signals:
			if !ok {
				return
			}
			klog.InfoS("Stopping gracefully; another signal stops at once", "signal", s.String())
			cancel()
		case <-ctx.Done():
			return
		}
		if s, ok := <-signals; ok {
			klog.InfoS("Stopping at once", "signal", s.String())
			klog.Flush()
			exit(exitError)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
		close(signals)
		<-done
	}
}

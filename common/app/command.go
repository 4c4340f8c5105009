// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"sync"

	"github.com/spf13/cobra"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	metricsfeatures "k8s.io/component-base/metrics/features"
	"k8s.io/component-base/term"
	"k8s.io/component-base/version/verflag"

	// --logging-format=json, and metrics that exist only when somebody imports them.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	_ "k8s.io/component-base/metrics/prometheus/workqueue"
)

// NewCommand returns the program's command. Its RunE works until the command's context ends and returns
// an error for ExitCode.
func NewCommand(p Program) *cobra.Command {
	o, err := newOptions(p)
	cmd := &cobra.Command{
		Use:           p.Name,
		Long:          p.Description,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err != nil {
				return err
			}
			return runCommand(cmd, p, o)
		},
	}
	if err != nil {
		return cmd
	}
	global := o.sets.FlagSet("global")
	verflag.AddFlags(global)
	logsapi.AddFlags(o.logging, global)
	globalflag.AddGlobalFlags(global, cmd.Name(), logs.SkipLoggingConfigurationFlags())
	cmd.SetGlobalNormalizationFunc(cliflag.WordSepNormalizeFunc)
	for _, fs := range o.sets.FlagSets {
		cmd.Flags().AddFlagSet(fs)
	}
	describe(cmd, o.sets)
	return cmd
}

func noArguments(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if arg != "" {
			return fmt.Errorf("%q takes no arguments, only flags, but got %q", cmd.Name(), args)
		}
	}
	return nil
}

// describe prints flags in their groups.
func describe(cmd *cobra.Command, sets cliflag.NamedFlagSets) {
	columns, _, _ := term.TerminalSize(cmd.OutOrStdout())
	cmd.SetUsageFunc(func(cmd *cobra.Command) error {
		fmt.Fprintf(cmd.OutOrStderr(), "Usage:\n  %s\n", cmd.UseLine())
		cliflag.PrintSections(cmd.OutOrStderr(), sets, columns)
		return nil
	})
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nUsage:\n  %s\n", cmd.Long, cmd.UseLine())
		cliflag.PrintSections(cmd.OutOrStdout(), sets, columns)
	})
}

func runCommand(cmd *cobra.Command, p Program, o *options) error {
	verflag.PrintAndExitIfRequested()
	if err := applyGlobally(o); err != nil {
		return err
	}
	cliflag.PrintFlags(cmd.Flags()) // logged at -v=1
	if err := o.readConfigFile(cmd.Flags()); err != nil {
		return err
	}
	settings, err := complete(p, o)
	if err != nil {
		return err
	}
	settings.out = cmd.OutOrStdout()
	if o.own.readOnly() {
		return dryRun(cmd.Context(), settings)
	}
	return newManager(settings).run(cmd.Context())
}

// global is held while what belongs to the process is set. Several managers may run in one process, one
// after the other or at once, as they do in tests.
var global sync.Mutex

// applyGlobally sets logging and metrics, as early as possible: later steps use them.
func applyGlobally(o *options) error {
	global.Lock()
	defer global.Unlock()
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	if err := logsapi.ValidateAndApply(o.logging, o.gates); err != nil {
		return fmt.Errorf("logging: %w", err)
	}
	metricsfeatures.ApplyFeatureGates(o.gates)
	return nil
}

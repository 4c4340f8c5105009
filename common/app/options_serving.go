// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"net"
	"strings"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
)

// servingOptions is the flags of one HTTPS server.
type servingOptions struct {
	bindAddress net.IP
	port        int
	certDir     string
	// pairName is the name, in certDir, of the files of a generated certificate.
	pairName          string
	certFile, keyFile string
	sni               []cliflag.NamedCertKey
	cipherSuites      []string
	curves            []int32
	minVersion        string
	disableHTTP2      bool
	maxStreams        int
	sharePort         bool
	shareAddress      bool
	prefix            string
}

func newServingOptions(port int, pairName string) servingOptions {
	return servingOptions{bindAddress: net.ParseIP("0.0.0.0"), port: port, pairName: pairName}
}

func (o *servingOptions) addFlags(fs *pflag.FlagSet, prefix string) {
	o.prefix = prefix
	fs.IPVar(&o.bindAddress, prefix+"bind-address", o.bindAddress, "Address on which to listen. 0.0.0.0 or :: for all interfaces.")
	what := "HTTPS with authentication and authorization"
	if prefix != "" {
		what = "webhooks"
	}
	fs.IntVar(&o.port, prefix+"secure-port", o.port, fmt.Sprintf("Port on which to serve %s. 0 for not at all.", what))
	fs.BoolVar(&o.disableHTTP2, prefix+"disable-http2-serving", o.disableHTTP2, "Serve HTTP/1.1 only.")
	fs.StringVar(&o.certDir, prefix+"cert-dir", o.certDir, fmt.Sprintf("Directory of a generated certificate. Ignored with --%stls-cert-file and --%stls-private-key-file. Without any of them the certificate lives in memory.", prefix, prefix))
	fs.StringVar(&o.certFile, prefix+"tls-cert-file", o.certFile, "File of the certificate, with its intermediate ones behind it. It is read again when it changes.")
	fs.StringVar(&o.keyFile, prefix+"tls-private-key-file", o.keyFile, fmt.Sprintf("File of the private key for --%stls-cert-file.", prefix))
	fs.StringSliceVar(&o.cipherSuites, prefix+"tls-cipher-suites", o.cipherSuites, "Cipher suites for TLS up to 1.2. Go's choice if empty.\nPreferred values: "+strings.Join(cliflag.PreferredTLSCipherNames(), ", ")+".\nInsecure values: "+strings.Join(cliflag.InsecureTLSCipherNames(), ", ")+".")
	fs.Int32SliceVar(&o.curves, prefix+"tls-curve-preferences", o.curves, "Key exchange mechanisms, as numbers of Go's crypto/tls CurveID. Go's choice if empty; their order has no meaning.")
	fs.StringVar(&o.minVersion, prefix+"tls-min-version", o.minVersion, "Lowest TLS version. Possible values: "+strings.Join(cliflag.TLSPossibleVersions(), ", "))
	fs.Var(cliflag.NewNamedCertKeyArray(&o.sni), prefix+"tls-sni-cert-key", "Certificate and key file for clients that ask for certain names: \"example.crt,example.key\" or \"foo.crt,foo.key:*.foo.com,foo.com\". May be given more than once.")
}

// addHTTP2Flags registers the flags that webhook serving does not have.
func (o *servingOptions) addHTTP2Flags(fs *pflag.FlagSet) {
	fs.IntVar(&o.maxStreams, "http2-max-streams-per-connection", o.maxStreams, "Most streams that a client may have in one HTTP/2 connection. 0 for 100.")
	fs.BoolVar(&o.sharePort, "permit-port-sharing", o.sharePort, "Listen with SO_REUSEPORT, so that several processes can share address and port.")
	fs.BoolVar(&o.shareAddress, "permit-address-sharing", o.shareAddress, "Listen with SO_REUSEADDR, so that sockets in TIME_WAIT and wildcard addresses are no obstacle.")
}

func (o *servingOptions) validate() []error {
	var errs []error
	if o.port < 0 || o.port > 65535 {
		errs = append(errs, fmt.Errorf("--%ssecure-port %v must be between 0 and 65535, inclusive. 0 for turning off secure port", o.prefix, o.port))
	}
	if (o.certFile == "") != (o.keyFile == "") {
		errs = append(errs, fmt.Errorf("--%stls-cert-file and --%stls-private-key-file need each other", o.prefix, o.prefix))
	}
	if _, err := cliflag.TLSCipherSuites(o.cipherSuites); err != nil {
		errs = append(errs, fmt.Errorf("--%stls-cipher-suites: %w", o.prefix, err))
	}
	if _, err := cliflag.TLSCurvePreferences(o.curves); err != nil {
		errs = append(errs, fmt.Errorf("--%stls-curve-preferences: %w", o.prefix, err))
	}
	if _, err := cliflag.TLSVersion(o.minVersion); err != nil {
		errs = append(errs, fmt.Errorf("--%stls-min-version: %w", o.prefix, err))
	}
	return errs
}

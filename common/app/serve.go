// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/klog/v2"
)

// server is one HTTPS server with certificates that follow their files.
type server struct {
	options  *servingOptions
	listener net.Listener
	http     *http.Server
	certs    *dynamiccertificates.DynamicServingCertificateController
	runners  []dynamiccertificates.ControllerRunner
}

// newServer listens and loads certificates; it serves nothing yet. clientCA may be nil.
func newServer(ctx context.Context, o *servingOptions, clientCA dynamiccertificates.CAContentProvider) (*server, error) {
	serving, err := o.certificate()
	if err != nil {
		return nil, err
	}
	s := &server{options: o}
	base, err := o.tlsConfig(clientCA != nil)
	if err != nil {
		return nil, err
	}
	var sni []dynamiccertificates.SNICertKeyContentProvider
	for _, pair := range o.sni {
		content, err := dynamiccertificates.NewDynamicSNIContentFromFiles("sni-serving-cert", pair.CertFile, pair.KeyFile, pair.Names...)
		if err != nil {
			return nil, fmt.Errorf("--%stls-sni-cert-key: %w", o.prefix, err)
		}
		sni = append(sni, content)
	}
	s.certs = dynamiccertificates.NewDynamicServingCertificateController(base, clientCA, serving, sni, nil)
	s.follow(serving)
	for _, content := range sni {
		s.follow(content)
	}
	if clientCA != nil {
		s.follow(clientCA)
	}
	s.listener, err = o.listen(ctx)
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		TLSConfig:         &tls.Config{GetConfigForClient: s.certs.GetConfigForClient, NextProtos: base.NextProtos, MinVersion: base.MinVersion},
		MaxHeaderBytes:    1 << 20,
		IdleTimeout:       90 * time.Second,
		ReadHeaderTimeout: 32 * time.Second,
		Protocols:         o.protocols(),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: o.streams()},
		ErrorLog:          log.New(handshakeLog{}, "", 0),
	}
	return s, nil
}

// follow makes the server use new content of a certificate or authority as soon as it changes.
func (s *server) follow(content any) {
	if notifier, ok := content.(dynamiccertificates.Notifier); ok {
		notifier.AddListener(s.certs)
	}
	if runner, ok := content.(dynamiccertificates.ControllerRunner); ok {
		s.runners = append(s.runners, runner)
	}
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context, handler http.Handler) error {
	logger := klog.FromContext(ctx)
	for _, r := range s.runners {
		if err := r.RunOnce(ctx); err != nil {
			logger.Info("A certificate could not be loaded yet", "err", err)
		}
		go r.Run(ctx, 1)
	}
	if err := s.certs.RunOnce(); err != nil {
		return fmt.Errorf("serving certificate: %w", err)
	}
	go s.certs.Run(1, ctx.Done())
	s.http.Handler = handler
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if s.http.Shutdown(limit) != nil {
			s.http.Close()
		}
	}()
	logger.Info("Serving securely", "address", s.listener.Addr().String())
	err := s.http.ServeTLS(s.listener, "", "")
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", s.listener.Addr(), err)
	}
	<-stopped
	return nil
}

// certificate returns the certificate from files, from the directory of generated ones, or from memory.
func (o *servingOptions) certificate() (dynamiccertificates.CertKeyContentProvider, error) {
	certFile, keyFile := o.certFile, o.keyFile
	if certFile == "" && o.certDir != "" {
		certFile, keyFile = filepath.Join(o.certDir, o.pairName+".crt"), filepath.Join(o.certDir, o.pairName+".key")
		if err := o.generateInto(certFile, keyFile); err != nil {
			return nil, fmt.Errorf("--%scert-dir: %w", o.prefix, err)
		}
	}
	if certFile != "" {
		content, err := dynamiccertificates.NewDynamicServingContentFromFiles("serving-cert", certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("--%stls-cert-file: %w", o.prefix, err)
		}
		return content, nil
	}
	certPEM, keyPEM, err := o.generate()
	if err != nil {
		return nil, err
	}
	return dynamiccertificates.NewStaticCertKeyContent("generated self-signed certificate", certPEM, keyPEM)
}

// generateInto makes the files of a self-signed certificate unless they are there.
func (o *servingOptions) generateInto(certFile, keyFile string) error {
	if there, err := cert.CanReadCertAndKey(certFile, keyFile); there || err != nil {
		return err
	}
	certPEM, keyPEM, err := o.generate()
	if err != nil {
		return err
	}
	if err := cert.WriteCert(certFile, certPEM); err != nil {
		return err
	}
	return keyutil.WriteKey(keyFile, keyPEM)
}

func (o *servingOptions) generate() (certPEM, keyPEM []byte, err error) {
	ips := []net.IP{net.IPv4(127, 0, 0, 1)}
	if !o.bindAddress.IsUnspecified() {
		ips = append(ips, o.bindAddress)
	}
	certPEM, keyPEM, err = cert.GenerateSelfSignedCertKey("localhost", ips, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("generating a self-signed certificate: %w", err)
	}
	return certPEM, keyPEM, nil
}

func (o *servingOptions) tlsConfig(askForClientCertificate bool) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if o.disableHTTP2 {
		config.NextProtos = []string{"http/1.1"}
	}
	if o.minVersion != "" {
		version, err := cliflag.TLSVersion(o.minVersion)
		if err != nil {
			return nil, err
		}
		config.MinVersion = version
	}
	var err error
	if len(o.cipherSuites) > 0 {
		if config.CipherSuites, err = cliflag.TLSCipherSuites(o.cipherSuites); err != nil {
			return nil, err
		}
	}
	if len(o.curves) > 0 {
		if config.CurvePreferences, err = cliflag.TLSCurvePreferences(o.curves); err != nil {
			return nil, err
		}
	}
	if askForClientCertificate { // the authenticator verifies it; other ways to authenticate stay open
		config.ClientAuth = tls.RequestClientCert
	}
	return config, nil
}

func (o *servingOptions) protocols() *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(true)
	p.SetHTTP2(!o.disableHTTP2)
	return p
}

func (o *servingOptions) streams() int {
	if o.maxStreams > 0 {
		return o.maxStreams
	}
	return 100
}

func (o *servingOptions) listen(ctx context.Context) (net.Listener, error) {
	address := net.JoinHostPort(o.bindAddress.String(), strconv.Itoa(o.port))
	config := net.ListenConfig{Control: socketControl(o.shareAddress, o.sharePort), KeepAlive: 3 * time.Minute}
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--%ssecure-port: %w", o.prefix, err)
	}
	return listener, nil
}

// handshakeLog keeps failed handshakes, which any port scan makes, out of the log below -v=5.
type handshakeLog struct{}

func (handshakeLog) Write(p []byte) (int, error) {
	line := strings.TrimSpace(string(p))
	if strings.Contains(line, "TLS handshake error") {
		klog.V(5).InfoS("Handshake failed", "detail", line)
	} else {
		klog.InfoS("HTTP server", "detail", line)
	}
	return len(p), nil
}

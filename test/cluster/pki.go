// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certLifetime is longer than any test or development session.
const certLifetime = 30 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

// pair is a certificate with its key, both in PEM.
type pair struct{ cert, key []byte }

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading %s back: %w", name, err)
	}
	return &authority{cert: cert, key: key, pem: pemBlock("CERTIFICATE", der)}, nil
}

// client issues a certificate that authenticates the user with the groups.
func (a *authority) client(user string, groups ...string) (pair, error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// server issues a certificate for servers on loopback and the names of the API server.
func (a *authority) server(name string) (pair, error) {
	return a.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)},
	})
}

func (a *authority) issue(template *x509.Certificate) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making the key of %s: %w", template.Subject.CommonName, err)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := sign(template, a.cert, key.Public(), a.key)
	if err != nil {
		return pair{}, fmt.Errorf("signing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	keyPEM, err := privateKeyPEM(key)
	if err != nil {
		return pair{}, err
	}
	return pair{cert: pemBlock("CERTIFICATE", der), key: keyPEM}, nil
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Minute)
	template.NotAfter = time.Now().Add(certLifetime)
	return x509.CreateCertificate(rand.Reader, template, parent, public, signer)
}

func privateKeyPEM(key crypto.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding a private key: %w", err)
	}
	return pemBlock("PRIVATE KEY", der), nil
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// pki is everything that the control plane trusts and proves itself with.
type pki struct {
	dir        string
	ca         *authority // of client and serving certificates
	frontProxy *authority // of aggregating proxies
}

// newPKI makes the authorities and writes the files that the programs are pointed to.
func newPKI(dir string) (*pki, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of certificates: %w", err)
	}
	p := &pki{dir: dir}
	var err error
	if p.ca, err = newAuthority("cluster-ca"); err != nil {
		return nil, err
	}
	if p.frontProxy, err = newAuthority("front-proxy-ca"); err != nil {
		return nil, err
	}
	serving, err := p.ca.server("kube-apiserver")
	if err != nil {
		return nil, err
	}
	kcmServing, err := p.ca.server("kube-controller-manager")
	if err != nil {
		return nil, err
	}
	proxy, err := p.frontProxy.client("front-proxy-client")
	if err != nil {
		return nil, err
	}
	accounts, err := serviceAccountKeys()
	if err != nil {
		return nil, err
	}
	for name, content := range map[string][]byte{
		"ca.crt":                           p.ca.pem,
		"front-proxy-ca.crt":               p.frontProxy.pem,
		"apiserver.crt":                    serving.cert,
		"apiserver.key":                    serving.key,
		"kube-controller-manager.crt":      kcmServing.cert,
		"kube-controller-manager.key":      kcmServing.key,
		"front-proxy-client.crt":           proxy.cert,
		"front-proxy-client.key":           proxy.key,
		"service-account-signing.key":      accounts.key,
		"service-account-verification.pub": accounts.cert,
	} {
		if err := os.WriteFile(p.file(name), content, 0o600); err != nil {
			return nil, fmt.Errorf("writing certificates: %w", err)
		}
	}
	return p, nil
}

func (p *pki) file(name string) string { return filepath.Join(p.dir, name) }

// serviceAccountKeys returns the pair that signs and verifies tokens of service accounts, the
// public key in the place of a certificate.
func serviceAccountKeys() (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making the key of service accounts: %w", err)
	}
	private, err := privateKeyPEM(key)
	if err != nil {
		return pair{}, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return pair{}, fmt.Errorf("encoding the public key of service accounts: %w", err)
	}
	return pair{cert: pemBlock("PUBLIC KEY", public), key: private}, nil
}

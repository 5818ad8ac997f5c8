// Package pki makes the certificates and the kubeconfig files of a cluster. They live as long as the cluster does
// and are good for nothing else.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// lifetime is longer than any cluster of this kind is kept.
const lifetime = 365 * 24 * time.Hour

// Pair is a certificate and its private key, in PEM.
type Pair struct{ Certificate, Key []byte }

// Authority signs the cluster's certificates.
type Authority struct {
	Pair
	certificate *x509.Certificate
	key         crypto.Signer
}

// Subject is who a certificate is for. Kubernetes reads Name as the user and Groups as the user's groups; Hosts and
// Addresses are where a server answers.
type Subject struct {
	Name      string
	Groups    []string
	Hosts     []string
	Addresses []netip.Addr
}

// NewAuthority makes a certificate authority.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(Subject{Name: name})
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = nil
	pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}
	return &Authority{Pair: pair, certificate: template, key: key}, nil
}

// Issue makes a key and a certificate that serves both ends of a TLS connection.
func (a *Authority) Issue(subject Subject) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	return sign(template(subject), a.certificate, key, a.key)
}

func template(subject Subject) *x509.Certificate {
	addresses := make([]net.IP, 0, len(subject.Addresses))
	for _, address := range subject.Addresses {
		addresses = append(addresses, address.AsSlice())
	}
	serial := make([]byte, 16)
	rand.Read(serial) //nolint:errcheck // never fails: see crypto/rand.
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: subject.Name, Organization: subject.Groups},
		NotBefore:    now.Add(-time.Minute),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		DNSNames:     subject.Hosts,
		IPAddresses:  addresses,
	}
}

func sign(template, parent *x509.Certificate, key, parentKey crypto.Signer) (Pair, error) {
	certificate, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

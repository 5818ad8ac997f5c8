package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"testing"
)

func TestIssuedCertificateIsTrustedForItsNamesOnly(t *testing.T) {
	authority, err := NewAuthority("authority")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(Subject{
		Name: "system:node:node-0", Groups: []string{"system:nodes"},
		Hosts: []string{"kubernetes"}, Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	for host, trusted := range map[string]bool{"kubernetes": true, "198.18.0.1": true, "198.18.0.2": false, "other": false} {
		_, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
		if (err == nil) != trusted {
			t.Errorf("%s: trusted = %v, want %v (%v)", host, err == nil, trusted, err)
		}
	}
	if loaded.Leaf.Subject.CommonName != "system:node:node-0" || loaded.Leaf.Subject.Organization[0] != "system:nodes" {
		t.Errorf("subject %v", loaded.Leaf.Subject)
	}
}

func TestAnotherAuthorityIsNotTrusted(t *testing.T) {
	ours, err := NewAuthority("authority")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := NewAuthority("authority")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := theirs.Issue(Subject{Name: "admin", Groups: []string{"system:masters"}})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ours.Certificate)
	if _, err := loaded.Leaf.Verify(x509.VerifyOptions{Roots: roots}); err == nil {
		t.Error("a certificate of another authority with the same name is trusted")
	}
}

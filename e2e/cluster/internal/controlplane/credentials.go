package controlplane

import (
	"net/netip"
	"os"

	"brazier.dev/e2e/cluster/internal/pki"
	"brazier.dev/e2e/cluster/internal/state"
)

// masters is the group that may do everything (Kubernetes: "system:masters").
const masters = "system:masters"

// WriteCredentials makes the cluster's certificates, keys and kubeconfig files.
func (s Settings) WriteCredentials() error {
	if err := os.MkdirAll(s.pki(""), 0o700); err != nil {
		return err
	}
	authority, err := pki.NewAuthority("brazier-cluster")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.pki("ca.crt"), authority.Certificate, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(s.pki("ca.key"), authority.Key, 0o600); err != nil {
		return err
	}
	serviceAccounts, err := pki.ServiceAccountKey()
	if err != nil {
		return err
	}
	if err := s.writePair("service-accounts", serviceAccounts); err != nil {
		return err
	}
	if err := s.writeIssued(authority, "apiserver", s.serverSubject()); err != nil {
		return err
	}
	toKubelets := pki.Subject{Name: "kube-apiserver", Groups: []string{masters}}
	if err := s.writeIssued(authority, "apiserver-to-kubelets", toKubelets); err != nil {
		return err
	}
	return s.writeKubeconfigs(authority)
}

// KubeconfigOf is the kubeconfig file of a part or a node of the cluster.
func KubeconfigOf(cluster state.Cluster, name string) string {
	return cluster.Path("pki", name+".kubeconfig")
}

func (s Settings) writeKubeconfigs(authority *pki.Authority) error {
	subjects := map[string]pki.Subject{
		s.Cluster.Kubeconfig(): {Name: "admin", Groups: []string{masters}},
	}
	part := func(name string, subject pki.Subject) { subjects[KubeconfigOf(s.Cluster, name)] = subject }
	if s.Plan != nil {
		part("kube-controller-manager", pki.Subject{Name: "system:kube-controller-manager"})
		part("kube-scheduler", pki.Subject{Name: "system:kube-scheduler"})
		part("kube-proxy", pki.Subject{Name: "system:kube-proxy"})
		part("provisioner", pki.Subject{Name: "provisioner", Groups: []string{masters}})
	}
	for i := range s.Nodes {
		node := state.NodeName(i)
		part(node, pki.Subject{Name: "system:node:" + node, Groups: []string{"system:nodes"}})
	}
	for path, subject := range subjects {
		pair, err := authority.Issue(subject)
		if err != nil {
			return err
		}
		text, err := pki.Kubeconfig("brazier-"+s.Cluster.Name, s.Server, authority.Pair, pair)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) serverSubject() pki.Subject {
	subject := pki.Subject{
		Name: "kube-apiserver",
		Hosts: []string{
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost",
		},
		Addresses: []netip.Addr{s.Server.Addr()},
	}
	if s.Plan != nil {
		subject.Addresses = append(subject.Addresses, s.Plan.APIService(), s.Plan.LinkInside())
	}
	return subject
}

func (s Settings) writeIssued(authority *pki.Authority, name string, subject pki.Subject) error {
	pair, err := authority.Issue(subject)
	if err != nil {
		return err
	}
	return s.writePair(name, pair)
}

func (s Settings) writePair(name string, pair pki.Pair) error {
	if err := os.WriteFile(s.pki(name+".crt"), pair.Certificate, 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.pki(name+".key"), pair.Key, 0o600)
}

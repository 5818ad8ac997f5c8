package controlplane

import "brazier.dev/e2e/cluster/internal/process"

// A node that is lost should show within seconds in a test; the defaults of Kubernetes are made for networks with
// hiccups. The kubelet reports every few seconds (see package node): after nodeGrace without a word the node is
// NotReady, and after podGrace more its pods are evicted.
const (
	nodeGrace = "16s"
	podGrace  = "5"
)

// ServerPart is the part that is the API server.
const ServerPart = "kube-apiserver"

// Issuer is the issuer of service account tokens.
const Issuer = "https://kubernetes.default.svc.cluster.local"

func (s Settings) etcd() process.Daemon {
	// It wants to announce a host and a port; the only member of an etcd cluster is never called there.
	const nowhere = "http://localhost:2380"
	return s.daemon("etcd",
		"--name=etcd",
		"--data-dir="+s.Cluster.Path("etcd"),
		"--listen-client-urls=unix://"+s.Cluster.EtcdSocket(),
		"--advertise-client-urls="+nowhere,
		"--listen-peer-urls=unix://"+s.Cluster.Path("etcd-peer.sock"),
		"--initial-advertise-peer-urls="+nowhere,
		"--initial-cluster=etcd="+nowhere,
		"--unsafe-no-fsync", // The data is worth nothing after a crash of the machine.
		"--log-level=warn",
	)
}

func (s Settings) apiServer() process.Daemon {
	args := []string{
		"--etcd-servers=unix://" + s.Cluster.EtcdSocket(),
		"--bind-address=" + s.Server.Addr().String(),
		"--advertise-address=" + s.Server.Addr().String(),
		"--secure-port=" + port(s.Server),
		"--service-cluster-ip-range=" + s.services().String(),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged",
		"--client-ca-file=" + s.pki("ca.crt"),
		"--tls-cert-file=" + s.pki("apiserver.crt"),
		"--tls-private-key-file=" + s.pki("apiserver.key"),
		"--service-account-issuer=" + Issuer,
		"--service-account-key-file=" + s.pki("service-accounts.crt"),
		"--service-account-signing-key-file=" + s.pki("service-accounts.key"),
		"--default-not-ready-toleration-seconds=" + podGrace,
		"--default-unreachable-toleration-seconds=" + podGrace,
	}
	if s.Plan == nil {
		// There is no network in which the Service kubernetes.default could lead to this server, and without the
		// controllers none that makes the service account that pods are given.
		args = append(args, "--endpoint-reconciler-type=none")
	} else {
		args = append(args,
			"--kubelet-client-certificate="+s.pki("apiserver-to-kubelets.crt"),
			"--kubelet-client-key="+s.pki("apiserver-to-kubelets.key"),
			"--kubelet-preferred-address-types=InternalIP",
		)
	}
	return s.daemon(ServerPart, args...)
}

func (s Settings) controllerManager() process.Daemon {
	const part = "kube-controller-manager"
	return s.daemon(part,
		"--kubeconfig="+KubeconfigOf(s.Cluster, part),
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file="+s.pki("service-accounts.key"),
		"--root-ca-file="+s.pki("ca.crt"),
		"--cluster-signing-cert-file="+s.pki("ca.crt"),
		"--cluster-signing-key-file="+s.pki("ca.key"),
		"--node-monitor-period=2s",
		"--node-monitor-grace-period="+nodeGrace,
	)
}

func (s Settings) scheduler() process.Daemon {
	const part = "kube-scheduler"
	return s.daemon(part,
		"--kubeconfig="+KubeconfigOf(s.Cluster, part),
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
	)
}

package node

import (
	"encoding/json"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// ControlPlaneProxy is the kube-proxy of the control plane's network, which is no node's: through it the API server
// calls webhooks, and the machine reaches Services. It goes by the name of a node only because it wants to have one.
func ControlPlaneProxy(cluster state.Cluster, plan address.Plan, program string) (process.Daemon, error) {
	path := cluster.Path("kube-proxy.json")
	text, err := json.MarshalIndent(ProxyConfiguration(cluster, plan), "", "  ")
	if err != nil {
		return process.Daemon{}, err
	}
	if err := write(path, string(text)); err != nil {
		return process.Daemon{}, err
	}
	return process.Daemon{
		Mark:    process.Mark{Cluster: cluster.ID(), Owner: process.ControlPlane, Part: "kube-proxy"},
		Program: program,
		Args:    []string{"kube-proxy", "--config=" + path, "--hostname-override=" + state.NodeName(0)},
		Log:     cluster.Path("logs", "kube-proxy.log"),
	}, nil
}

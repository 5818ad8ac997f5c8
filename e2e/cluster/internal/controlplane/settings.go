// Package controlplane runs etcd, the API server and, for a cluster with nodes, the controller manager and the
// scheduler.
package controlplane

import (
	"net/netip"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// Settings is what a control plane is made from.
type Settings struct {
	Cluster state.Cluster
	// Program is the program that is every part of Kubernetes.
	Program string
	// Server is where the API server listens.
	Server netip.AddrPort
	// Plan is the cluster's networks; nil for a control plane alone.
	Plan *address.Plan
	// Nodes is the number of nodes.
	Nodes int
}

// ServerOf is where a cluster's API server listens: in its own network, or on the loopback for one alone.
func ServerOf(cluster state.Cluster, plan *address.Plan) (netip.AddrPort, error) {
	if plan != nil {
		return netip.AddrPortFrom(plan.ControlPlane(), address.APIPort), nil
	}
	free, err := address.FreeLoopback(cluster.ID())
	return netip.AddrPortFrom(free, address.APIPort), err
}

func (s Settings) services() netip.Prefix {
	if s.Plan != nil {
		return s.Plan.Services()
	}
	return address.ForIndex(0).Services() // Nothing listens there; the API server wants to hand out some.
}

func (s Settings) pki(name string) string { return s.Cluster.Path("pki", name) }

func (s Settings) daemon(part string, args ...string) process.Daemon {
	return process.Daemon{
		Mark:    process.Mark{Cluster: s.Cluster.ID(), Owner: process.ControlPlane, Part: part},
		Program: s.Program,
		Args:    append([]string{part}, args...),
		Log:     s.Cluster.Path("logs", part+".log"),
	}
}

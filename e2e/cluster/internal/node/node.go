// Package node runs the nodes of a cluster. A node is like a machine of its own: a network and a tree of mounts that
// last as long as its processes, a container runtime with its own images, a kubelet and a kube-proxy. What a
// machine has on disk is in the node's directory and survives its loss.
package node

import (
	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/cgroup"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// Node is one node of a cluster, running or not.
type Node struct {
	Cluster state.Cluster
	Plan    address.Plan
	Index   int
	// Program is the program that is every part of Kubernetes.
	Program string
}

// Name is the node's name in the cluster.
func (n Node) Name() string { return state.NodeName(n.Index) }

func (n Node) path(parts ...string) string { return n.Cluster.NodePath(n.Name(), parts...) }

// group is the name of the node's control group.
func (n Node) group() string { return n.Cluster.ID() + "-" + n.Name() }

func (n Node) mark(part string) process.Mark {
	return process.Mark{Cluster: n.Cluster.ID(), Owner: n.Name(), Part: part}
}

// processes selects all that run on the node: its daemons and their children by their mark, the containers, which
// carry none, by their control group.
func (n Node) processes() process.Selection {
	return process.Marked(n.mark("")).Or(cgroup.Within(n.group()))
}

// IsUp tells whether the node's kubelet runs.
func (n Node) IsUp() bool { return len(process.Marked(n.mark("kubelet")).List()) > 0 }

func (n Node) daemon(part, program string, args ...string) process.Daemon {
	return process.Daemon{Mark: n.mark(part), Program: program, Args: args, Log: n.path("daemons", part+".log")}
}

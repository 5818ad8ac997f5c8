package lifecycle

import (
	"context"
	"fmt"

	"brazier.dev/e2e/cluster/internal/addon"
	"brazier.dev/e2e/cluster/internal/node"
	"brazier.dev/e2e/cluster/internal/state"
)

// keep starts those nodes of a running cluster that are stopped.
func keep(ctx context.Context, cluster state.Cluster, record state.Record, report Report) error {
	report("cluster %s is up already", cluster.Name)
	for i := range record.Nodes {
		if err := startNode(ctx, cluster, record, i, report); err != nil {
			return err
		}
	}
	return nil
}

// StopNode loses a node as by a loss of power.
func StopNode(cluster state.Cluster, name string, report Report) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	n, _, err := nodeNamed(cluster, name)
	if err != nil {
		return err
	}
	fabric, err := fabricOf(cluster)
	if err != nil {
		return err
	}
	defer fabric.Close()
	if err := n.Stop(fabric); err != nil {
		return err
	}
	report("%s is lost", name)
	return nil
}

// StartNode brings a lost node back and waits until it is ready.
func StartNode(ctx context.Context, cluster state.Cluster, name string, report Report) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	n, record, err := nodeNamed(cluster, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()
	return startNode(ctx, cluster, record, n.Index, report)
}

func startNode(ctx context.Context, cluster state.Cluster, record state.Record, i int, report Report) error {
	program, err := Program("kubernetes")
	if err != nil {
		return err
	}
	n := nodesOf(cluster, record, program)[i]
	if n.IsUp() {
		return nil
	}
	fabric, err := fabricOf(cluster)
	if err != nil {
		return err
	}
	defer fabric.Close()
	if err := n.Start(ctx, fabric, nil); err != nil {
		return err
	}
	kubectl := addon.Kubectl{Program: program, Kubeconfig: cluster.Kubeconfig()}
	if err := waitForNodes(ctx, kubectl, []node.Node{n}); err != nil {
		return err
	}
	report("%s is back", n.Name())
	return nil
}

func nodeNamed(cluster state.Cluster, name string) (node.Node, state.Record, error) {
	record, err := cluster.Read()
	if err != nil {
		return node.Node{}, record, fmt.Errorf("cluster %s is not up: bring it up with `cluster up --name %s`", cluster.Name, cluster.Name)
	}
	nodes := nodesOf(cluster, record, "")
	for _, n := range nodes {
		if n.Name() == name {
			return n, record, nil
		}
	}
	return node.Node{}, record, fmt.Errorf("cluster %s has no node %q: they are node-0 to node-%d", cluster.Name, name, len(nodes)-1)
}

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"brazier.dev/e2e/cluster/internal/addon"
	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/controlplane"
	"brazier.dev/e2e/cluster/internal/image"
	"brazier.dev/e2e/cluster/internal/network"
	"brazier.dev/e2e/cluster/internal/node"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// upWithNodes brings up a cluster with nodes, in a network of its own.
func upWithNodes(ctx context.Context, cluster state.Cluster, shape Shape, report Report) error {
	if err := checkMachine(); err != nil {
		return err
	}
	program, err := Program("kubernetes")
	if err != nil {
		return err
	}
	images, err := ownImages(cluster)
	if err != nil {
		return err
	}
	record, running, err := startControlPlane(cluster, shape, program)
	if err != nil {
		return err
	}
	nodes := nodesOf(cluster, record, program)
	fabric, err := network.Of(running.ServerPID())
	if err != nil {
		return err
	}
	defer fabric.Close()

	// Nodes get ready while the API server does; a kubelet waits for it.
	started := inParallel(nodes, func(n node.Node) error { return n.Start(ctx, fabric, images) })
	if err := running.Wait(ctx); err != nil {
		return err
	}
	report("the API server answers at https://%v", record.Server)
	if err := network.In(fabric, running.StartControllers); err != nil {
		return err
	}
	kubectl := addon.Kubectl{Program: program, Kubeconfig: cluster.Kubeconfig()}
	plan := address.ForIndex(record.Index)
	// It is made a little after the API server says that it is ready.
	if err := kubectl.Run(ctx, "", "wait", "--for=create", "--timeout=60s", "namespace/kube-system"); err != nil {
		return err
	}
	if err := kubectl.Run(ctx, addon.Manifests(plan, shape.Nodes), "apply", "--server-side", "-f", "-"); err != nil {
		return err
	}
	if err := started(); err != nil {
		return err
	}
	if err := waitForNodes(ctx, kubectl, nodes); err != nil {
		return err
	}
	report("%v ready", shape)
	if err := startHelpers(cluster, plan, program, fabric); err != nil {
		return err
	}
	if err := kubectl.Run(ctx, "", "rollout", "status", "--namespace=kube-system", "deployment/coredns"); err != nil {
		return err
	}
	report("names resolve; the kubeconfig is %s", cluster.Kubeconfig())
	record.Ready = true
	return cluster.Write(record)
}

// startControlPlane chooses the cluster's addresses and starts its control plane in a network of its own.
func startControlPlane(cluster state.Cluster, shape Shape, program string) (state.Record, *controlplane.Running, error) {
	var running *controlplane.Running
	release, err := state.LockAddresses()
	if err != nil {
		return state.Record{}, nil, err
	}
	defer release()
	index, err := freeIndex()
	if err != nil {
		return state.Record{}, nil, err
	}
	plan := address.ForIndex(index)
	server, err := controlplane.ServerOf(cluster, &plan)
	if err != nil {
		return state.Record{}, nil, err
	}
	record := state.Record{Nodes: shape.Nodes, Index: index, Server: server}
	if err := cluster.Write(record); err != nil {
		return record, nil, err
	}
	settings := controlplane.Settings{Cluster: cluster, Program: program, Server: server, Plan: &plan, Nodes: shape.Nodes}
	if err := settings.WriteCredentials(); err != nil {
		return record, nil, err
	}
	machine, err := network.Own()
	if err != nil {
		return record, nil, err
	}
	defer machine.Close()
	err = network.InNew(false, func(here network.Namespace) error {
		if err := network.Fabric(here, machine, cluster.ID(), index); err != nil {
			return err
		}
		running, err = settings.Start()
		return err
	})
	return record, running, err
}

func freeIndex() (int, error) {
	for index := range address.Count {
		if !network.LinkExists(index) {
			return index, nil
		}
	}
	return 0, fmt.Errorf("%d clusters with nodes are up, there is no room for more: take one down", address.Count)
}

// fabricOf is the control plane's network: the one that its API server is in.
func fabricOf(cluster state.Cluster) (network.Namespace, error) {
	mark := process.Mark{Cluster: cluster.ID(), Owner: process.ControlPlane, Part: controlplane.ServerPart}
	servers := process.Marked(mark).List()
	if len(servers) == 0 {
		return network.Namespace{}, fmt.Errorf("the API server of cluster %s does not run", cluster.Name)
	}
	return network.Of(servers[0])
}

// startHelpers starts what runs beside the control plane: the proxy by which the API server and the machine reach
// Services, and the maker of volumes.
func startHelpers(cluster state.Cluster, plan address.Plan, program string, fabric network.Namespace) error {
	provisioner, err := Program("provisioner")
	if err != nil {
		return err
	}
	proxy, err := node.ControlPlaneProxy(cluster, plan, program)
	if err != nil {
		return err
	}
	volumes := process.Daemon{
		Mark:    process.Mark{Cluster: cluster.ID(), Owner: process.ControlPlane, Part: "provisioner"},
		Program: provisioner,
		Args: []string{
			"--kubeconfig=" + controlplane.KubeconfigOf(cluster, "provisioner"),
			"--directory=" + cluster.Path("volumes"),
		},
		Log: cluster.Path("logs", "provisioner.log"),
	}
	return network.In(fabric, func() error {
		for _, daemon := range []process.Daemon{proxy, volumes} {
			if _, err := daemon.Start(); err != nil {
				return err
			}
		}
		return nil
	})
}

// ownImages writes the archives of the images that every node needs.
func ownImages(cluster state.Cluster) ([]string, error) {
	var archives []string
	for name, reference := range map[string]string{"pause": image.Pause, "coredns": image.CoreDNS} {
		program, err := Program(name)
		if err != nil {
			return nil, err
		}
		archive := cluster.Path("images", name+".tar")
		if err := image.WriteStatic(archive, reference, program); err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

func nodesOf(cluster state.Cluster, record state.Record, program string) []node.Node {
	nodes := make([]node.Node, record.Nodes)
	for i := range nodes {
		nodes[i] = node.Node{Cluster: cluster, Plan: address.ForIndex(record.Index), Index: i, Program: program}
	}
	return nodes
}

func waitForNodes(ctx context.Context, kubectl addon.Kubectl, nodes []node.Node) error {
	names := []string{}
	for _, n := range nodes {
		names = append(names, "node/"+n.Name())
	}
	for _, condition := range []string{"create", "condition=Ready"} {
		args := append([]string{"wait", "--for=" + condition, "--timeout=120s"}, names...)
		if err := kubectl.Run(ctx, "", args...); err != nil {
			return err
		}
	}
	return nil
}

// inParallel works on all nodes at once; what it returns waits for the end.
func inParallel(nodes []node.Node, work func(node.Node) error) (wait func() error) {
	var group sync.WaitGroup
	failures := make([]error, len(nodes))
	for i, n := range nodes {
		group.Go(func() { failures[i] = work(n) })
	}
	return func() error {
		group.Wait()
		return errors.Join(failures...)
	}
}

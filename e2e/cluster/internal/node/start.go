package node

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"brazier.dev/e2e/cluster/internal/cgroup"
	"brazier.dev/e2e/cluster/internal/controlplane"
	"brazier.dev/e2e/cluster/internal/network"
	"brazier.dev/e2e/cluster/internal/process"
)

// Start starts the node, with the images given loaded into it, and returns once its kubelet is started. The
// fabric is the control plane's network.
func (n Node) Start(ctx context.Context, fabric network.Namespace, images []string) error {
	if err := n.Stop(fabric); err != nil {
		return err
	}
	if err := cgroup.Make(n.group()); err != nil {
		return err
	}
	err := network.InNew(true, func(here network.Namespace) error {
		if err := n.mount(); err != nil {
			return err
		}
		if err := network.Node(here, fabric, n.Plan, n.Name(), n.Index); err != nil {
			return err
		}
		if err := n.writeConfiguration(); err != nil {
			return err
		}
		return n.startDaemons(ctx, images)
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name(), err)
	}
	return nil
}

func (n Node) startDaemons(ctx context.Context, images []string) error {
	runtime, err := n.daemon("containerd", "containerd", "--config", n.path("containerd.toml")).Start()
	if err != nil {
		return err
	}
	proxy := n.daemon("kube-proxy", n.Program, "kube-proxy",
		"--config="+n.path("kube-proxy.json"), "--hostname-override="+n.Name())
	if _, err := proxy.Start(); err != nil {
		return err
	}
	if err := n.waitForRuntime(ctx, runtime); err != nil {
		return err
	}
	for _, path := range images {
		if err := n.Load(ctx, path); err != nil {
			return err
		}
	}
	kubelet := n.daemon("kubelet", n.Program, "kubelet",
		"--config="+n.path("kubelet.json"),
		"--kubeconfig="+controlplane.KubeconfigOf(n.Cluster, n.Name()),
		"--hostname-override="+n.Name(),
		"--node-ip="+n.Plan.Node(n.Index).String(),
		"--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone="+n.zone(),
	)
	_, err = kubelet.Start()
	return err
}

// zone gives every node a zone of its own, so that what is spread over zones is spread over nodes.
func (n Node) zone() string { return fmt.Sprintf("zone-%d", n.Index) }

func (n Node) waitForRuntime(ctx context.Context, runtime *process.Started) error {
	for {
		output, err := exec.CommandContext(ctx, "ctr", "--address", n.socket(), "version").CombinedOutput()
		if err == nil {
			return nil
		}
		if failure := runtime.Failed(); failure != nil {
			return failure
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("containerd is not ready: %s; see %s", output, runtime.LogFile())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

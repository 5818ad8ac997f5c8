package lifecycle

import (
	"fmt"
	"os"
	"time"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/cgroup"
	"brazier.dev/e2e/cluster/internal/network"
	"brazier.dev/e2e/cluster/internal/node"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// networkTimeout is how long the kernel may take to remove a network whose processes have ended.
const networkTimeout = 10 * time.Second

// Down takes the cluster down and removes all that it kept. One that is not there is fine.
func Down(cluster state.Cluster) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	return remove(cluster)
}

func remove(cluster state.Cluster) error {
	// A cluster that was cut off early has no record, and then no network either.
	record, _ := cluster.Read()
	id := cluster.ID()
	nodes := id + "-*"
	all := process.Marked(process.Mark{Cluster: id}).Or(cgroup.Within(nodes))
	if err := process.End(all); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if err := cgroup.Remove(nodes); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if record.Nodes > 0 {
		if err := leaveMachine(record.Index); err != nil {
			return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
		}
	}
	return os.RemoveAll(cluster.Dir)
}

// leaveMachine waits until the kernel has removed the cluster's network, and then removes the machine's directories
// that nodes mount theirs upon, if no other cluster has nodes.
func leaveMachine(index int) error {
	deadline := time.Now().Add(networkTimeout)
	for network.LinkExists(index) {
		if time.Now().After(deadline) {
			return fmt.Errorf("its network is still there: see `ip link show %s`", network.LinkName(index))
		}
		time.Sleep(20 * time.Millisecond)
	}
	release, err := state.LockAddresses()
	if err != nil {
		return err
	}
	defer release()
	for other := range address.Count {
		if network.LinkExists(other) {
			return nil
		}
	}
	for _, point := range node.MountPoints {
		_ = os.Remove(point) // Only an empty directory goes; one that others use stays.
	}
	return nil
}

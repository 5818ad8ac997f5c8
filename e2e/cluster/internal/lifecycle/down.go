package lifecycle

import (
	"fmt"
	"os"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/cgroup"
	"brazier.dev/e2e/cluster/internal/network"
	"brazier.dev/e2e/cluster/internal/node"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// Down takes the cluster down and removes all that it kept. One that is not there is fine.
func Down(cluster state.Cluster) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	return remove(cluster)
}

// remove finds what belongs to the cluster by its ID alone, as its directory may be incomplete or gone.
func remove(cluster state.Cluster) error {
	id := cluster.ID()
	nodes := id + "-*"
	all := process.Marked(process.Mark{Cluster: id}).Or(cgroup.Within(nodes))
	if err := process.End(all); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if os.Geteuid() != 0 {
		return os.RemoveAll(cluster.Dir) // Only root's clusters have nodes.
	}
	if err := network.RemoveLink(id); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if err := cgroup.Remove(nodes); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if err := os.RemoveAll(cluster.Dir); err != nil {
		return err
	}
	return removeMountPoints()
}

// removeMountPoints removes the machine's directories that nodes mount theirs upon, if no cluster has nodes.
func removeMountPoints() error {
	release, err := state.LockAddresses()
	if err != nil {
		return err
	}
	defer release()
	for index := range address.Count {
		if network.LinkExists(index) {
			return nil
		}
	}
	for _, point := range node.MountPoints {
		_ = os.Remove(point) // Only an empty directory goes; one that others use stays.
	}
	return nil
}

package node

import (
	"brazier.dev/e2e/cluster/internal/cgroup"
	"brazier.dev/e2e/cluster/internal/network"
	"brazier.dev/e2e/cluster/internal/process"
)

// Stop ends the node as a loss of power would. Its cable is pulled first, so that those who talk to its pods hear
// nothing more from it, not even that connections ended; then all of its processes are killed, and with them its
// network and its mounts are gone. The directory with its images and volumes stays.
func (n Node) Stop(fabric network.Namespace) error {
	if err := network.Unplug(fabric, n.Name()); err != nil {
		return err
	}
	if err := process.End(n.processes()); err != nil {
		return err
	}
	return cgroup.Remove(n.group())
}

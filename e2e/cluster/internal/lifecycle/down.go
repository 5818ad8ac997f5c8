package lifecycle

import (
	"fmt"
	"os"

	"brazier.dev/e2e/cluster/internal/cgroup"
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

func remove(cluster state.Cluster) error {
	id := cluster.ID()
	if err := process.End(process.Marked(process.Mark{Cluster: id})); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	if err := cgroup.Remove(id); err != nil {
		return fmt.Errorf("take cluster %s down: %w", cluster.Name, err)
	}
	return os.RemoveAll(cluster.Dir)
}

package lifecycle

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"brazier.dev/e2e/cluster/internal/node"
	"brazier.dev/e2e/cluster/internal/state"
)

// Load puts the images of the archives into every node that is up.
func Load(ctx context.Context, cluster state.Cluster, archives []string, report Report) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	record, err := cluster.Read()
	if err != nil || record.Nodes == 0 {
		return fmt.Errorf("cluster %s has no nodes to load images into", cluster.Name)
	}
	paths := make([]string, len(archives))
	for i, archive := range archives {
		if paths[i], err = filepath.Abs(archive); err != nil {
			return err
		}
		if _, err := os.Stat(paths[i]); err != nil {
			return fmt.Errorf("no image archive: %w", err)
		}
	}
	wait := inParallel(nodesOf(cluster, record, ""), func(n node.Node) error {
		if !n.IsUp() {
			return fmt.Errorf("%s is lost: bring it back with `cluster node-start --name %s --node %s`", n.Name(), cluster.Name, n.Name())
		}
		for _, path := range paths {
			if err := n.Load(ctx, path); err != nil {
				return err
			}
		}
		return nil
	})
	if err := wait(); err != nil {
		return err
	}
	report("loaded %s into %v", strings.Join(archives, ", "), Shape{Nodes: record.Nodes})
	return nil
}

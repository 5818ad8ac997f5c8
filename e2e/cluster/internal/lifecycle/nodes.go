package lifecycle

import (
	"context"
	"errors"

	"brazier.dev/e2e/cluster/internal/state"
)

func keep(ctx context.Context, cluster state.Cluster, record state.Record, report Report) error {
	report("cluster %s is up already", cluster.Name)
	return nil
}

func upWithNodes(ctx context.Context, cluster state.Cluster, shape Shape, report Report) error {
	return errors.New("nodes are not there yet")
}

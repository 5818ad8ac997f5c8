package lifecycle

import (
	"context"
	"fmt"
	"strings"

	"brazier.dev/e2e/cluster/internal/state"
)

// Describe says in a line what a cluster is and what of it runs.
func Describe(ctx context.Context, cluster state.Cluster) string {
	record, err := cluster.Read()
	if err != nil {
		return fmt.Sprintf("%s: not up; `cluster down --name %s` removes what is left of it", cluster.Name, cluster.Name)
	}
	condition := "up"
	if !record.Ready || !answers(ctx, cluster, record) {
		condition = "broken: `cluster up` makes it anew"
	}
	var nodes []string
	for _, n := range nodesOf(cluster, record, "") {
		if n.IsUp() {
			nodes = append(nodes, n.Name())
		} else {
			nodes = append(nodes, n.Name()+" (lost)")
		}
	}
	if len(nodes) == 0 {
		nodes = []string{"no nodes"}
	}
	return fmt.Sprintf("%s: %s; %s; https://%v; KUBECONFIG=%s",
		cluster.Name, condition, strings.Join(nodes, ", "), record.Server, cluster.Kubeconfig())
}

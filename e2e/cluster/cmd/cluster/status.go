package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/lifecycle"
	"brazier.dev/e2e/cluster/internal/state"
)

func statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "List the clusters and what of them runs",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			clusters, err := state.All()
			if err != nil {
				return err
			}
			for _, cluster := range clusters {
				fmt.Println(lifecycle.Describe(command.Context(), cluster))
			}
			return nil
		},
	}
}

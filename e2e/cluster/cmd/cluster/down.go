package main

import (
	"errors"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/lifecycle"
	"brazier.dev/e2e/cluster/internal/state"
)

func downCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "down",
		Short: "Take a cluster down and remove all that it kept, volumes too",
		Args:  cobra.NoArgs,
	}
	name := nameFlag(command)
	all := command.Flags().Bool("all", false, "take all clusters down that this user started")
	command.MarkFlagsMutuallyExclusive("name", "all")
	command.RunE = func(*cobra.Command, []string) error {
		if !*all {
			cluster, err := state.Named(*name)
			if err != nil {
				return err
			}
			return lifecycle.Down(cluster)
		}
		clusters, err := state.All()
		if err != nil {
			return err
		}
		var failures []error
		for _, cluster := range clusters {
			failures = append(failures, lifecycle.Down(cluster))
		}
		return errors.Join(failures...)
	}
	return command
}

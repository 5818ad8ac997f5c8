package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/lifecycle"
	"brazier.dev/e2e/cluster/internal/state"
)

func upCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "up",
		Short: "Bring a cluster up; one that is up stays as it is",
		Args:  cobra.NoArgs,
	}
	name := nameFlag(command)
	nodes := command.Flags().Int("nodes", 1, fmt.Sprintf("how many nodes it has, 1 to %d", address.MaxNodes))
	alone := command.Flags().Bool("control-plane-only", false, "only etcd and an API server on the loopback; needs no root")
	command.MarkFlagsMutuallyExclusive("nodes", "control-plane-only")
	command.RunE = func(command *cobra.Command, _ []string) error {
		shape := lifecycle.Shape{Nodes: *nodes}
		if *alone {
			shape.Nodes = 0
		} else if *nodes < 1 || *nodes > address.MaxNodes {
			return fmt.Errorf("--nodes %d: give a number from 1 to %d", *nodes, address.MaxNodes)
		}
		cluster, err := state.Named(*name)
		if err != nil {
			return err
		}
		return lifecycle.Up(command.Context(), cluster, shape, report(time.Now()))
	}
	return command
}

package main

import (
	"time"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/lifecycle"
	"brazier.dev/e2e/cluster/internal/state"
)

func nodeStopCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "node-stop",
		Short: "Lose a node as by a loss of power; its volumes stay",
		Args:  cobra.NoArgs,
	}
	name, node := nameFlag(command), nodeFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		cluster, err := state.Named(*name)
		if err != nil {
			return err
		}
		return lifecycle.StopNode(cluster, *node, report(time.Now()))
	}
	return command
}

func nodeStartCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "node-start",
		Short: "Bring a lost node back and wait until it is ready",
		Args:  cobra.NoArgs,
	}
	name, node := nameFlag(command), nodeFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		cluster, err := state.Named(*name)
		if err != nil {
			return err
		}
		return lifecycle.StartNode(command.Context(), cluster, *node, report(time.Now()))
	}
	return command
}

func nodeFlag(command *cobra.Command) *string {
	node := command.Flags().String("node", "", "the node's name, such as node-0")
	// It fails only for a flag that does not exist.
	_ = command.MarkFlagRequired("node")
	return node
}

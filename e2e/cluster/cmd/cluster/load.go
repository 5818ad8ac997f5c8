package main

import (
	"time"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/lifecycle"
	"brazier.dev/e2e/cluster/internal/state"
)

func loadCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "load ARCHIVE…",
		Short: "Load image archives into every node; what is there already is not loaded again",
		Args:  cobra.MinimumNArgs(1),
	}
	name := nameFlag(command)
	command.RunE = func(command *cobra.Command, archives []string) error {
		cluster, err := state.Named(*name)
		if err != nil {
			return err
		}
		return lifecycle.Load(command.Context(), cluster, archives, report(time.Now()))
	}
	return command
}

// Command cluster brings real Kubernetes clusters up and down on one machine, out of programs that are built from
// this module. See docs/cluster.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/state"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "Real Kubernetes clusters on one machine, for tests and for trying out",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(upCommand(), downCommand(), statusCommand(), kubeconfigCommand(), loadCommand(),
		nodeStopCommand(), nodeStartCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// nameFlag adds the flag that says which cluster is meant; BRAZIER_CLUSTER names another one than usual.
func nameFlag(command *cobra.Command) *string {
	name := state.DefaultName
	if other := os.Getenv("BRAZIER_CLUSTER"); other != "" {
		name = other
	}
	return command.Flags().String("name", name, "the cluster's name")
}

// report prints what was done, and when since start, where it does not disturb what a command answers.
func report(start time.Time) func(string, ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1f s  %s\n", time.Since(start).Seconds(), fmt.Sprintf(format, args...))
	}
}

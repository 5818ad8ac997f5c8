package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"brazier.dev/e2e/cluster/internal/state"
)

func kubeconfigCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of the administrator's kubeconfig file",
		Args:  cobra.NoArgs,
	}
	name := nameFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		cluster, err := state.Named(*name)
		if err != nil {
			return err
		}
		record, err := cluster.Read()
		if err != nil || !record.Ready {
			return fmt.Errorf("cluster %s is not up: bring it up with `cluster up --name %s`", cluster.Name, cluster.Name)
		}
		fmt.Println(cluster.Kubeconfig())
		return nil
	}
	return command
}

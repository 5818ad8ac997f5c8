// Command provisioner makes the directories that serve as the cluster's volumes. It runs beside the control plane,
// as the directories of all nodes are on one machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"

	"brazier.dev/e2e/cluster/internal/provisioner"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server")
	directory := flag.String("directory", "", "where to make the volumes")
	flag.Parse()
	if err := run(*kubeconfig, *directory); err != nil {
		fmt.Fprintln(os.Stderr, "provisioner:", err)
		os.Exit(1)
	}
}

func run(kubeconfig, directory string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if directory == "" {
		return fmt.Errorf("--directory is missing")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	controller.NewProvisionController(ctx, client, provisioner.Name, provisioner.Directories{Root: directory},
		controller.LeaderElection(false)).Run(ctx)
	return nil
}

// Package lifecycle brings clusters up and down. Both work from whatever state an earlier run left.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"brazier.dev/e2e/cluster/internal/controlplane"
	"brazier.dev/e2e/cluster/internal/process"
	"brazier.dev/e2e/cluster/internal/state"
)

// upTimeout is how long a control plane may take on a machine that is busy with other things.
const upTimeout = 3 * time.Minute

// Shape is what kind of cluster is wanted.
type Shape struct {
	// Nodes is the number of nodes; 0 is a control plane alone.
	Nodes int
}

func (s Shape) String() string {
	switch s.Nodes {
	case 0:
		return "a control plane alone"
	case 1:
		return "1 node"
	default:
		return fmt.Sprintf("%d nodes", s.Nodes)
	}
}

// Report is called with each thing done.
type Report func(format string, args ...any)

// Up brings the cluster up. One that is up stays as it is, one that is half up is made anew.
func Up(ctx context.Context, cluster state.Cluster, shape Shape, report Report) error {
	release, err := cluster.Lock()
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, upTimeout)
	defer cancel()

	record, err := cluster.Read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err == nil && record.Ready && answers(ctx, cluster, record):
		if record.Nodes != shape.Nodes {
			return fmt.Errorf("cluster %s is up with %v: take it down first, or choose another --name",
				cluster.Name, Shape{Nodes: record.Nodes})
		}
		return keep(ctx, cluster, record, report)
	default:
		report("clean up what an earlier cluster %s left", cluster.Name)
	}
	if err := remove(cluster); err != nil {
		return err
	}
	if shape.Nodes == 0 {
		return upAlone(ctx, cluster, report)
	}
	return upWithNodes(ctx, cluster, shape, report)
}

// upAlone brings up a control plane that has no nodes, on the loopback.
func upAlone(ctx context.Context, cluster state.Cluster, report Report) error {
	program, err := Program("kubernetes")
	if err != nil {
		return err
	}
	server, err := controlplane.ServerOf(cluster, nil)
	if err != nil {
		return err
	}
	record := state.Record{Server: server}
	settings := controlplane.Settings{Cluster: cluster, Program: program, Server: server}
	if err := cluster.Write(record); err != nil {
		return err
	}
	if err := settings.WriteCredentials(); err != nil {
		return err
	}
	running, err := settings.Start()
	if err != nil {
		return err
	}
	if err := running.Wait(ctx); err != nil {
		return err
	}
	report("the API server answers at https://%v", server)
	record.Ready = true
	return cluster.Write(record)
}

// answers tells whether the cluster's control plane is alive.
func answers(ctx context.Context, cluster state.Cluster, record state.Record) bool {
	alive := process.Marked(process.Mark{Cluster: cluster.ID(), Owner: process.ControlPlane, Part: controlplane.ServerPart})
	if len(alive.List()) == 0 {
		return false
	}
	return controlplane.Settings{Cluster: cluster, Server: record.Server}.Ready(ctx) == nil
}

// Program is the path of a program of this module, which lies beside this one.
func Program(name string) (string, error) {
	own, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(own), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing: build it with `make cluster-programs`", path)
	}
	return path, nil
}

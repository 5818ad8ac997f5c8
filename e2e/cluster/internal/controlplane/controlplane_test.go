package controlplane

import (
	"os"
	"strings"
	"testing"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/state"
)

func settings(t *testing.T, plan *address.Plan) Settings {
	t.Helper()
	t.Setenv("BRAZIER_STATE", t.TempDir())
	cluster, err := state.Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	server, err := ServerOf(cluster, plan)
	if err != nil {
		t.Fatal(err)
	}
	return Settings{Cluster: cluster, Program: "/bin/false", Server: server, Plan: plan, Nodes: 2}
}

func TestControlPlaneAloneListensOnTheLoopbackOnly(t *testing.T) {
	alone := settings(t, nil)
	if !alone.Server.Addr().IsLoopback() {
		t.Errorf("it listens at %v", alone.Server)
	}
	for _, argument := range alone.etcd().Args {
		if strings.HasPrefix(argument, "--listen-") && !strings.Contains(argument, "=unix://") {
			t.Errorf("etcd takes a port: %s", argument)
		}
	}
}

func TestSecretsAreReadableByTheirOwnerOnly(t *testing.T) {
	plan := address.ForIndex(0)
	full := settings(t, &plan)
	if err := full.WriteCredentials(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(full.pki(""))
	if err != nil {
		t.Fatal(err)
	}
	// Two nodes, four parts, and pairs for the authority, the API server twice and service accounts.
	if len(files) != 2+4+8 {
		t.Errorf("%d files", len(files))
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file.Name(), info.Mode(), err)
		}
	}
}

package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDaemonAndItsChildrenAreFoundByMarkAndEnded(t *testing.T) {
	mark := Mark{Cluster: "brazier-test-" + filepath.Base(t.TempDir()), Owner: "node-0", Part: "shell"}
	neighbour := Mark{Cluster: mark.Cluster, Owner: "node-1", Part: "shell"}
	log := filepath.Join(t.TempDir(), "log")
	// A child that leaves its parent's session is still of the same owner, as a container's shim is.
	script := "setsid sleep 600 & setsid sleep 600 & wait"
	for _, m := range []Mark{mark, neighbour} {
		if _, err := (Daemon{Mark: m, Program: "/bin/sh", Args: []string{"-c", script}, Log: log}).Start(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := End(Marked(Mark{Cluster: mark.Cluster})); err != nil {
			t.Error(err)
		}
	})
	ours := Marked(Mark{Cluster: mark.Cluster, Owner: "node-0"})
	waitFor(t, func() bool { return len(ours.List()) == 3 })
	if err := End(ours); err != nil {
		t.Fatal(err)
	}
	if left := ours.List(); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
	if others := Marked(neighbour).List(); len(others) == 0 {
		t.Error("the other owner's processes were ended too")
	}
}

func TestDaemonThatExitsSaysWhatItPrinted(t *testing.T) {
	daemon := Daemon{
		Mark: Mark{Cluster: "c", Owner: ControlPlane, Part: "etcd"}, Program: "/bin/sh",
		Args: []string{"-c", "echo no room >&2; exit 3"}, Log: filepath.Join(t.TempDir(), "log"),
	}
	started, err := daemon.Start()
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	waitFor(t, func() bool { failure = started.Failed(); return failure != nil })
	for _, part := range []string{"etcd", "exit status 3", "no room"} {
		if !strings.Contains(failure.Error(), part) {
			t.Errorf("%q is missing in: %v", part, failure)
		}
	}
}

func TestDaemonInheritsNoVariables(t *testing.T) {
	t.Setenv("KUBECONFIG", "/somebody/elses")
	log := filepath.Join(t.TempDir(), "log")
	daemon := Daemon{Mark: Mark{Cluster: "c", Owner: "o", Part: "p"}, Program: "/usr/bin/env", Log: log}
	started, err := daemon.Start()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return started.Failed() != nil })
	printed, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(printed), "KUBECONFIG") || !strings.Contains(string(printed), variable+"=c/o/p") {
		t.Errorf("environment:\n%s", printed)
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for range 6000 {
		if condition() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not happen within a minute")
}

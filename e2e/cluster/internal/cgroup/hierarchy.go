// Package cgroup makes the control group under which a node's pods run, finds their processes by it and removes
// it. Every node has its own, because a kubelet ends the pods that it does not know.
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hierarchies are the folders under which groups are made: one for each controller with control groups v1, a
// single one with v2. Where v1 controllers are mounted, a v2 hierarchy beside them has none; runc makes groups there
// nevertheless.
type hierarchies struct {
	folders []string
	beside  []string
	unified bool
}

func find() (hierarchies, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return hierarchies{}, err
	}
	return parse(string(mounts))
}

// parse reads the text of /proc/self/mounts.
func parse(mounts string) (hierarchies, error) {
	var v1, v2 []string
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		switch fields[2] {
		case "cgroup":
			v1 = append(v1, fields[1])
		case "cgroup2":
			v2 = append(v2, fields[1])
		}
	}
	switch {
	case len(v1) > 0:
		return hierarchies{folders: v1, beside: v2}, nil
	case len(v2) > 0:
		return hierarchies{folders: v2[:1], unified: true}, nil
	default:
		return hierarchies{}, errors.New("no control groups are mounted: mount cgroup2 at /sys/fs/cgroup")
	}
}

// Make makes the group of that name in every hierarchy, ready to hold the groups of pods.
func Make(name string) error {
	found, err := find()
	if err != nil {
		return err
	}
	for _, folder := range found.folders {
		group := filepath.Join(folder, name)
		if found.unified {
			err = makeUnified(folder, group)
		} else {
			err = makeSeparate(folder, group)
		}
		if err != nil {
			return fmt.Errorf("control group %s: %w", group, err)
		}
	}
	return nil
}

func makeSeparate(folder, group string) error {
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	// A new cpuset is empty and takes no process until it is filled (cpuset(7)).
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(folder, file))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(group, file), value, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func makeUnified(folder, group string) error {
	controllers, err := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	for _, parent := range []string{folder, group} {
		for controller := range strings.FieldsSeq(string(controllers)) {
			// One by one: the kernel may refuse one of them, of which the kubelet says so if it needs it.
			_ = os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		}
	}
	return nil
}

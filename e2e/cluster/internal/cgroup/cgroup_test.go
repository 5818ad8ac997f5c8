package cgroup

import (
	"slices"
	"testing"
)

func TestHierarchiesOfBothVersions(t *testing.T) {
	const separate = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`
	found, err := parse(separate)
	if err != nil || found.unified || !slices.Equal(found.folders, []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory"}) ||
		!slices.Equal(found.beside, []string{"/sys/fs/cgroup/unified"}) {
		t.Errorf("v1: %+v, %v", found, err)
	}
	found, err = parse("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
	if err != nil || !found.unified || !slices.Equal(found.folders, []string{"/sys/fs/cgroup"}) {
		t.Errorf("v2: %+v, %v", found, err)
	}
	if _, err := parse("proc /proc proc rw 0 0\n"); err == nil {
		t.Error("a machine without control groups is not refused")
	}
}

func TestMembersAreToldByWholeNamesOrPatterns(t *testing.T) {
	const pod = "4:memory:/brazier-a-node-1/kubepods/pod1/c1\n0::/\n"
	for name, member := range map[string]bool{"brazier-a-node-1": true, "brazier-a-node": false, "brazier-a-node-10": false, "brazier-a-*": true, "brazier-b-*": false} {
		if listed(pod, name) != member {
			t.Errorf("%s: want member = %v", name, member)
		}
	}
	if !listed("0::/machine/brazier-a-node-1/kubepods\n", "brazier-a-node-1") {
		t.Error("a group below another is not recognised")
	}
}

// Package process starts the parts of a cluster as daemons and finds them again. Every daemon carries a mark in its
// environment, which its children inherit; so what belongs to a cluster is found by looking, even after the
// program that started it was killed, and no file with process numbers can be out of date.
package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// variable is the name of the environment variable that holds the mark.
const variable = "BRAZIER_CLUSTER_PROCESS"

// Mark says what a process belongs to.
type Mark struct {
	// Cluster is the cluster's ID.
	Cluster string
	// Owner is a node's name or ControlPlane.
	Owner string
	// Part is the daemon, such as "kubelet".
	Part string
}

// ControlPlane is the owner of what does not belong to a node.
const ControlPlane = "control-plane"

func (m Mark) String() string { return m.Cluster + "/" + m.Owner + "/" + m.Part }

// Marked selects the processes whose mark has the values that like gives; an empty value is any.
func Marked(like Mark) Selection {
	return func(pid int) bool {
		mark, ok := readMark(pid)
		return ok && like.covers(mark)
	}
}

func (m Mark) covers(other Mark) bool {
	return (m.Cluster == "" || m.Cluster == other.Cluster) &&
		(m.Owner == "" || m.Owner == other.Owner) &&
		(m.Part == "" || m.Part == other.Part)
}

// readMark reads a process's mark; it has none if the process is gone, another user's, or not ours.
func readMark(pid int) (Mark, bool) {
	environment, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return Mark{}, false
	}
	for entry := range bytes.SplitSeq(environment, []byte{0}) {
		value, ours := strings.CutPrefix(string(entry), variable+"=")
		if !ours {
			continue
		}
		parts := strings.SplitN(value, "/", 3)
		if len(parts) == 3 {
			return Mark{Cluster: parts[0], Owner: parts[1], Part: parts[2]}, true
		}
	}
	return Mark{}, false
}

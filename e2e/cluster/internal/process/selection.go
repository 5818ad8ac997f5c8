package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// Selection tells whether a process is one of those that are meant.
type Selection func(pid int) bool

// Or selects what either selects.
func (s Selection) Or(other Selection) Selection {
	return func(pid int) bool { return s(pid) || other(pid) }
}

// List is the running processes that are selected.
func (s Selection) List() []int {
	names, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err == nil && pid != os.Getpid() && s(pid) && !ended(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ended tells whether only the exit code of a process is left (proc_pid_stat(5): state Z or X), or nothing.
func ended(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	// The state is the field after the program's name, which is in parentheses and may hold any character.
	_, rest, found := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return !found || len(rest) == 0 || rest[0] == 'Z' || rest[0] == 'X'
}

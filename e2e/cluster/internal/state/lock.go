package state

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Lock waits until no other command works on the cluster and keeps others off until release is called, or
// until this process ends in whatever way.
func (c Cluster) Lock() (release func(), err error) {
	return lock(filepath.Join(filepath.Dir(c.Dir), ".locks", c.Name))
}

// LockAddresses keeps other commands from choosing addresses at the same time.
func LockAddresses() (release func(), err error) {
	// One file for all users' directories, because the addresses are the machine's.
	return lock(filepath.Join(os.TempDir(), "brazier-cluster-addresses.lock"))
}

func lock(path string) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}

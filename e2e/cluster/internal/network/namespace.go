// Package network gives a cluster a network that is apart from the machine's: a network namespace for the control
// plane, one for each node, cables between them and one to the machine, and no way out. A namespace has no name
// and no file: it lasts as long as the processes in it, so that none can be left over.
package network

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Namespace is an open network namespace.
type Namespace struct{ file *os.File }

// Close lets go of the namespace.
func (n Namespace) Close() error { return n.file.Close() }

func (n Namespace) descriptor() int { return int(n.file.Fd()) }

// Own is the namespace of this program: the machine's.
func Own() (Namespace, error) { return open("/proc/self/ns/net") }

// Of is the namespace that a process is in.
func Of(pid int) (Namespace, error) {
	return open("/proc/" + strconv.Itoa(pid) + "/ns/net")
}

func open(path string) (Namespace, error) {
	file, err := os.Open(path)
	return Namespace{file}, err
}

// InNew runs work in a new network namespace, which it gets as an argument. Processes that work starts are in it.
// With mounts, it is a new mount namespace as well, from which nothing gets out.
func InNew(mounts bool, work func(Namespace) error) error {
	return onThread(func() error {
		flags := unix.CLONE_NEWNET
		if mounts {
			flags |= unix.CLONE_NEWNS
		}
		if err := unix.Unshare(flags); err != nil {
			return fmt.Errorf("make a network namespace (this needs root): %w", err)
		}
		if mounts {
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("keep the node's mounts apart: %w", err)
			}
		}
		here, err := open("/proc/thread-self/ns/net")
		if err != nil {
			return err
		}
		defer here.Close()
		return work(here)
	})
}

// In runs work in the namespace; processes that it starts are in it.
func In(namespace Namespace, work func() error) error {
	return onThread(func() error {
		if err := unix.Setns(namespace.descriptor(), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter a network namespace: %w", err)
		}
		return work()
	})
}

// onThread runs work on a thread of its own, which ends with it: no other code ever runs in its namespaces.
func onThread(work func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- work()
	}()
	return <-done
}

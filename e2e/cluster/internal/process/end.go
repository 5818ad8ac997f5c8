package process

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// endTimeout is how long killed processes may take to disappear.
const endTimeout = 2 * time.Minute

// End kills the processes that are selected, and whatever they started meanwhile, until there are none. There is
// no polite request first: nothing of what a cluster keeps is kept when it goes.
func End(selected Selection) error {
	deadline := time.Now().Add(endTimeout)
	// A process that is just becoming another program shows no mark for a moment, so that one look is not enough.
	for empty := 0; empty < 2; {
		left := selected.List()
		if len(left) == 0 {
			empty++
		} else {
			empty = 0
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not end", left)
		}
		for _, pid := range left {
			kill(pid, selected)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// kill ends one process. The number is taken hold of before it is looked at again, so that a process which got the
// number of one that ended meanwhile is never hit.
func kill(pid int, selected Selection) {
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(handle)
	if selected(pid) {
		// It fails only if the process is gone, which is what is wanted.
		_ = unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0)
	}
}

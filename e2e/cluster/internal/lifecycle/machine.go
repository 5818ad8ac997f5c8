package lifecycle

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// needed are the programs that nodes need from the machine, and the Debian package of each.
var needed = []struct{ path, pkg string }{
	{"containerd", "containerd"},
	{"ctr", "containerd"},
	{"runc", "runc"},
	{"nft", "nftables"},
	{"/usr/lib/cni/ptp", "containernetworking-plugins"},
}

// checkMachine tells what is missing for a cluster with nodes.
func checkMachine() error {
	if os.Geteuid() != 0 {
		return errors.New("nodes need root, for their networks and mounts; `--control-plane-only` does not")
	}
	var missing []string
	for _, program := range needed {
		if _, err := exec.LookPath(program.path); err != nil {
			missing = append(missing, fmt.Sprintf("%s (Debian package %s)", program.path, program.pkg))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("nodes need what is not installed: %s", strings.Join(missing, ", "))
	}
	return nil
}

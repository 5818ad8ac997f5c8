package node

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// MountPoints are the machine's directories in whose place a node has its own. They are made where they are missing
// and are empty on the machine itself.
var MountPoints = []string{"/var/lib/kubelet", "/var/lib/cni"}

// mount gives the node its own directories in the places that its daemons expect them. It must be called in the
// node's own mount namespace. /run is empty, as after a start of a machine.
func (n Node) mount() error {
	// From here on a mount made for a volume must reach the containers that run already.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share the node's mounts: %w", err)
	}
	places := map[string]string{"/var/log": n.path("log")}
	for _, point := range MountPoints {
		places[point] = n.path(point)
	}
	for point, directory := range places {
		for _, path := range []string{point, directory} {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
		}
		if err := unix.Mount(directory, point, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s at %s: %w", directory, point, err)
		}
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	return nil
}

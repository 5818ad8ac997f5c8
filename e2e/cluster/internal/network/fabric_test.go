package network

import (
	"os"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/state"
)

// Whichever node is lost, the others find the control plane where it was.
func TestTheSwitchKeepsItsAddressWhenNodesAreLost(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("networks are made by root only")
	}
	names := []string{state.NodeName(0), state.NodeName(1), state.NodeName(2)}
	seen := []string{}
	err := inFabric(names, func(fabric Namespace) error {
		look := func() error {
			link, err := netlink.LinkByName(switchName)
			if err == nil {
				seen = append(seen, link.Attrs().HardwareAddr.String())
			}
			return err
		}
		for _, name := range names {
			if err := look(); err != nil {
				return err
			}
			if err := Unplug(fabric, name); err != nil {
				return err
			}
		}
		return look()
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(names)+1 || len(slices.Compact(slices.Clone(seen))) != 1 {
		t.Errorf("the switch's address was, in turn, %v", seen)
	}
}

// inFabric runs work in a control plane's namespace, into which nodes of these names are plugged. The machine that it
// is plugged into is a new namespace as well.
func inFabric(names []string, work func(Namespace) error) error {
	const index = 0
	plan := address.ForIndex(index)
	return InNew(false, func(machine Namespace) error {
		return InNew(false, func(fabric Namespace) error {
			if err := Fabric(fabric, machine, "brazier-test", index); err != nil {
				return err
			}
			for i, name := range names {
				err := InNew(false, func(here Namespace) error { return Node(here, fabric, plan, name, i) })
				if err != nil {
					return err
				}
			}
			return work(fabric)
		})
	})
}

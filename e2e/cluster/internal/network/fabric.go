package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"brazier.dev/e2e/cluster/internal/address"
)

// switchName is the bridge in the control plane's namespace that all nodes are plugged into.
const switchName = "nodes"

// switchAddress is the switch's own hardware address, one of those that are for anybody to give. Without one of its own
// a bridge takes the lowest of what is plugged in: with the loss of a node it could change, and the other nodes would
// send what is for the control plane to an address that is gone until they ask anew, which takes them up to a minute.
var switchAddress = net.HardwareAddr{0x02, 0, 0, 0, 0, 0x01}

// LinkName is the name of the machine's end of the cable to the cluster with that index.
func LinkName(index int) string { return fmt.Sprintf("brazier%d", index) }

// LinkExists tells whether a cluster with that index is plugged in, whoever started it.
func LinkExists(index int) bool {
	_, err := netlink.LinkByName(LinkName(index))
	return err == nil
}

// RemoveLink pulls the cable between the machine and the cluster with that ID, if there is one. The cluster's network
// may last a little longer than its processes: connections that were cut off are not forgotten at once.
func RemoveLink(id string) error {
	links, err := netlink.LinkList()
	if err != nil {
		return err
	}
	for _, link := range links {
		if link.Attrs().Alias != id {
			continue
		}
		if err := netlink.LinkDel(link); err != nil && !isGone(err) {
			return fmt.Errorf("pull the cable %s: %w", link.Attrs().Name, err)
		}
	}
	return nil
}

// Fabric sets up the control plane's namespace, which is where this must be called: the switch for the nodes and
// the cable to the machine, whose namespace is given, with the machine's route to all of the cluster. The cable is
// marked with the cluster's ID, so that it can be found by it.
func Fabric(here, machine Namespace, id string, index int) error {
	plan := address.ForIndex(index)
	inside, err := netlink.NewHandle()
	if err != nil {
		return err
	}
	defer inside.Close()
	outside, err := handleAt(machine)
	if err != nil {
		return err
	}
	defer outside.Close()

	if err := up(inside, "lo"); err != nil {
		return err
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: switchName, HardwareAddr: switchAddress}}
	if err := inside.LinkAdd(bridge); err != nil {
		return fmt.Errorf("make the nodes' switch: %w", err)
	}
	if err := configure(inside, switchName, plan.ControlPlane(), plan.Nodes().Bits()); err != nil {
		return err
	}
	cable := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: LinkName(index)},
		PeerName:      "machine",
		PeerNamespace: netlink.NsFd(here.descriptor()),
	}
	if err := outside.LinkAdd(cable); err != nil {
		return fmt.Errorf("lay the cable %s: %w", cable.Name, err)
	}
	if err := outside.LinkSetAlias(cable, id); err != nil {
		return fmt.Errorf("mark the cable %s: %w", cable.Name, err)
	}
	if err := configure(inside, "machine", plan.LinkInside(), plan.Link().Bits()); err != nil {
		return err
	}
	if err := configure(outside, cable.Name, plan.LinkOutside(), plan.Link().Bits()); err != nil {
		return err
	}
	if err := route(outside, cable.Name, plan.All(), plan.LinkInside()); err != nil {
		return err
	}
	return forward()
}

// Node sets up a node's namespace, which is where this must be called: the cable to the switch, and the routes
// between its pods and all others.
func Node(here, fabric Namespace, plan address.Plan, name string, i int) error {
	inside, err := netlink.NewHandle()
	if err != nil {
		return err
	}
	defer inside.Close()
	outside, err := handleAt(fabric)
	if err != nil {
		return err
	}
	defer outside.Close()

	if err := up(inside, "lo"); err != nil {
		return err
	}
	bridge, err := outside.LinkByName(switchName)
	if err != nil {
		return fmt.Errorf("find the nodes' switch: %w", err)
	}
	cable := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: name, MasterIndex: bridge.Attrs().Index},
		PeerName:      "eth0",
		PeerNamespace: netlink.NsFd(here.descriptor()),
	}
	if err := outside.LinkAdd(cable); err != nil {
		return fmt.Errorf("lay the cable to %s: %w", name, err)
	}
	if err := up(outside, name); err != nil {
		return err
	}
	if err := configure(inside, "eth0", plan.Node(i), plan.Nodes().Bits()); err != nil {
		return err
	}
	everywhere := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if err := route(inside, "eth0", everywhere, plan.ControlPlane()); err != nil {
		return err
	}
	// The control plane's namespace is the router between the nodes' pods.
	if err := route(outside, switchName, plan.NodePods(i), plan.Node(i)); err != nil {
		return err
	}
	return forward()
}

// Unplug pulls a node's cable: from then on nothing gets through, not even the end of a connection.
func Unplug(fabric Namespace, name string) error {
	outside, err := handleAt(fabric)
	if err != nil {
		return err
	}
	defer outside.Close()
	link, err := outside.LinkByName(name)
	if err == nil {
		err = outside.LinkDel(link)
	}
	if err != nil && !isGone(err) {
		return fmt.Errorf("pull the cable of %s: %w", name, err)
	}
	return nil
}

// isGone tells whether an operation failed because there is no such cable. The kernel takes cables away by itself when
// the network at one end ends.
func isGone(err error) bool {
	var gone netlink.LinkNotFoundError
	return errors.As(err, &gone) || errors.Is(err, unix.ENODEV)
}

func handleAt(namespace Namespace) (*netlink.Handle, error) {
	var handle *netlink.Handle
	err := In(namespace, func() (err error) {
		handle, err = netlink.NewHandle(unix.NETLINK_ROUTE)
		return err
	})
	return handle, err
}

func up(handle *netlink.Handle, name string) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	return handle.LinkSetUp(link)
}

// configure gives an interface its address and switches it on.
func configure(handle *netlink.Handle, name string, addr netip.Addr, bits int) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	network := &net.IPNet{IP: addr.AsSlice(), Mask: net.CIDRMask(bits, addr.BitLen())}
	if err := handle.AddrAdd(link, &netlink.Addr{IPNet: network}); err != nil {
		return fmt.Errorf("give %s the address %v: %w", name, network, err)
	}
	return handle.LinkSetUp(link)
}

func route(handle *netlink.Handle, name string, to netip.Prefix, via netip.Addr) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	err = handle.RouteReplace(&netlink.Route{
		LinkIndex: link.Attrs().Index,
		Dst:       &net.IPNet{IP: to.Addr().AsSlice(), Mask: net.CIDRMask(to.Bits(), to.Addr().BitLen())},
		Gw:        via.AsSlice(),
	})
	if err != nil {
		return fmt.Errorf("route %v by %v: %w", to, via, err)
	}
	return nil
}

// forward lets the namespace of the calling thread pass packets on.
func forward() error {
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

package address

import (
	"net"
	"net/netip"
	"testing"
)

func TestPlansShareNoAddressAndStayInTheTestBlock(t *testing.T) {
	tests := netip.MustParsePrefix("198.18.0.0/15")
	for i := range Count {
		plan := ForIndex(i)
		last := plan.NodePods(MaxNodes - 1).Addr()
		if !tests.Contains(plan.All().Addr()) || !tests.Contains(last) {
			t.Errorf("cluster %d leaves the test block: %v, %v", i, plan.All(), last)
		}
		for j := range i {
			if plan.All().Overlaps(ForIndex(j).All()) {
				t.Errorf("clusters %d and %d overlap", i, j)
			}
		}
	}
}

func TestNetworksOfOnePlanAreApartAndInside(t *testing.T) {
	plan := ForIndex(3)
	networks := []netip.Prefix{plan.Nodes(), plan.Link(), plan.Services(), plan.Pods()}
	for i, network := range networks {
		if network != network.Masked() {
			t.Errorf("%v is not the start of its network", network)
		}
		if !plan.All().Overlaps(network) || network.Bits() < plan.All().Bits() {
			t.Errorf("%v is outside of %v", network, plan.All())
		}
		for _, other := range networks[:i] {
			if network.Overlaps(other) {
				t.Errorf("%v overlaps %v", network, other)
			}
		}
	}
	if !plan.Services().Contains(plan.DNS()) || !plan.Nodes().Contains(plan.Node(MaxNodes-1)) {
		t.Error("an address is outside of its network")
	}
	if !plan.Pods().Contains(plan.NodePods(MaxNodes - 1).Addr()) {
		t.Error("the last node's pods are outside of the pod network")
	}
}

func TestFreeLoopbackAvoidsATakenAddress(t *testing.T) {
	first, err := FreeLoopback("some-cluster")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", netip.AddrPortFrom(first, APIPort).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	second, err := FreeLoopback("some-cluster")
	if err != nil {
		t.Fatal(err)
	}
	if first == second || !second.IsLoopback() {
		t.Errorf("%v is taken, got %v", first, second)
	}
}

// Package address chooses a cluster's addresses. A full cluster lives in a part of 198.18.0.0/15, the block that
// RFC 2544 keeps for tests between networks, so that nothing outside of the machine is ever meant by one.
package address

import (
	"encoding/binary"
	"net/netip"
)

// Count is how many full clusters fit on one machine at once.
const Count = 8

// MaxNodes is how many nodes fit into one cluster's pod network.
const MaxNodes = 16

// share is the number of addresses of each cluster (a /18).
const share = 1 << 14

var block = netip.MustParseAddr("198.18.0.0")

// Plan is the addresses of one full cluster.
type Plan struct{ base uint32 }

// ForIndex is the plan of the cluster with that index, from 0 to Count-1.
func ForIndex(index int) Plan {
	start := block.As4()
	return Plan{base: binary.BigEndian.Uint32(start[:]) + uint32(index)*share}
}

func (p Plan) at(third, fourth int) netip.Addr {
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], p.base+uint32(third)<<8+uint32(fourth))
	return netip.AddrFrom4(raw)
}

// All is every address of the cluster.
func (p Plan) All() netip.Prefix { return netip.PrefixFrom(p.at(0, 0), 18) }

// Nodes is the network between the control plane and the nodes.
func (p Plan) Nodes() netip.Prefix { return netip.PrefixFrom(p.at(0, 0), 24) }

// ControlPlane is where the API server listens, and the nodes' router.
func (p Plan) ControlPlane() netip.Addr { return p.at(0, 1) }

// Node is the address of the i-th node.
func (p Plan) Node(i int) netip.Addr { return p.at(0, 10+i) }

// Link is the network between the machine itself and the cluster.
func (p Plan) Link() netip.Prefix { return netip.PrefixFrom(p.at(1, 0), 30) }

// LinkInside is the cluster's end of the link.
func (p Plan) LinkInside() netip.Addr { return p.at(1, 1) }

// LinkOutside is the machine's end of the link.
func (p Plan) LinkOutside() netip.Addr { return p.at(1, 2) }

// Services is the network of ClusterIPs.
func (p Plan) Services() netip.Prefix { return netip.PrefixFrom(p.at(16, 0), 20) }

// APIService is the ClusterIP of the Service kubernetes.default: by rule the first of Services.
func (p Plan) APIService() netip.Addr { return p.at(16, 1) }

// DNS is the ClusterIP of the cluster's DNS server.
func (p Plan) DNS() netip.Addr { return p.at(16, 10) }

// Pods is the network of all pods.
func (p Plan) Pods() netip.Prefix { return netip.PrefixFrom(p.at(32, 0), 19) }

// NodePods is the network of the i-th node's pods.
func (p Plan) NodePods(i int) netip.Prefix { return netip.PrefixFrom(p.at(32+i, 0), 24) }

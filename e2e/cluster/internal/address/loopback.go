package address

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
)

// APIPort is where every API server listens; what differs is the address.
const APIPort = 6443

// attempts bounds the search for a free loopback address.
const attempts = 64

// FreeLoopback is an address of 127.0.0.0/8 on which no one listens at APIPort. All of that block is this machine,
// so that each control plane has an address of its own instead of a race for ports. The choice follows the
// cluster's id, so that clusters which start at the same moment do not meet.
func FreeLoopback(id string) (netip.Addr, error) {
	for attempt := range attempts {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", id, attempt))
		// 127.64.0.1 to 127.127.255.254: away from addresses that people choose by hand.
		candidate := netip.AddrFrom4([4]byte{127, 64 + sum[0]%64, sum[1], 1 + sum[2]%254})
		listener, err := net.Listen("tcp", netip.AddrPortFrom(candidate, APIPort).String())
		if err != nil {
			continue
		}
		return candidate, listener.Close()
	}
	return netip.Addr{}, fmt.Errorf("no free loopback address for port %d after %d tries", APIPort, attempts)
}

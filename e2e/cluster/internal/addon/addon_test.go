package addon

import (
	"strings"
	"testing"

	"brazier.dev/e2e/cluster/internal/address"
)

func TestEveryValueOfTheManifestsIsFilledIn(t *testing.T) {
	text := Manifests(address.ForIndex(1), 3)
	for _, part := range []string{"clusterIP: 198.18.80.10\n", "replicas: 2\n", "image: localhost/brazier-cluster-coredns:1\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing", part)
		}
	}
	if strings.Contains(text, "${") {
		t.Error("a value is left open")
	}
	if one := Manifests(address.ForIndex(0), 1); !strings.Contains(one, "replicas: 1\n") {
		t.Error("one node has room for one DNS server")
	}
}

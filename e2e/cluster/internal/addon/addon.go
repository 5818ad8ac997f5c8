// Package addon applies what a cluster holds from the start: DNS and the default StorageClass.
package addon

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/image"
)

//go:embed dns.yaml
var dns string

//go:embed storage.yaml
var storage string

// dnsReplicas is how many DNS servers there are, so that names resolve when a node is lost.
const dnsReplicas = 2

// Manifests is the YAML of all that is applied to a cluster with so many nodes.
func Manifests(plan address.Plan, nodes int) string {
	values := map[string]string{
		"DNS_ADDRESS":  plan.DNS().String(),
		"DNS_IMAGE":    image.CoreDNS,
		"DNS_REPLICAS": strconv.Itoa(min(nodes, dnsReplicas)),
	}
	return os.Expand(dns+"---\n"+storage, func(name string) string { return values[name] })
}

// Kubectl runs kubectl of the program that is every part of Kubernetes.
type Kubectl struct{ Program, Kubeconfig string }

// Run runs a command of kubectl with the input given.
func (k Kubectl) Run(ctx context.Context, input string, args ...string) error {
	command := exec.CommandContext(ctx, k.Program, append([]string{"kubectl", "--kubeconfig=" + k.Kubeconfig}, args...)...)
	command.Stdin = strings.NewReader(input)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

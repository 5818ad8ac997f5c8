package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"brazier.dev/e2e/cluster/internal/address"
	"brazier.dev/e2e/cluster/internal/controlplane"
	"brazier.dev/e2e/cluster/internal/image"
	"brazier.dev/e2e/cluster/internal/state"
)

type object = map[string]any

// pluginFolder is where Debian installs the CNI plugins.
const pluginFolder = "/usr/lib/cni"

func (n Node) socket() string { return n.path("containerd.sock") }

// writeConfiguration writes the files that the node's daemons read.
func (n Node) writeConfiguration() error {
	files := map[string]any{
		n.path("kubelet.json"):               n.kubelet(),
		n.path("kube-proxy.json"):            ProxyConfiguration(n.Cluster, n.Plan),
		n.path("cni", "net.d", "1.conflist"): n.podNetwork(),
	}
	for path, content := range files {
		text, err := json.MarshalIndent(content, "", "  ")
		if err != nil {
			return err
		}
		if err := write(path, string(text)); err != nil {
			return err
		}
	}
	if err := write(n.path("resolv.conf"), fmt.Sprintf("nameserver %v\n", n.Plan.DNS())); err != nil {
		return err
	}
	return write(n.path("containerd.toml"), n.containerd())
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// containerd is the runtime's configuration. Its state is where it is by default, as a node has its own /run.
// restrict_oom_score_adj: without CAP_SYS_RESOURCE, as in many sandboxes, no pod could start else.
func (n Node) containerd() string {
	return fmt.Sprintf(`version = 2
root = %q
[grpc]
  address = %q
[plugins."io.containerd.internal.v1.opt"]
  path = %q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`, n.path("containerd"), n.socket(), n.path("opt"), image.Pause, pluginFolder, n.path("cni", "net.d"))
}

// podNetwork gives every pod a cable of its own to the node, so that all traffic of pods is routed, and so passes the
// rules that make Services work, between pods of one node too. Addresses are forgotten when the node is lost.
func (n Node) podNetwork() object {
	return object{
		"cniVersion": "1.0.0",
		"name":       "pods",
		"plugins": []object{{
			"type":   "ptp",
			"ipMasq": false,
			"ipam": object{
				"type":    "host-local",
				"dataDir": "/run/cni",
				"ranges":  [][]object{{{"subnet": n.Plan.NodePods(n.Index)}}},
				"routes":  []object{{"dst": "0.0.0.0/0"}},
			},
		}},
	}
}

// kubelet is a KubeletConfiguration. It reports often, see the constants of package controlplane; it takes
// whatever control groups and swap the machine has, and does not evict pods because the machine's disk is filling.
func (n Node) kubelet() object {
	return object{
		"apiVersion":                "kubelet.config.k8s.io/v1beta1",
		"kind":                      "KubeletConfiguration",
		"address":                   n.Plan.Node(n.Index),
		"cgroupDriver":              "cgroupfs",
		"cgroupRoot":                "/" + n.group(),
		"failCgroupV1":              false,
		"failSwapOn":                false,
		"containerRuntimeEndpoint":  "unix://" + n.socket(),
		"clusterDomain":             "cluster.local",
		"clusterDNS":                []any{n.Plan.DNS()},
		"resolvConf":                n.path("resolv.conf"),
		"nodeStatusUpdateFrequency": "3s",
		"nodeLeaseDurationSeconds":  8,
		"evictionHard": object{
			"memory.available": "100Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%",
			"imagefs.available": "1%", "imagefs.inodesFree": "1%",
		},
		"imageGCHighThresholdPercent": 100,
		"authentication": object{
			"anonymous": object{"enabled": false},
			"webhook":   object{"enabled": true},
			"x509":      object{"clientCAFile": n.Cluster.Path("pki", "ca.crt")},
		},
		"authorization": object{"mode": "Webhook"},
	}
}

// ProxyConfiguration is a KubeProxyConfiguration. The connection tracking limits are the machine's business.
func ProxyConfiguration(cluster state.Cluster, plan address.Plan) object {
	return object{
		"apiVersion":       "kubeproxy.config.k8s.io/v1alpha1",
		"kind":             "KubeProxyConfiguration",
		"clientConnection": object{"kubeconfig": controlplane.KubeconfigOf(cluster, "kube-proxy")},
		"mode":             "nftables",
		"clusterCIDR":      plan.Pods(),
		"detectLocalMode":  "ClusterCIDR",
		"conntrack": object{
			"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s",
		},
	}
}

// Command kubernetes is every part of Kubernetes in one program, so that the code they share is linked once.
// The first argument names the part: kube-apiserver, kubelet, kubectl and so on. etcd is among them. Called by the
// name kubectl, as by a link, it is that part.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // kubectl: credential plugins
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // version metric
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// daemons are the parts that run until they are stopped, by the name that their own documentation gives them.
var daemons = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

func main() {
	if filepath.Base(os.Args[0]) != "kubectl" {
		os.Args = os.Args[1:]
	}
	if len(os.Args) == 0 {
		fail("name the part to run")
	}
	part := filepath.Base(os.Args[0])
	switch daemon, known := daemons[part]; {
	case known:
		os.Exit(cli.Run(daemon()))
	case part == "etcd":
		etcdmain.Main(os.Args)
	case part == "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
	default:
		fail(fmt.Sprintf("%q is no part of it", part))
	}
}

func fail(problem string) {
	parts := append(slices.Sorted(maps.Keys(daemons)), "etcd", "kubectl")
	fmt.Fprintf(os.Stderr, "%s: one of %s\n", problem, strings.Join(parts, ", "))
	os.Exit(2)
}

package pki

import (
	"encoding/json"
	"net/netip"
)

// Kubeconfig is the text of a kubeconfig file that holds everything needed to act as the pair's subject (JSON, which
// is YAML). The context has the name of the cluster.
func Kubeconfig(cluster string, server netip.AddrPort, authority, user Pair) ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"apiVersion":      "v1",
		"kind":            "Config",
		"current-context": cluster,
		"clusters": []object{{"name": cluster, "cluster": object{
			"server":                     "https://" + server.String(),
			"certificate-authority-data": authority.Certificate,
		}}},
		"users": []object{{"name": cluster, "user": object{
			"client-certificate-data": user.Certificate,
			"client-key-data":         user.Key,
		}}},
		"contexts": []object{{"name": cluster, "context": object{"cluster": cluster, "user": cluster}}},
	}, "", "  ")
}

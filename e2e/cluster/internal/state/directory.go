// Package state says where a cluster's files are and what is remembered of it. All that a cluster writes is
// in one directory, so that taking it down is: end what carries its mark, then remove that directory.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// DefaultName is the name of a cluster for which none was given.
const DefaultName = "brazier"

// socketPathLimit is the longest path of a unix socket on Linux (unix(7): sun_path, less its final NUL).
const socketPathLimit = 107

var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$`)

// Cluster is the place of one cluster, whether it is up or not.
type Cluster struct {
	Name string
	Dir  string
}

// Root is the directory that holds all clusters' directories: $BRAZIER_STATE, else one in the user's cache.
func Root() (string, error) {
	if root := os.Getenv("BRAZIER_STATE"); root != "" {
		return filepath.Abs(root)
	}
	if cache := os.Getenv("BRAZIER_CACHE"); cache != "" {
		return filepath.Abs(filepath.Join(cache, "clusters"))
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the cluster's files: set BRAZIER_STATE to a directory (%w)", err)
	}
	return filepath.Join(home, ".cache", "brazier", "clusters"), nil
}

// Named is the cluster of that name under Root.
func Named(name string) (Cluster, error) {
	if !validName.MatchString(name) {
		return Cluster{}, fmt.Errorf("cluster name %q: write up to 30 lower case letters, digits and dashes", name)
	}
	root, err := Root()
	if err != nil {
		return Cluster{}, err
	}
	cluster := Cluster{Name: name, Dir: filepath.Join(root, name)}
	if socket := cluster.Path("etcd-peer.sock"); len(socket) > socketPathLimit {
		return Cluster{}, fmt.Errorf("%s is too long for a socket: set BRAZIER_STATE to a shorter directory", socket)
	}
	return cluster, nil
}

// All lists the clusters that have a directory under Root.
func All() ([]Cluster, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var clusters []Cluster
	for _, entry := range entries {
		if entry.IsDir() && validName.MatchString(entry.Name()) {
			clusters = append(clusters, Cluster{Name: entry.Name(), Dir: filepath.Join(root, entry.Name())})
		}
	}
	return clusters, nil
}

// ID names the cluster in places that all users of the machine share, such as control groups: the name and
// a mark of the directory, as two directories may hold clusters of one name.
func (c Cluster) ID() string {
	sum := sha256.Sum256([]byte(c.Dir))
	return "brazier-" + c.Name + "-" + hex.EncodeToString(sum[:4])
}

// Path is a file of the cluster.
func (c Cluster) Path(parts ...string) string {
	return filepath.Join(append([]string{c.Dir}, parts...)...)
}

// Kubeconfig is the administrator's kubeconfig file.
func (c Cluster) Kubeconfig() string { return c.Path("kubeconfig") }

// EtcdSocket is where etcd answers: a socket, so that no two clusters ever ask for the same port.
func (c Cluster) EtcdSocket() string { return c.Path("etcd.sock") }

// NodePath is a file of one node, named as NodeName does.
func (c Cluster) NodePath(node string, parts ...string) string {
	return c.Path(append([]string{"nodes", node}, parts...)...)
}

// NodeName is the name of the i-th node, from 0.
func NodeName(i int) string { return fmt.Sprintf("node-%d", i) }

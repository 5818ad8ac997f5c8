package state

import (
	"encoding/json"
	"net/netip"
	"os"
)

// Record is what is remembered of a cluster between two commands.
type Record struct {
	// Nodes is the number of nodes; 0 for a control plane alone.
	Nodes int `json:"nodes"`
	// Index chooses the cluster's addresses; without meaning for a control plane alone.
	Index int `json:"index"`
	// Server is the address and port of the API server.
	Server netip.AddrPort `json:"server"`
	// Ready is set once the cluster has come up whole; without it, it is one that was cut off.
	Ready bool `json:"ready"`
}

// Read is the cluster's record. The error is fs.ErrNotExist if there is none.
func (c Cluster) Read() (Record, error) {
	var record Record
	text, err := os.ReadFile(c.Path("cluster.json"))
	if err != nil {
		return record, err
	}
	return record, json.Unmarshal(text, &record)
}

// Write replaces the cluster's record, making its directory if need be.
func (c Cluster) Write(record Record) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	draft := c.Path("cluster.json.new")
	if err := os.WriteFile(draft, text, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, c.Path("cluster.json"))
}

package state

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
)

func TestNamesThatAreNoNamesAreRefused(t *testing.T) {
	t.Setenv("BRAZIER_STATE", t.TempDir())
	for _, name := range []string{"", "..", "A", "a/b", "-a", "a-", strings.Repeat("a", 31)} {
		if _, err := Named(name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if _, err := Named("demo-1"); err != nil {
		t.Error(err)
	}
}

func TestDirectoryTooLongForASocketIsRefused(t *testing.T) {
	t.Setenv("BRAZIER_STATE", "/"+strings.Repeat("d", 100))
	if _, err := Named("demo"); err == nil || !strings.Contains(err.Error(), "BRAZIER_STATE") {
		t.Errorf("got %v", err)
	}
}

func TestSameNameInAnotherDirectoryIsAnotherCluster(t *testing.T) {
	t.Setenv("BRAZIER_STATE", "/tmp/one")
	one, err := Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BRAZIER_STATE", "/tmp/two")
	two, err := Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	if one.ID() == two.ID() {
		t.Errorf("both are %s", one.ID())
	}
}

func TestRecordIsReadAsWritten(t *testing.T) {
	t.Setenv("BRAZIER_STATE", t.TempDir())
	cluster, err := Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no record: %v", err)
	}
	record := Record{Nodes: 3, Index: 2, Server: netip.MustParseAddrPort("198.18.0.1:6443"), Ready: true}
	if err := cluster.Write(record); err != nil {
		t.Fatal(err)
	}
	if read, err := cluster.Read(); err != nil || read != record {
		t.Errorf("%+v, %v", read, err)
	}
	all, err := All()
	if err != nil || len(all) != 1 || all[0] != cluster {
		t.Errorf("%v, %v", all, err)
	}
}

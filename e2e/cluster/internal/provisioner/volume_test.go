package provisioner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func request() controller.ProvisionOptions {
	retain := corev1.PersistentVolumeReclaimRetain
	claim := &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		},
	}}
	return controller.ProvisionOptions{
		PVName: "pvc-1", PVC: claim, SelectedNodeName: "node-2",
		StorageClass: &storagev1.StorageClass{ReclaimPolicy: &retain},
	}
}

func TestVolumeIsADirectoryOfTheChosenNodeUntilDeleted(t *testing.T) {
	directories := Directories{Root: t.TempDir()}
	volume, _, err := directories.Provision(context.Background(), request())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directories.Root, "node-2", "pvc-1")
	if volume.Spec.Local.Path != path || volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimRetain {
		t.Errorf("volume %+v", volume.Spec)
	}
	nodes := volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values
	if len(nodes) != 1 || nodes[0] != "node-2" {
		t.Errorf("nodes %v", nodes)
	}
	if err := os.WriteFile(filepath.Join(path, "row"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := directories.Delete(context.Background(), volume); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", path, err)
	}
}

func TestWhatADirectoryCannotGiveIsRefused(t *testing.T) {
	block := corev1.PersistentVolumeBlock
	for want, change := range map[string]func(*controller.ProvisionOptions){
		"WaitForFirstConsumer": func(o *controller.ProvisionOptions) { o.SelectedNodeName = "" },
		"Filesystem":           func(o *controller.ProvisionOptions) { o.PVC.Spec.VolumeMode = &block },
		"ReadWriteOnce": func(o *controller.ProvisionOptions) {
			o.PVC.Spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
		},
	} {
		options := request()
		change(&options)
		_, _, err := Directories{Root: t.TempDir()}.Provision(context.Background(), options)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestOtherDirectoriesAreLeftAlone(t *testing.T) {
	directories := Directories{Root: t.TempDir()}
	volume, _, err := directories.Provision(context.Background(), request())
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "pvc-1")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{outside, directories.Root, filepath.Join(directories.Root, "node-2", "pvc-2")} {
		volume.Spec.Local.Path = path
		var ignored *controller.IgnoredError
		if err := directories.Delete(context.Background(), volume); !errors.As(err, &ignored) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

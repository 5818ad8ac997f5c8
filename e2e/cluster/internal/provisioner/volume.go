// Package provisioner makes the volumes of the cluster's StorageClass: a directory for each, on the node that the
// scheduler chose for the first pod which uses it. As with a disk in a machine, it can be used on that node only.
package provisioner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// Name is what a StorageClass writes as its provisioner.
const Name = "brazier.dev/local"

// Directories makes volumes below a directory.
type Directories struct{ Root string }

// Provision makes the directory of a volume. It belongs to root, as a new disk does: a pod that runs as another user
// must ask for it with fsGroup.
func (d Directories) Provision(_ context.Context, options controller.ProvisionOptions) (
	*corev1.PersistentVolume, controller.ProvisioningState, error,
) {
	if err := check(options); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	path := filepath.Join(d.Root, options.SelectedNodeName, options.PVName)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	return volume(options, path), controller.ProvisioningFinished, nil
}

// Delete removes the directory of a volume.
func (d Directories) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	local := volume.Spec.Local
	if local == nil {
		return &controller.IgnoredError{Reason: "it is not a local volume"}
	}
	inside, err := filepath.Rel(d.Root, local.Path)
	if err != nil || !filepath.IsLocal(inside) || filepath.Base(inside) != volume.Name {
		return &controller.IgnoredError{Reason: fmt.Sprintf("%s is not a directory of this provisioner", local.Path)}
	}
	return os.RemoveAll(local.Path)
}

// check refuses what a directory of one node cannot give.
func check(options controller.ProvisionOptions) error {
	spec := options.PVC.Spec
	if options.SelectedNodeName == "" {
		return fmt.Errorf("the StorageClass must have volumeBindingMode: WaitForFirstConsumer")
	}
	if spec.Selector != nil {
		return fmt.Errorf("spec.selector: new volumes have no labels to select; leave it out")
	}
	if spec.VolumeMode != nil && *spec.VolumeMode == corev1.PersistentVolumeBlock {
		return fmt.Errorf("spec.volumeMode: only Filesystem is possible")
	}
	for _, mode := range spec.AccessModes {
		if mode != corev1.ReadWriteOnce && mode != corev1.ReadWriteOncePod {
			return fmt.Errorf("spec.accessModes: %s is not possible; use ReadWriteOnce", mode)
		}
	}
	return nil
}

func volume(options controller.ProvisionOptions, path string) *corev1.PersistentVolume {
	filesystem := corev1.PersistentVolumeFilesystem
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			VolumeMode:                    &filesystem,
			Capacity: corev1.ResourceList{
				corev1.ResourceStorage: options.PVC.Spec.Resources.Requests[corev1.ResourceStorage],
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{
					MatchExpressions: []corev1.NodeSelectorRequirement{{
						Key:      corev1.LabelHostname,
						Operator: corev1.NodeSelectorOpIn,
						Values:   []string{options.SelectedNodeName},
					}},
				}},
			}},
		},
	}
}

// Package image makes the images that a cluster needs for itself: each of one static program and nothing else.
package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// The cluster's own images. Their tags never change: a cluster is made anew when its programs are.
const (
	Pause   = "localhost/brazier-cluster-pause:1"
	CoreDNS = "localhost/brazier-cluster-coredns:1"
)

// user is a number that no machine gives to anyone.
const user = "65532:65532"

// WriteStatic writes an archive of an image that runs the program, under the image's name.
func WriteStatic(archive, reference, program string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	content, err := layer(program)
	if err != nil {
		return err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	files, err := tarball.LayerFromOpener(open)
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, files)
	if err != nil {
		return err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return err
	}
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config = v1.Config{Entrypoint: []string{"/" + filepath.Base(program)}, User: user}
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(archive), 0o755); err != nil {
		return err
	}
	return tarball.WriteToFile(archive, tag, image)
}

// layer is a file system that holds the program at its root.
func layer(program string) ([]byte, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	header := &tar.Header{Name: filepath.Base(program), Mode: 0o755, Size: int64(len(binary)), Typeflag: tar.TypeReg}
	if err := writer.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := writer.Write(binary); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("pack %s: %w", program, err)
	}
	return buffer.Bytes(), nil
}

package image

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestImageHoldsTheProgramAndRunsIt(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "pause")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(folder, "images", "pause.tar")
	if err := WriteStatic(archive, Pause, program); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.Config.User != user || len(file.Config.Entrypoint) != 1 || file.Config.Entrypoint[0] != "/pause" {
		t.Errorf("config %+v", file.Config)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	reader := tar.NewReader(content)
	header, err := reader.Next()
	if err != nil || header.Name != "pause" || header.Mode != 0o755 {
		t.Fatalf("%+v, %v", header, err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != "program" {
		t.Errorf("%q, %v", text, err)
	}
}

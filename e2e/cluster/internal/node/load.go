package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
)

// Load puts the images of an archive (docker-archive or oci-archive) into the node's runtime. An archive that
// was loaded already is not loaded again.
func (n Node) Load(ctx context.Context, archive string) error {
	sum, err := digest(archive)
	if err != nil {
		return err
	}
	done := n.path("loaded", sum)
	if _, err := os.Stat(done); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	command := exec.CommandContext(ctx, "ctr", "--address", n.socket(), "--namespace", "k8s.io", "images", "import", archive)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("load %s into %s: %w\n%s", archive, n.Name(), err, output)
	}
	return write(done, archive+"\n")
}

func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

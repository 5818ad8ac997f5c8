package cgroup

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// removeTimeout is how long the kernel may take to let go of a group whose processes have ended.
const removeTimeout = time.Minute

// Within tells whether a process is in a group whose name fits the pattern (of path.Match), or below it.
func Within(pattern string) func(pid int) bool {
	return func(pid int) bool {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cgroup"))
		return err == nil && listed(string(text), pattern)
	}
}

// listed reads the text of /proc/PID/cgroup: lines of "id:controllers:path".
func listed(text, pattern string) bool {
	fits := func(name string) bool { fits, _ := path.Match(pattern, name); return fits }
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && slices.ContainsFunc(strings.Split(parts[2], "/"), fits) {
			return true
		}
	}
	return false
}

// Remove removes the groups whose name fits the pattern, and those below them, from every hierarchy.
func Remove(pattern string) error {
	found, err := find()
	if err != nil {
		return err
	}
	for _, folder := range slices.Concat(found.folders, found.beside) {
		groups, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return err
		}
		for _, group := range groups {
			if err := removeTree(group); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeTree removes the group's folders from the innermost outwards; the files in them are the kernel's.
func removeTree(group string) error {
	var folders []string
	err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	deadline := time.Now().Add(removeTimeout)
	for _, folder := range slices.Backward(folders) {
		for {
			err := os.Remove(folder)
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				break
			}
			if time.Now().After(deadline) {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Daemon is a program that runs on after the one that starts it.
type Daemon struct {
	Mark    Mark
	Program string
	Args    []string
	// Log is the file that gets what it prints.
	Log string
	// Env are variables besides the mark; nothing else is inherited but PATH, so that a cluster does not depend on
	// who started it.
	Env []string
}

// Started is a daemon while the program that started it is still there.
type Started struct {
	daemon Daemon
	pid    int
	exited chan error
}

// Start starts the daemon in the namespaces of the calling thread, in a session of its own. It replaces the log.
func (d Daemon) Start() (*Started, error) {
	if err := os.MkdirAll(filepath.Dir(d.Log), 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(d.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(d.Program, d.Args...)
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.Env = slices.Concat([]string{"PATH=" + searchPath(), variable + "=" + d.Mark.String()}, d.Env)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", d.Mark.Part, err)
	}
	started := &Started{daemon: d, pid: command.Process.Pid, exited: make(chan error, 1)}
	go func() { started.exited <- command.Wait() }()
	return started, nil
}

// Failed is an error with the end of the log once the daemon has exited, else nil.
func (s *Started) Failed() error {
	select {
	case err := <-s.exited:
		s.exited <- err
		return fmt.Errorf("%s ended (%v); the end of %s:\n%s", s.daemon.Mark.Part, err, s.daemon.Log, tail(s.daemon.Log))
	default:
		return nil
	}
}

// PID is the daemon's process number. Who has started a daemon uses it instead of a search for the mark, which does
// not show until the new program is loaded.
func (s *Started) PID() int { return s.pid }

// LogFile is where the daemon writes.
func (s *Started) LogFile() string { return s.daemon.Log }

// tail is the last lines of a file.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// searchPath has the folders of administrators' programs, which a user's PATH often lacks.
func searchPath() string {
	path := os.Getenv("PATH")
	for _, folder := range []string{"/usr/local/sbin", "/usr/sbin", "/sbin"} {
		if !slices.Contains(filepath.SplitList(path), folder) {
			path += string(filepath.ListSeparator) + folder
		}
	}
	return path
}

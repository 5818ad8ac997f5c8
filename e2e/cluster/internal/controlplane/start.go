package controlplane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"time"

	"brazier.dev/e2e/cluster/internal/process"
)

// Running is a control plane that was started.
type Running struct {
	settings Settings
	server   *process.Started
	daemons  []*process.Started
}

// ServerPID is the process number of the API server.
func (r *Running) ServerPID() int { return r.server.PID() }

// Start starts etcd and the API server, which waits for it, in the network namespace of the calling thread.
func (s Settings) Start() (*Running, error) {
	running := &Running{settings: s}
	for _, daemon := range []process.Daemon{s.etcd(), s.apiServer()} {
		started, err := daemon.Start()
		if err != nil {
			return nil, err
		}
		running.daemons = append(running.daemons, started)
		if daemon.Mark.Part == ServerPart {
			running.server = started
		}
	}
	return running, nil
}

// StartControllers starts what works by the API server, in the network namespace of the calling thread. It must be
// ready: the controller manager gives up when there is none for ten seconds.
func (r *Running) StartControllers() error {
	for _, daemon := range []process.Daemon{r.settings.controllerManager(), r.settings.scheduler()} {
		if _, err := daemon.Start(); err != nil {
			return err
		}
	}
	return nil
}

// Wait returns once the API server says that it is ready, with an error if a daemon ends or the context does.
func (r *Running) Wait(ctx context.Context) error {
	client, err := r.settings.client()
	if err != nil {
		return err
	}
	for {
		err := ready(ctx, client, r.settings.Server)
		if err == nil {
			return nil
		}
		for _, daemon := range r.daemons {
			if failure := daemon.Failed(); failure != nil {
				return failure
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server is not ready (%w); see the logs in %s", err, r.settings.Cluster.Path("logs"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ready asks the API server once.
func (s Settings) Ready(ctx context.Context) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	return ready(ctx, client, s.Server)
}

func ready(ctx context.Context, client *http.Client, server netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+server.String()+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz answers %s", response.Status)
	}
	return nil
}

// client has the certificate that the API server uses towards kubelets, whose group may do everything.
func (s Settings) client() (*http.Client, error) {
	certificate, err := tls.LoadX509KeyPair(s.pki("apiserver-to-kubelets.crt"), s.pki("apiserver-to-kubelets.key"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(s.pki("ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}},
		DisableKeepAlives: true,
	}}, nil
}

func port(address netip.AddrPort) string { return strconv.Itoa(int(address.Port())) }

// Package web answers over HTTP for the running service: whether it is well, and
// its numbers for Prometheus. It stands beside the pipeline; what it shows it asks
// of whoever made it. It changes nothing, asks nobody who they are, and notes no
// requests: what it listens on is for those who may know.
package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/entrawatch/entrawatch/internal/health"
)

// A Service is what is asked.
type Service interface {
	// Health says how the service fares at a time.
	Health(now time.Time) *health.Health
	// Ready says why the service does not watch yet, or no more; nil = it does.
	Ready() error
}

// NewServer returns a server that answers for a service. It is not started.
func NewServer(s Service) *http.Server {
	return &http.Server{
		Handler:           Handler(s),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// Handler answers for a service: a line for each page.
func Handler(s Service) http.Handler {
	mux := http.NewServeMux()
	for path, page := range map[string]http.HandlerFunc{
		"/healthz": healthz(s),
		"/readyz":  readyz(s),
		"/status":  status(s),
		"/metrics": metrics(s),
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			page(w, r)
		})
	}
	return mux
}

func text(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
}

// healthz answers 503 with the reasons while the service is red.
func healthz(s Service) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := s.Health(time.Now())
		code := http.StatusOK
		if h.State == health.Red {
			code = http.StatusServiceUnavailable
		}
		text(w, code)
		fmt.Fprintf(w, "%s\n", h.State)
		for _, r := range h.Reasons {
			if r.State == health.Red || code == http.StatusOK {
				fmt.Fprintf(w, "%s: %s %s: %s\n", r.State, r.Part, r.Name, r.What)
			}
		}
	}
}

// readyz answers 503 unless the service watches.
func readyz(s Service) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Ready(); err != nil {
			text(w, http.StatusServiceUnavailable)
			fmt.Fprintf(w, "%v\n", err)
			return
		}
		text(w, http.StatusOK)
		_, _ = io.WriteString(w, "ready\n") // who asked may be gone
	}
}

// status answers with everything, as JSON.
func status(s Service) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.MarshalIndent(s.Health(time.Now()), "", "  ")
		if err != nil {
			text(w, http.StatusInternalServerError)
			fmt.Fprintf(w, "encode health: %v\n", err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(body, '\n')) // who asked may be gone
	}
}

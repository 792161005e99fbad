package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/entrawatch/entrawatch/internal/web"
)

// A webServer answers for the health of the service. A nil one does nothing.
type webServer struct {
	server *http.Server
	ended  chan struct{}
}

// listen begins to answer.
func (s *Service) listen() (*webServer, error) {
	if s.Listen == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w; another process may have the port, and perhaps it is another entrawatch: end it, or name another address with listen in the configuration", err)
	}
	w := &webServer{server: web.NewServer(s), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("nobody answers for health any more", "error", err)
		}
	}()
	s.Log.Info("answering for health", "address", l.Addr().String())
	return w, nil
}

// close ends the server, and waits shortly for answers that are under way.
func (w *webServer) close() {
	if w == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	if w.server.Shutdown(ctx) != nil {
		_ = w.server.Close() // who asked had a second
	}
	<-w.ended
}

var errNotYet, errEnding = errors.New("not watching yet"), errors.New("about to end")

// Ready says why the service does not watch yet, or no more: it does as long as
// state and lake are open.
func (s *Service) Ready() error {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	switch {
	case s.health.ending:
		return errEnding
	case s.health.started.IsZero():
		return errNotYet
	}
	return nil
}

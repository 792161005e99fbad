package loginfake

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Serve serves a handler as https://HOST in memory, and returns the way to it
// and what ends it. No other host can be reached. Connections are pipes, which do
// not hold up the time of synctest as sockets do, and have no TLS, which would
// take most of the time.
func Serve(handler http.Handler, host string) (transport *http.Transport, end func()) {
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = l
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	transport = &http.Transport{DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
		if address != host+":443" {
			return nil, fmt.Errorf("%s: no such host", address)
		}
		ours, theirs := net.Pipe()
		select {
		case l.conns <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	return transport, func() {
		transport.CloseIdleConnections()
		server.Close()
	}
}

// pipes is a listener in memory.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

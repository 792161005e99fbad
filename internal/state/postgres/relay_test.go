//go:build unix

package postgres

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A wire is a socket that leads to another, and can be cut between a question and
// its answer.
type wire struct {
	path string

	mu      sync.Mutex
	cut     []byte // a question that holds it is passed on, its answer is not
	wasCut  bool
	refused bool
}

func relay(t *testing.T, to string) *wire {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgw") // short: paths of sockets have a limit
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{path: filepath.Join(dir, filepath.Base(to))}
	l, err := net.Listen("unix", w.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		os.RemoveAll(dir)
	})
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			server, err := net.Dial("unix", to)
			if err != nil || w.refusing() {
				client.Close()
				continue
			}
			go w.questions(client, server)
			go func() {
				_, _ = io.Copy(client, server) // ends when either does
				client.Close()
			}()
		}
	}()
	return w
}

// questions passes on what the client asks.
func (w *wire) questions(client, server net.Conn) {
	defer server.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		if w.cuts(b[:n]) {
			client.Close()             // before the answer can come
			_, _ = server.Write(b[:n]) // is read before the end that follows
			return
		}
		if _, err := server.Write(b[:n]); err != nil {
			return
		}
	}
}

func (w *wire) cuts(question []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut == nil || !bytes.Contains(question, w.cut) {
		return false
	}
	w.cut, w.wasCut = nil, true
	return true
}

// dropAfter cuts the wire once, when the client has said a word.
func (w *wire) dropAfter(word string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.wasCut = []byte(word), false
}

func (w *wire) dropped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wasCut
}

// refuse lets nobody through, from now on.
func (w *wire) refuse(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = on
}

func (w *wire) refusing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

package stdout

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("WRITE_ALERTS") != "" {
		writeAlerts()
	}
	os.Exit(m.Run())
}

// writeAlerts writes until somebody ends it, and tells when it fails.
func writeAlerts() {
	s, _ := Default().Open(os.Stdout)
	for {
		if retry, err := s.Notify(context.Background(), []byte(`{"id":"a"}`), "a", 1); err != nil {
			os.Stderr.WriteString(err.Error())
			if retry {
				os.Exit(3)
			}
			os.Exit(4)
		}
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	s, err := Default().Open(&out)
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range []string{`{"id": "a"}`, "{\n \"id\":\t\"b\\n\"\n}"} {
		if retry, err := s.Notify(t.Context(), []byte(alert), "a", 1); retry || err != nil {
			t.Error(retry, err)
		}
	}
	if retry, err := s.Notify(t.Context(), []byte(`{"id"`), "a", 1); retry || err == nil {
		t.Error(retry, err)
	}
	if want := "{\"id\":\"a\"}\n{\"id\":\"b\\n\"}\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// A halting writer takes so many bytes, then fails once.
type halting struct {
	bytes.Buffer
	room int
}

func (h *halting) Write(p []byte) (int, error) {
	if len(p) > h.room {
		n, _ := h.Buffer.Write(p[:h.room])
		h.room = 1 << 20
		return n, errors.New("halted")
	}
	return h.Buffer.Write(p)
}

// TestTorn: a line that was written in part does not spoil the next.
func TestTorn(t *testing.T) {
	out := &halting{room: 5}
	s, _ := Default().Open(out)
	if retry, err := s.Notify(t.Context(), []byte(`{"id":"a"}`), "a", 1); !retry || err == nil {
		t.Error(retry, err)
	}
	if _, err := s.Notify(t.Context(), []byte(`{"id":"a"}`), "a", 1); err != nil {
		t.Error(err)
	}
	if want := "{\"id\"\n{\"id\":\"a\"}\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// TestReaderGone: when the reader of the pipe ends, the program does not.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	var talk strings.Builder
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "WRITE_ALERTS=1"), w, &talk
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r.Read(make([]byte, 10))
	r.Close()
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		if exit != nil && exit.Sys().(syscall.WaitStatus).Signaled() {
			t.Error("ended by a signal")
		}
		t.Errorf("%v: %s", err, talk.String())
	}
	if !strings.HasPrefix(talk.String(), "whoever read standard output is gone") {
		t.Error(talk.String())
	}
}

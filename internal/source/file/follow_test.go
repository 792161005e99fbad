package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

// A desk takes deliveries, and remembers what was delivered and from where each
// stream goes on.
type desk struct {
	lines    []string // "name:line text"
	cursors  map[string]string
	problems map[string]error
	// breaks after so many lines, as a killed process does: cursors of what came
	// before are kept.
	breaks int
}

func newDesk() *desk {
	return &desk{cursors: map[string]string{}, problems: map[string]error{}, breaks: -1}
}

func (d *desk) Deliver(_ context.Context, v *source.Delivery) error {
	var text []byte
	buf := make([]byte, 700) // so that a delivery is read in several pieces
	for {
		n, err := v.Body.Read(buf)
		text = append(text, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	offset := int64(0)
	line := max(v.Line, 1)
	for l := range bytes.Lines(text) {
		if d.breaks == 0 {
			return context.Canceled
		}
		d.breaks--
		d.lines = append(d.lines, fmt.Sprintf("%s:%d %s", filepath.Base(v.Name), line, bytes.TrimRight(l, "\r\n")))
		line++
		offset += int64(len(l))
		if v.CursorAt != nil {
			d.cursors[v.Stream] = v.CursorAt(offset)
		}
	}
	if v.Cursor != "" {
		d.cursors[v.Stream] = v.Cursor
	}
	return nil
}

func (d *desk) Report(stream string, problem error) {
	if problem == nil {
		delete(d.problems, stream)
		return
	}
	d.problems[stream] = problem
}

func (d *desk) take() []string {
	out := d.lines
	d.lines = nil
	return out
}

// A followed is a folder with a follower that looks when it is told to.
type followed struct {
	t   *testing.T
	dir string
	f   *Follower
	d   *desk
}

func followDir(t *testing.T) *followed {
	t.Helper()
	w := &followed{t: t, dir: t.TempDir(), d: newDesk()}
	w.restart()
	return w
}

// restart begins anew from the cursors.
func (w *followed) restart() {
	c := DefaultFollow()
	c.Paths = []setting.Path{setting.Path(w.dir)}
	w.f = NewFollower(c, slog.New(slog.DiscardHandler))
	w.f.begin(w.d.cursors)
}

func (w *followed) look() []string {
	w.t.Helper()
	if err := w.f.look(w.t.Context(), w.d); err != nil && err != context.Canceled {
		w.t.Fatal(err)
	}
	return w.d.take()
}

func (w *followed) path(name string) string { return filepath.Join(w.dir, name) }

func (w *followed) add(name, text string) {
	w.t.Helper()
	f, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// settle makes a file old.
func (w *followed) settle(name string) {
	w.t.Helper()
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(w.path(name), old, old); err != nil {
		w.t.Fatal(err)
	}
}

func (w *followed) wants(what string, want ...string) {
	w.t.Helper()
	if got := w.look(); !slices.Equal(got, want) {
		w.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestFollowLines(t *testing.T) {
	w := followDir(t)
	w.wants("an empty folder")
	w.add("a.jsonl", "{\"n\":1}\n{\"n\":2}\n{\"n\"")
	w.wants("two lines and a half", `a.jsonl:1 {"n":1}`, `a.jsonl:2 {"n":2}`)
	w.wants("nothing new")
	w.add("a.jsonl", ":3}\n")
	w.wants("the other half", `a.jsonl:3 {"n":3}`)
	w.restart()
	w.wants("after a restart")
	w.add("a.jsonl", "{\"n\":4}")
	w.wants("a last line that may go on")
	w.settle("a.jsonl")
	w.wants("a last line that does not", `a.jsonl:4 {"n":4}`)
	w.add("b.jsonl", "{\"m\":1}\n")
	w.wants("a new file", `b.jsonl:1 {"m":1}`)
	w.add("b.jsonl", "{\"m\":")
	w.settle("b.jsonl")
	w.wants("half a line that settled")
}

func TestFollowRotation(t *testing.T) {
	w := followDir(t)
	w.add("log", "{\"n\":1}\n")
	w.wants("first", `log:1 {"n":1}`)
	w.add("log", "{\"n\":2}\n")
	if err := os.Rename(w.path("log"), w.path("log.1")); err != nil {
		t.Fatal(err)
	}
	w.add("log", "{\"m\":1}\n")
	w.wants("renamed with a line that was not read, and begun anew", `log:1 {"m":1}`, `log.1:1 {"n":1}`, `log.1:2 {"n":2}`)
	if err := os.Truncate(w.path("log"), 0); err != nil {
		t.Fatal(err)
	}
	w.add("log", "{\"k\":1}\n")
	w.wants("emptied and written anew", `log:1 {"k":1}`)
}

func TestFollowRenamed(t *testing.T) {
	w := followDir(t)
	w.add("log", "{\"n\":1}\n")
	w.wants("first", `log:1 {"n":1}`)
	w.add("log", "{\"n\":2}\n")
	if err := os.Rename(w.path("log"), w.path("log.1")); err != nil {
		t.Fatal(err)
	}
	w.wants("only what is new under the new name", `log.1:2 {"n":2}`)
}

func TestFollowCSV(t *testing.T) {
	w := followDir(t)
	w.add("s.csv", "Date,User\n1,a\n2,\"b")
	w.wants("a row and a half", `s.csv:1 Date,User`, `s.csv:2 1,a`)
	w.add("s.csv", "b\"\n3,c\n")
	w.wants("the others, under the header", `s.csv:2 Date,User`, `s.csv:3 2,"bb"`, `s.csv:4 3,c`)
}

func TestFollowWhole(t *testing.T) {
	w := followDir(t)
	w.add("page.json", "[{\n\"n\":1}")
	w.wants("a document that is being written")
	w.settle("page.json")
	w.wants("as it was left", "page.json:1 [{", "page.json:2 \"n\":1}")
	w.add("page.json", "]")
	w.wants("it goes on")
	w.settle("page.json")
	w.wants("whole", "page.json:1 [{", "page.json:2 \"n\":1}]")
	w.restart()
	w.wants("after a restart")

	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	if _, err := g.Write([]byte("{\"z\":1}\n{\"z\":2}\n")); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	w.add("old.jsonl.gz", z.String())
	w.settle("old.jsonl.gz")
	w.wants("compressed", `old.jsonl.gz:1 {"z":1}`, `old.jsonl.gz:2 {"z":2}`)
}

func TestFollowProblems(t *testing.T) {
	w := followDir(t)
	w.add("bad.gz", "\x1f\x8b\x08 this is not gzip")
	w.add("good.jsonl", "{\"n\":1}\n")
	w.settle("bad.gz")
	w.wants("the others are read", `good.jsonl:1 {"n":1}`)
	first := w.f.spoilt[w.path("bad.gz")].at
	w.wants("nothing is new")
	if again := w.f.spoilt[w.path("bad.gz")].at; first.IsZero() || again != first {
		t.Errorf("what is damaged was read again, %v after %v", again, first)
	}
	if w.d.problems[w.path("bad.gz")] == nil {
		t.Errorf("nothing is said of the bad file: %v", w.d.problems)
	}
	if err := os.Remove(w.path("bad.gz")); err != nil {
		t.Fatal(err)
	}
	w.wants("and on")
	if len(w.d.problems) > 0 {
		t.Errorf("the problem stays: %v", w.d.problems)
	}
}

// TestFollowKilled: whatever is written when, and however often the reader is
// killed and begins anew, each line comes, under its number.
func TestFollowKilled(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(1, seed))
		w := followDir(t)
		want, got := map[string]bool{}, map[string]bool{}
		n := map[string]int{}
		header := map[string]string{"a.jsonl": "", "b.csv": "x,y\n"}
		take := func() {
			for _, l := range w.look() {
				got[l] = true
			}
		}
		for range 60 {
			for name, head := range header {
				if n[name] == 0 && head != "" {
					w.add(name, head)
					n[name]++
					want[name+":1 "+strings.TrimSpace(head)] = true
				}
				for range rng.IntN(4) {
					text := fmt.Sprintf("{\"n\":%d,\"pad\":\"%s\"}\n", n[name], strings.Repeat("x", rng.IntN(200)))
					if head != "" {
						text = fmt.Sprintf("%d,%s\n", n[name], strings.Repeat("y", rng.IntN(200)))
					}
					n[name]++
					want[fmt.Sprintf("%s:%d %s", name, n[name], strings.TrimSpace(text))] = true
					if cut := rng.IntN(len(text)); rng.IntN(4) == 0 {
						w.add(name, text[:cut]) // the rest follows
						take()
						text = text[cut:]
					}
					w.add(name, text)
				}
			}
			if rng.IntN(3) == 0 {
				w.d.breaks = rng.IntN(20)
				take()
				w.d.breaks = -1
				w.restart()
			}
			take()
		}
		for l := range want {
			if !got[l] {
				t.Fatalf("seed %d: missing %q", seed, l)
			}
		}
	}
}

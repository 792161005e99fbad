package statetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// place tells a process that it is a helper, and which place it writes to.
const place = "STATETEST_PLACE"

// Helper is called first in TestMain. In a process that Crash started it writes to
// the place until it is killed, and does not come back.
func Helper(open func(place string) (state.Store, error)) {
	if p, ok := os.LookupEnv(place); ok {
		err := write(open, p)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write makes one change after the other and says on standard output which are
// kept.
func write(open func(place string) (state.Store, error), place string) error {
	s, err := open(place)
	if err != nil {
		return err
	}
	ctx := context.Background()
	mark, err := s.Value(ctx, "mark")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(mark) // none yet
	for {
		n++
		if err := s.Apply(ctx, step(n)); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(os.Stdout, n); err != nil {
			return err
		}
	}
}

// step is the nth change: something of everything, and now and then a lot.
func step(n int) *state.Changes {
	id := strconv.Itoa(n)
	body := strings.Repeat(id, 1+n*7919%20_000)
	c := &state.Changes{
		Cursors:    []state.Cursor{{Source: "a", Stream: "b", Text: id}},
		Files:      []state.File{file(id)},
		Removed:    []string{strconv.Itoa(n - 3)},
		Segments:   []state.Segment{segment("a", at(n), at(n), body)},
		Expired:    []state.Expiry{{Class: "a", Before: at(n - 3)}},
		Tallies:    []state.Tally{{Name: []byte(id), Body: []byte(id)}},
		Alerts:     []state.Alert{fact(id, 1, at(n), at(n)), fact("a", n, at(n), at(n))},
		Deliveries: []state.Delivery{delivery(id, 1, "a", at(n))},
		Hours:      []state.Hour{{At: at(0), Events: 1}},
		Values:     []state.Value{{Name: "mark", Text: id}},
	}
	if n > 3 {
		d := delivery(strconv.Itoa(n-3), 1, "a", at(n))
		d.Done = true
		c.Deliveries = append(c.Deliveries, d)
	}
	return c
}

// Crash kills processes that write to a place, which open must open as Helper
// does, and looks each time that everything is there that they said was kept, and
// at most one change more, whole.
func Crash(t *testing.T, where string, open Open, kills int) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(rand.Uint64(), 1))
	total := 0
	for range kills {
		acknowledged, err := kill(t, exe, where, time.Duration(rnd.IntN(60_000))*time.Microsecond)
		if err != nil {
			t.Fatal(err)
		}
		s := reopen(t, open)
		mark := must[string](t)(s.Value(t.Context(), "mark"))
		n, _ := strconv.Atoi(mark) // none yet
		if n < max(acknowledged, total) || acknowledged > 0 && n > acknowledged+1 {
			t.Fatalf("%d changes were acknowledged, %d are there", acknowledged, n)
		}
		total = n
		intact(t, s, n)
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d changes survived %d kills", total, kills)
	if total < kills {
		t.Errorf("only %d changes were made", total)
	}
}

// reopen waits for the end of the process that was killed to be noticed.
func reopen(t *testing.T, open Open) state.Store {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		s, err := open()
		if err == nil {
			return s
		}
		if !errors.Is(err, state.ErrInUse) || time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// kill starts a helper, waits for its first word and then for a while, and kills it. It
// gives the last change that was acknowledged.
func kill(t *testing.T, exe, where string, after time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), place+"="+where)
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	r := bufio.NewReader(out)
	first, err := r.ReadString('\n')
	if err != nil {
		_ = cmd.Wait() // its words say more
		return 0, fmt.Errorf("the helper ended: %s", problem.String())
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer timer.Stop()
	rest, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	_ = cmd.Wait() // it was killed
	if problem.Len() > 0 {
		return 0, fmt.Errorf("the helper failed: %s", problem.String())
	}
	lines := strings.Split(first+string(rest), "\n") // what follows the last line feed is half a word
	return strconv.Atoi(lines[len(lines)-2])
}

// intact looks that exactly n steps are there.
func intact(t *testing.T, s state.Store, n int) {
	t.Helper()
	if n == 0 {
		return
	}
	m := &Model{}
	var want state.Changes
	for i := max(1, n-3); i <= n; i++ {
		c := step(i)
		if err := m.Apply(t.Context(), &state.Changes{Files: c.Files, Removed: c.Removed, Segments: c.Segments, Expired: c.Expired, Cursors: c.Cursors}); err != nil {
			t.Fatal(err)
		}
		want = *c
	}
	got, expected := everything(t, s), everything(t, m)
	same(t, got.Cursors, expected.Cursors)
	same(t, got.Files, expected.Files)
	same(t, got.Segments, expected.Segments)
	if len(got.Tallies) != n || len(got.Alerts) != n+1 || len(got.History["a"]) != n ||
		len(got.Hours) != 1 || got.Hours[0].Events != int64(n) || len(got.Pending["a"]) != min(n, 3) {
		t.Fatalf("%d tallies, %d alerts, %d facts, hours %+v, %d deliveries after %d steps",
			len(got.Tallies), len(got.Alerts), len(got.History["a"]), got.Hours, len(got.Pending["a"]), n)
	}
	last := got.Pending["a"][len(got.Pending["a"])-1]
	same(t, last.Alert, want.Alerts[0].ID)
}

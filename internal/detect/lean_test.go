package detect_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/rules"
)

// busyMonday is ordinary traffic with attacks in it.
func busyMonday(n int) []simulate.Record {
	start := time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	recs := slices.Concat(
		simulate.PasswordSpray(start, 60, 3*time.Hour), simulate.BruteForce(start, 70, 7*time.Second), simulate.MFAFatigue(start, 9, 40*time.Second),
	)
	// What an attack opened: sign-ins from its address.
	for i, r := range recs {
		if i%20 == 3 {
			r = r.WithTime(start.Add(4 * time.Hour)).WithID(simulate.VictimID(100_000 + i))
			_ = r.Set("status.errorCode", 0)
			recs = append(recs, r)
		}
	}
	for r := range simulate.SigninRecords(1) {
		if n--; n < 0 {
			return recs
		}
		recs = append(recs, r)
	}
	return recs
}

// TestLeanHitsSayTheSame: hits that carry fields, of which signals are made when
// they are asked for, give what signals give that are made of the event.
func TestLeanHitsSayTheSame(t *testing.T) {
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "app", "testdata", "baseline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := baseline.Parse("baseline.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := simulate.Write(&buf, event.Diagnostic, simulate.NDJSON, busyMonday(1500)); err != nil {
		t.Fatal(err)
	}
	var got [2][][]byte
	for i, lean := range []bool{true, false} {
		e, err := detect.New(detect.Config{Rules: lib.Rules, Baseline: base})
		if err != nil {
			t.Fatal(err)
		}
		if !lean {
			e.Fatten()
		}
		h := hitsOf(t, e, bytes.NewReader(buf.Bytes()))
		until := time.Date(2026, 10, 6, 0, 0, 0, 0, time.UTC).UnixNano()
		got[i], _ = correlated(t, e, h, func(string, event.Kind) (int64, bool) { return until, true }, lean)
	}
	read := func(list [][]byte) (out []detect.Signal) {
		for _, b := range list {
			s, err := detect.DecodeSignal(b)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		return out
	}
	if !slices.EqualFunc(got[0], got[1], bytes.Equal) {
		t.Errorf("-lean +fat\n%s", gocmp.Diff(read(got[0]), read(got[1]), gocmp.AllowUnexported(detect.Distinct{})))
	}
	found := 0
	for _, s := range read(got[0]) {
		if s.Count > 1 {
			found++
		}
	}
	if found < 4 {
		t.Errorf("%d findings of several events; that tests little", found)
	}
}

// hitsOf decodes and matches records.
func hitsOf(t *testing.T, e *detect.Engine, r io.Reader) *hits {
	t.Helper()
	d, err := decode.NewDecoder(e.Schema, e.Wanted())
	if err != nil {
		t.Fatal(err)
	}
	w, m, ev := d.NewWorker(decode.Entra), e.NewMatcher(), event.New(e.Schema)
	out := &hits{filters: m.Filters()}
	fr := decode.NewFramer(r, "x")
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				t.Fatal(reason)
			}
			out.take(m, ev)
		}
	}
}

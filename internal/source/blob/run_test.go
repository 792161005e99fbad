package blob

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
)

func TestReads(t *testing.T) {
	s := newStorage(t)
	signins, audit := s.container("insights-logs-signinlogs"), s.container("insights-logs-auditlogs")
	s.add(signins, hour(0), "{\"a\":3}\r\n{\"a\":4}\r\n")
	s.add(signins, hour(2), "{\"a\":1}\n")
	s.add(audit, hour(1), "{\"a\":2}\n")
	s.add(signins, hour(24*8), "{\"older than since\":1}\n")
	in := newIntake()
	stop := start(t, s.reader(), nil, in)
	want := "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\r\n{\"a\":4}\r\n"
	defer func() {
		if t.Failed() {
			t.Logf("%q %v", in.text(), in.reports)
		}
	}()
	until(t, "all, the oldest first", func() bool { return in.text() == want })
	s.add(signins, hour(0), "{\"a\":5}\n{\"a\":")
	want += "{\"a\":5}\n"
	until(t, "more", func() bool { return in.text() == want })
	s.add(signins, hour(0), "6}\n")
	want += "{\"a\":6}\n"
	until(t, "the rest of the line", func() bool { return in.text() == want })
	s.add(s.container("insights-logs-riskyusers"), hour(0), "{\"a\":7}\n")
	want += "{\"a\":7}\n"
	until(t, "a new container", func() bool { return in.text() == want })
	stop()
	last := in.got[len(in.got)-2]
	if last.Name != signins+"/"+hour(0) || last.Line != 4 || last.Stream != signins+"/tenantId=0000" {
		t.Errorf("%s:%d of %s", last.Name, last.Line, last.Stream)
	}
	for _, stream := range []string{"", signins + "/tenantId=0000", audit + "/tenantId=0000"} {
		if err := in.problem(stream); err != nil || !in.reported(stream) {
			t.Errorf("%q: %v", stream, err)
		}
	}
	again := newIntake()
	stop = start(t, s.reader(), in.cursors, again)
	s.add(audit, hour(0), "{\"a\":8}\n")
	until(t, "what came since", func() bool { return again.text() != "" })
	stop()
	if again.text() != "{\"a\":8}\n" {
		t.Errorf("with the cursors %q is read", again.text())
	}
}

// TestKilled appends to blobs in pieces that end anywhere, while a reader is
// stopped at random points and goes on from what it last had stored: each line
// comes whole, and all of them do.
func TestKilled(t *testing.T) {
	const rounds = 10
	s := newStorage(t)
	rng := rand.New(rand.NewPCG(1, 2))
	stored := map[string]string{}
	got := map[string]int{}
	want := map[string]bool{}
	pending := map[string]string{} // what is still to be appended, by container and name
	container := [2]string{s.container("a"), s.container("b")}
	n := 0
	for round := range rounds {
		for range 6 {
			c, name := container[rng.IntN(2)], hour(rng.IntN(4))
			for range 1 + rng.IntN(8) {
				line := fmt.Sprintf(`{"id":%d,"text":"%s"}`, n, strings.Repeat("x", rng.IntN(300)))
				n++
				want[line] = true
				pending[c+" "+name] += line + "\n"
			}
		}
		for where, text := range pending {
			cut := rng.IntN(len(text) + 1)
			if round == rounds-1 {
				cut = len(text)
			}
			if cut > 0 {
				c, name, _ := strings.Cut(where, " ")
				s.add(c, name, text[:cut])
			}
			if pending[where] = text[cut:]; cut == len(text) {
				delete(pending, where)
			}
		}
		in := newIntake()
		left := rng.IntN(8)
		if round == rounds-1 {
			left = 1 << 30
		}
		in.refuse = func() error {
			if left--; left < 0 {
				return errors.New("killed")
			}
			return nil
		}
		reader := s.reader(func(s *Source) { s.chunk = 256 + rng.IntN(1000) })
		if round < rounds-1 {
			ctx := t.Context()
			r := reader.newRun(in)
			for stream, text := range stored {
				p, err := parsePlace(text)
				if err != nil {
					t.Fatal(err)
				}
				r.places[stream] = p
			}
			for i := range 2 {
				if _, err := r.look(ctx, i == 0); err != nil {
					break
				}
			}
		} else {
			stop := start(t, reader, stored, in)
			until(t, "the end of it", func() bool {
				lines := strings.Count(in.text(), "\n")
				time.Sleep(100 * time.Millisecond)
				return strings.Count(in.text(), "\n") == lines
			})
			stop()
		}
		// Some deliveries are stored up to their end, the last perhaps in part.
		keep := len(in.got)
		if keep > 0 && rng.IntN(2) == 0 {
			keep--
		}
		for i, d := range in.got[:keep] {
			text := d.text
			stored[d.Stream] = d.Cursor
			if i == keep-1 && rng.IntN(2) == 0 && round < rounds-1 {
				at := rng.IntN(len(text) + 1)
				at = strings.LastIndexByte(text[:at], '\n') + 1
				stored[d.Stream] = d.CursorAt(int64(at))
				text = text[:at]
			}
			for line := range strings.Lines(text) {
				got[strings.TrimSuffix(line, "\n")]++
			}
		}
		if round == rounds-1 {
			for _, d := range in.got[keep:] {
				for line := range strings.Lines(d.text) {
					got[strings.TrimSuffix(line, "\n")]++
				}
			}
		}
	}
	for line := range want {
		if got[line] != 1 {
			t.Errorf("%d times: %s", got[line], line)
		}
	}
	for line := range got {
		if !want[line] {
			t.Errorf("not a line: %q", line)
		}
	}
}

// TestCursorInside: from any offset at which a record ends exactly the lines
// behind it come again.
func TestCursorInside(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	const text = "{\"a\":1}\r\n\n{\"records\":[{\"a\":2},{\"a\":3}]}\n{\"a\":4}\n"
	s.add(c, hour(0), "{\"a\":0}\n"+text)
	in := newIntake()
	stop := start(t, s.reader(), nil, in)
	until(t, "all", func() bool { return in.text() == "{\"a\":0}\n"+text })
	stop()
	d := in.got[0]
	for mark, want := range map[string]string{
		`{"a":0}`: text, `{"a":1}`: text[9:], `{"a":2}`: text[10:], `{"a":3}`: text[10:], `{"a":3}]}`: "{\"a\":4}\n", `{"a":4}`: "",
	} {
		at := strings.Index(d.text, mark) + len(mark)
		again := newIntake()
		stop := start(t, s.reader(), map[string]string{d.Stream: d.CursorAt(int64(at))}, again)
		until(t, "a look", func() bool { return again.reported(d.Stream) })
		stop()
		if again.text() != want {
			t.Errorf("behind %s come %q, want %q", mark, again.text(), want)
		}
		if want != "" && again.got[0].Line != 1+strings.Count(d.text[:len(d.text)-len(want)], "\n") {
			t.Errorf("behind %s: line %d", mark, again.got[0].Line)
		}
	}
}

// TestReplaced: a blob that is another one under the same name is read anew.
func TestReplaced(t *testing.T) {
	for _, tc := range []struct{ name, first, second string }{
		{"smaller", "{\"a\":1}\n{\"a\":2}\n", "{\"b\":1}\n"},
		{"as large", "{\"a\":1}\n", "{\"b\":1}\n"},
		{"larger", "{\"a\":1}\n", "{\"b\":1}\n{\"b\":2}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStorage(t)
			c := s.container("a")
			s.put(c, hour(1), tc.first)
			in := newIntake()
			stop := start(t, s.reader(), nil, in)
			until(t, "the first", func() bool { return in.text() == tc.first })
			s.put(c, hour(1), tc.second)
			until(t, "the second", func() bool { return in.text() == tc.first+tc.second })
			stop()
		})
	}
}

func TestWholeBlobs(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte("{\"packed\":1}\n"))
	z.Close()
	document := "{\n  \"records\": [\n    {\"a\": 1}\n  ]\n}"
	s := newStorage(t)
	c := s.container("export")
	s.put(c, "one.json.gz", packed.String())
	s.put(c, "two.json", document)
	s.put(c, "three.csv", "a,b\n1,2\n3,4\n")
	s.put(c, "four.json.gz", packed.String()[:packed.Len()-6])
	s.put(c, "five.json", "{\"no line break\":1}")
	s.put(c, "empty.json", "")
	s.add(c, "six.json", "[\n") // it is still written
	in := newIntake()
	stop := start(t, s.reader(func(s *Source) { s.chunk = 16 }), nil, in)
	until(t, "five blobs", func() bool { in.mu.Lock(); defer in.mu.Unlock(); return len(in.got) >= 4 })
	s.add(c, "six.json", "{\"a\":1}]")
	time.Sleep(50 * time.Millisecond)
	stop()
	got := map[string]string{}
	for _, d := range in.got {
		got[strings.TrimPrefix(d.Name, c+"/")] += d.text
	}
	for name, want := range map[string]string{"one.json.gz": "{\"packed\":1}\n", "two.json": document, "three.csv": "a,b\n1,2\n3,4\n", "five.json": "", "six.json": ""} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if !strings.Contains(got["four.json.gz"], "{\"packed\":1}\nthe gzip data are damaged") {
		t.Errorf("damaged: %q", got["four.json.gz"])
	}
	if p := in.problem(c + "/"); p == nil || !strings.Contains(p.Error(), "four.json.gz: the gzip data are damaged") {
		t.Errorf("it says of the damage: %v", p)
	}
	// When nothing was added for a while all is complete.
	again := newIntake()
	stop = start(t, s.reader(func(s *Source) { s.chunk, s.restAfter = 16, -time.Minute }), in.cursors, again)
	until(t, "the rest", func() bool {
		return strings.Contains(again.text(), "[\n{\"a\":1}]") && strings.Contains(again.text(), "{\"no line break\":1}")
	})
	stop()
	if len(again.got) != 2 {
		t.Errorf("%d deliveries", len(again.got))
	}
}

// TestLongLine: a line that is longer than a chunk comes whole, and one that is
// longer than any record does not stop the stream.
func TestLongLine(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	long := "{\"a\":\"" + strings.Repeat("x", 5000) + "\"}\n"
	endless := "{\"a\":\"" + strings.Repeat("y", 50_000) + "\"}\n"
	s.add(c, hour(1), "{}\n"+long+endless+"{\"b\":1}\n")
	in := newIntake()
	stop := start(t, s.reader(func(s *Source) { s.chunk, s.longest = 100, 20_000 }), nil, in)
	until(t, "all", func() bool { return strings.HasSuffix(in.text(), "{\"b\":1}\n") })
	stop()
	if in.text() != "{}\n"+long+endless+"{\"b\":1}\n" || in.got[1].text != long {
		t.Errorf("read %d bytes in %d deliveries", len(in.text()), len(in.got))
	}
}

// TestLateChange: an hour that is over for long is read again if it changes.
func TestLateChange(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	for ago := 40; ago > 0; ago-- {
		s.add(c, hour(ago), fmt.Sprintf("{\"ago\":%d}\n", ago))
	}
	// The hours of this test were all written just now; so they count as written
	// before the listing.
	later := func(s *Source) { s.slack = -time.Second }
	in := newIntake()
	stop := start(t, s.reader(later), nil, in)
	until(t, "all", func() bool { return strings.Count(in.text(), "\n") == 40 })
	stop()
	p, err := parsePlace(in.cursors[c+"/tenantId=0000"])
	if err != nil || len(p.Open) > int(openHours/time.Hour)+2 {
		t.Errorf("the cursor holds %d hours: %v", len(p.Open), err)
	}
	time.Sleep(2100 * time.Millisecond) // times of blobs are in seconds
	s.add(c, hour(30), "{\"late\":1}\n")
	again := newIntake()
	stop = start(t, s.reader(later), in.cursors, again)
	until(t, "the late line", func() bool { return strings.Contains(again.text(), "late") })
	time.Sleep(100 * time.Millisecond)
	stop()
	if again.text() != "{\"ago\":30}\n{\"late\":1}\n" {
		t.Errorf("read %q", again.text())
	}
}

func TestDeleted(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	s.add(c, hour(1), "{\"a\":1}\n")
	in := newIntake()
	stop := start(t, s.reader(), nil, in)
	until(t, "the first", func() bool { return in.text() != "" })
	s.remove(c, hour(1))
	s.add(c, hour(0), "{\"a\":2}\n")
	until(t, "the second", func() bool { return in.text() == "{\"a\":1}\n{\"a\":2}\n" })
	stop()
}

func TestForeignCursor(t *testing.T) {
	s := newStorage(t)
	for _, text := range []string{"", "17", "{}", `{"before":"x"}`, `{"before":"2026-11-30T01","open":{"a":{"offset":-1}}}`, `{"before":"2026-11-30T01","next":1}`} {
		var p *source.Problem
		if err := s.reader().Run(t.Context(), map[string]string{"a": text}, newIntake()); !errors.As(err, &p) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

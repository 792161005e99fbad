package detect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/sigma"
)

const (
	home     = simulate.Tenant
	consumer = "9d1c8b8e-0a77-4d6c-8f0e-3a7cf2b4e001"
)

// rule writes a rule for service of product azure, or for "product/service".
// Further lines are put below its end.
func rule(service, detection string, more ...string) string {
	product, service, ok := strings.Cut(service, "/")
	if !ok {
		product, service = "azure", product
	}
	source := "{product: " + product
	if service != "" {
		source += ", service: " + service
	}
	if !strings.Contains(detection, "condition:") {
		detection += "\ncondition: selection"
	}
	if !strings.Contains(detection, "selection") || strings.HasPrefix(detection, "condition") {
		panic("a detection has a selection")
	}
	return "title: A rule\nid: 5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10\nlogsource: " + source + "}\ndetection:\n" +
		"  " + strings.ReplaceAll(detection, "\n", "\n  ") + "\n" + strings.Join(more, "\n") + "\n"
}

// parse reads one rule; its slug is name.
func parse(t testing.TB, name, text string) *Rule {
	t.Helper()
	docs, err := sigma.Parse(name+".yml", []byte(text))
	if err != nil || len(docs) != 1 {
		t.Fatalf("%s: %d documents, %v\n%s", name, len(docs), err, text)
	}
	r, err := NewRule(docs[0], false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// declare reads a baseline; "" declares nothing.
func declare(t testing.TB, text string) *baseline.Baseline {
	t.Helper()
	b, err := baseline.Parse("baseline.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// engineOf compiles rules, named r0, r1, … in order.
func engineOf(t testing.TB, base string, rules ...string) *Engine {
	t.Helper()
	c := Config{Baseline: declare(t, base)}
	for i, text := range rules {
		c.Rules = append(c.Rules, parse(t, fmt.Sprintf("r%d", i), text))
	}
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// A pipe decodes and matches records, as a scan does.
type pipe struct {
	*Matcher
	w  *decode.Worker
	ev *event.Event
}

func newPipe(t testing.TB, e *Engine) *pipe {
	t.Helper()
	d, err := decode.NewDecoder(e.Schema, e.Wanted())
	if err != nil {
		t.Fatal(err)
	}
	return &pipe{e.NewMatcher(), d.NewWorker(decode.Entra), event.New(e.Schema)}
}

// read writes a record in a format and decodes it.
func (p *pipe) read(t testing.TB, rec simulate.Record, format event.Format) *event.Event {
	t.Helper()
	var buf bytes.Buffer
	if err := simulate.Write(&buf, format, simulate.Layouts(format)[0], []simulate.Record{rec}); err != nil {
		t.Fatal(err)
	}
	var b decode.Batch
	f := decode.NewFramer(&buf, "records.json")
	for {
		if err := f.Next(&b); errors.Is(err, io.EOF) {
			t.Fatal("nothing was read")
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range b.Recs {
			if reason := p.w.Decode(&b, &b.Recs[i], p.ev); reason != "" {
				t.Fatal(reason)
			}
			return p.ev
		}
	}
}

// fires reports whether rule i matches a record, in the first format of its kind.
func (p *pipe) fires(t testing.TB, i int, rec simulate.Record) bool {
	t.Helper()
	return slices.Contains(p.Match(p.read(t, rec, event.FormatsOf(rec.Kind)[0])), i)
}

// signal is the only signal of an event.
func (p *pipe) signal(t testing.TB, e *Engine, ev *event.Event) Signal {
	t.Helper()
	var out []Signal
	c := e.NewCorrelator(NewMemory, func(s *Signal) error {
		kept, err := DecodeSignal(s.Append(nil))
		out = append(out, kept)
		return err
	})
	if err := c.AddHits(ev.Key, p.Hits(nil, p.Match(ev), ev, []byte("source"))); err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d signals", len(out))
	}
	return out[0]
}

// A change alters a base record.
type change func(testing.TB, simulate.Record)

func set(pairs ...any) change {
	return func(t testing.TB, r simulate.Record) {
		t.Helper()
		for i := 0; i < len(pairs); i += 2 {
			if err := r.Set(pairs[i].(string), pairs[i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// changed sets a modified property.
func changed(name, old, new string) change {
	return func(t testing.TB, r simulate.Record) {
		t.Helper()
		if err := r.SetChange(name, old, new); err != nil {
			t.Fatal(err)
		}
	}
}

func base(t testing.TB, name string, changes ...change) simulate.Record {
	t.Helper()
	r, ok := simulate.Base(name)
	if !ok {
		t.Fatalf("there is no base record %s", name)
	}
	for _, c := range changes {
		if c != nil {
			c(t, r)
		}
	}
	return r
}

package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// A run takes the events of a case through the pipeline.
type run struct {
	eng     *detect.Engine
	decoder *decode.Decoder
	hits    []hits
	matcher *detect.Matcher
	marks   map[event.Kind]int64
	events  int
	seen    map[event.Key]bool // copies of a record are one event
}

// hits are what one event means to the rules.
type hits struct {
	key event.Key
	rec []byte
}

// runCase writes, decodes, matches and correlates the records of a case, in
// the order of the case and backwards: the order of arrival must not matter.
func runCase(eng *detect.Engine, decoder *decode.Decoder, c *Case, recs []simulate.Record, format event.Format, layout simulate.Layout) error {
	r := &run{eng: eng, decoder: decoder, matcher: eng.NewMatcher(), marks: map[event.Kind]int64{}, seen: map[event.Key]bool{}}
	for _, same := range alike(recs, format, layout) {
		if err := r.read(same); err != nil {
			return err
		}
	}
	if r.events != len(recs) {
		return fmt.Errorf("%d records were written, %d events were read", len(recs), r.events)
	}
	alerts, err := r.alerts()
	if err != nil {
		return err
	}
	slices.Reverse(r.hits)
	backwards, err := r.alerts()
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(alerts, backwards) {
		return errors.New("the same events in another order give other alerts")
	}
	return judge(c, alerts)
}

// A batch is records that can stand in one file.
type batch struct {
	format event.Format
	layout simulate.Layout
	name   string
	recs   []simulate.Record
}

// alike puts together what one export would hold.
func alike(recs []simulate.Record, format event.Format, layout simulate.Layout) []*batch {
	var out []*batch
	for _, rec := range recs {
		b := &batch{format: format, layout: layout, name: fileName(rec)}
		if formats := rec.Formats(); !slices.Contains(formats, format) {
			b.format, b.layout = formats[0], simulate.Layouts(formats[0])[0]
		}
		i := slices.IndexFunc(out, func(o *batch) bool {
			return o.format == b.format && o.name == b.name && o.recs[0].Kind == rec.Kind && o.recs[0].Sub == rec.Sub && o.recs[0].Tenant == rec.Tenant
		})
		if i < 0 {
			out = append(out, b)
			i = len(out) - 1
		}
		out[i].recs = append(out[i].recs, rec)
	}
	return out
}

func (r *run) read(f *batch) error {
	var buf bytes.Buffer
	if err := simulate.Write(&buf, f.format, f.layout, f.recs); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w := r.decoder.NewWorker(decode.Entra)
	w.Tenant = f.recs[0].Tenant
	ev := event.New(r.eng.Schema)
	fr := decode.NewFramer(&buf, f.name)
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for _, bad := range b.Bad {
			return fmt.Errorf("line %d: %s", bad.Line, bad.Reason)
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				return errors.New(reason)
			}
			if ev.Kind != f.recs[0].Kind {
				return fmt.Errorf("decoded as %s instead of %s", ev.Kind, f.recs[0].Kind)
			}
			r.take(ev)
		}
	}
}

// take matches one event.
func (r *run) take(ev *event.Event) {
	r.events++
	if !ev.Time.IsZero() {
		r.marks[ev.Kind] = max(r.marks[ev.Kind], ev.Time.UnixNano())
	}
	if r.seen[ev.Key] {
		return
	}
	r.seen[ev.Key] = true
	if rec := r.matcher.Hits(nil, r.matcher.Match(ev), ev, []byte(ev.Source.String())); len(rec) > 0 {
		r.hits = append(r.hits, hits{ev.Key, rec})
	}
}

// alerts are what the signals amount to.
func (r *run) alerts() ([]*alert.Alert, error) {
	sorted := detect.NewMemory()
	c := r.eng.NewCorrelator(detect.NewMemory, func(s *detect.Signal) error { return sorted.Add(s.Append(nil)) })
	each := func(add func(event.Key, []byte) error) error {
		for _, h := range r.hits {
			if err := add(h.key, h.rec); err != nil {
				return err
			}
		}
		return nil
	}
	c.Use(detect.Input{Filters: r.matcher.Filters(), Again: each})
	if err := each(c.AddHits); err != nil {
		return nil, err
	}
	err := c.Finish(func(_ string, k event.Kind) (int64, bool) {
		at, ok := r.marks[k]
		return at, ok
	})
	if err != nil {
		return nil, err
	}
	var alerts []*alert.Alert
	build := alert.NewBuilder(r.eng.Rules(), c.Widespread, func(a *alert.Alert) error { alerts = append(alerts, a); return nil })
	for b, err := range sorted.Sorted() {
		if err != nil {
			return nil, err
		}
		s, err := detect.DecodeSignal(b)
		if err != nil {
			return nil, err
		}
		if err := build.Add(s); err != nil {
			return nil, err
		}
	}
	return alerts, build.Close()
}

func judge(c *Case, alerts []*alert.Alert) error {
	if c.Rule != "" {
		alerts = slices.DeleteFunc(alerts, func(a *alert.Alert) bool { return a.Rule != c.Rule })
	}
	switch {
	case *c.Fires && len(alerts) == 0:
		return errors.New("the rule stays silent, it should fire")
	case !*c.Fires && len(alerts) > 0:
		return fmt.Errorf("the rule fires, it should stay silent: %s", alerts[0].Summary)
	case len(alerts) == 0:
		return nil
	}
	a := alerts[0]
	switch {
	case c.Alerts > 0 && len(alerts) != c.Alerts:
		return fmt.Errorf("%d alerts, expected %d; the first: %s", len(alerts), c.Alerts, a.Summary)
	case c.Severity != "" && a.Severity != c.Severity:
		return fmt.Errorf("severity is %s (%s), expected %s", a.Severity, a.SeverityReason, c.Severity)
	case c.Summary != "" && a.Summary != c.Summary:
		return fmt.Errorf("summary is %q, expected %q", a.Summary, c.Summary)
	case c.Count > 0 && a.Count != c.Count:
		return fmt.Errorf("counts %d events, expected %d", a.Count, c.Count)
	}
	return nil
}

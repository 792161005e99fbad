package app

import (
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/posture"
	"github.com/entrawatch/entrawatch/internal/spill"
)

// A worker decodes and matches batches.
type worker struct {
	sc      *scan
	decode  *decode.Worker
	details *decode.Worker
	licence *decode.Worker
	match   *detect.Matcher
	// A few records are decoded, and then matched, before what follows from each is
	// looked at: the processor keeps at hand the code of the one or of the other.
	few     [detect.Several]*event.Event
	reasons [detect.Several]string // why it could not be decoded
	taken   []*event.Event         // those to match
	at      []int                  // which of the few they are
	full    *event.Event           // one of them again, with details
	watch   *posture.Watch         // nil: nobody holds a role
	columns *detect.Columns        // nil: nobody asks
	keys    *spill.Sorter
	bad     *spill.Sorter // for the quarantine
	buf     []byte
	source  []byte
	place   []byte
	tally   tally
}

func (sc *scan) newWorker() *worker {
	w := &worker{
		sc: sc, decode: sc.decoder.NewWorker(sc.mode()), details: sc.details.NewWorker(sc.mode()), licence: sc.licence.NewWorker(sc.mode()),
		match: sc.engine.NewMatcher(), full: event.New(sc.engine.Schema),
		keys: spill.New(sc.TempDir, sc.Memory/sc.Workers),
	}
	for i := range w.few {
		w.few[i] = event.New(sc.engine.Schema)
	}
	w.decode.Tenant, w.details.Tenant = sc.Tenant, sc.Tenant
	w.watch = sc.dir.snap.Watch(sc.engine.Schema, sc.holders)
	if sc.Columns {
		w.columns = sc.engine.NewColumns()
	}
	if sc.Quarantine {
		w.bad = spill.New(sc.TempDir, sc.Memory/4/sc.Workers)
	}
	return w
}

func (w *worker) do(j job) error {
	if j.rows != nil {
		return w.doRows(j.rows, j.file)
	}
	b, rep := j.batch, j.file
	records := len(b.Recs)
	events := 0
	var formats [event.NumFormats]bool
	for from := 0; from < len(b.Recs); from += len(w.few) {
		recs := b.Recs[from:min(from+len(w.few), len(b.Recs))]
		for i := range recs {
			w.reasons[i] = w.decode.Decode(b, &recs[i], w.few[i])
		}
		w.taken, w.at = w.taken[:0], w.at[:0]
		for i := range recs {
			rec, ev := &recs[i], w.few[i]
			if reason := w.reasons[i]; reason != "" {
				if err := w.reject(rep, decode.Bad{Line: rec.Line, Index: rec.Index, Reason: reason, Raw: b.Text(rec)}); err != nil {
					return err
				}
				continue
			}
			if w.sc.outside(ev) {
				w.tally.outside++
				continue
			}
			events++
			formats[ev.Format] = true
			w.taken, w.at = append(w.taken, ev), append(w.at, i)
		}
		for i, hits := range w.match.MatchAll(w.taken) {
			if err := w.take(w.taken[i], hits, b, &recs[w.at[i]], rep); err != nil {
				return err
			}
			if from+w.at[i] == 0 && w.taken[i].Kind == event.Signin {
				w.licensed(b, &recs[w.at[i]])
			}
		}
	}
	for _, bad := range b.Bad {
		if !bad.Notice {
			records++
		}
		if err := w.reject(rep, bad); err != nil {
			return err
		}
	}
	rep.add(records, events, formats)
	w.sc.events.Add(int64(events))
	return nil
}

// outside reports whether an event is not of the period.
func (sc *scan) outside(ev *event.Event) bool {
	// Directory objects are as they are now, whatever date they carry.
	return !ev.Time.IsZero() && !ev.Kind.Snapshot() &&
		(!sc.Since.IsZero() && ev.Time.Before(sc.Since) || !sc.Until.IsZero() && !ev.Time.Before(sc.Until))
}

// see notes what an event says apart from rules.
func (w *worker) see(ev *event.Event) {
	w.tally.count(ev)
	if w.watch != nil {
		w.watch.See(ev)
	}
	if w.columns != nil {
		w.columns.See(ev)
	}
}

// take keeps what an event means to the rules, under its key.
func (w *worker) take(ev *event.Event, hits []int, b *decode.Batch, rec *decode.Rec, rep *fileReport) (err error) {
	w.see(ev)
	w.buf = appendKey(w.buf[:0], ev, contentHash(ev.Raw))
	if w.buf, err = w.hits(w.buf, ev, hits, b, rec, rep); err != nil {
		return err
	}
	return w.keys.Add(w.buf)
}

// hits appends what an event means to the rules that it satisfies. If one
// alerts by itself the record is read once more, with all that an alert tells.
func (w *worker) hits(dst []byte, ev *event.Event, hits []int, b *decode.Batch, rec *decode.Rec, rep *fileReport) ([]byte, error) {
	w.source = appendSource(w.source[:0], rep.index, rec.Line, rec.Index)
	var place []byte
	if offset, n, ok := b.Span(rec); ok && !w.sc.files[rep.index].Stdin {
		w.place = appendPlace(w.place[:0], rep.index, offset, n, ev)
		place = w.place
	}
	dst, rest, done := w.match.Brief(dst, hits, ev, w.source, place)
	if done {
		return dst, nil
	}
	if len(rest) == 0 { // part of a sign-in and nothing more
		return w.match.Hits(dst, rest, ev, w.source), nil
	}
	if reason := w.details.Decode(b, rec, w.full); reason != "" {
		return dst, fmt.Errorf("%s:%d: decoded once and not again: %s", rep.path, rec.Line, reason)
	}
	return w.match.Hits(dst, rest, w.full, w.source), nil
}

// licensed notes whether a sign-in tells its risk. One of each batch is enough
// to know, until one does: the licence is the tenant's.
func (w *worker) licensed(b *decode.Batch, rec *decode.Rec) {
	if w.tally.told > 0 || w.licence.Decode(b, rec, w.full) != "" {
		return
	}
	w.risk()
}

// risk notes what the sign-in that licence has read tells.
func (w *worker) risk() {
	switch level := w.full.Text(w.sc.risk); {
	case level == "":
	case strings.EqualFold(level, "hidden"):
		w.tally.hidden++
	default:
		w.tally.told++
	}
}

func (w *worker) reject(rep *fileReport, bad decode.Bad) error {
	rep.reject(Undecodable{Line: bad.Line, Index: bad.Index, Reason: bad.Reason})
	if w.bad == nil {
		return nil
	}
	w.buf = appendQuarantine(w.buf[:0], rep.index, bad)
	return w.bad.Add(w.buf)
}

package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A matched is what a worker made of a batch, on its way to the keeper.
type matched struct {
	rows     *lake.Rows
	items    []item // of each row
	hits     []byte
	bad      []state.Quarantined
	bytes    int64
	sights   []detect.Sight
	intake   *intake
	stream   string
	received time.Time
	mark     *mark
}

// A sight is what a source brought of a log, and which of its columns are filled.
type sight struct {
	source string
	detect.Sight
}

// An item is what the keeper looks at in a row.
type item struct {
	key      event.Key
	kind     event.Kind
	tenant   string
	at       time.Time
	from, to int // its hits
}

func newMatched(schema *event.Schema) *matched { return &matched{rows: lake.NewRows(schema)} }

func (m *matched) reset() {
	m.rows.Reset()
	m.items, m.hits, m.bad, m.bytes, m.sights = m.items[:0], m.hits[:0], m.bad[:0], 0, m.sights[:0]
}

// A serveWorker decodes and matches batches. Unlike that of a scan it reads all
// fields of every record, because the lake keeps them.
type serveWorker struct {
	s      *Service
	decode *decode.Worker
	match  *detect.Matcher
	ev     *event.Event
	origin []byte
	tenant string // the last one: most events have the same
	look   *detect.Lookout
}

func (s *Service) newServeWorker() *serveWorker {
	w := &serveWorker{s: s, decode: s.decoder.NewWorker(decode.Entra), match: s.engine.NewLiveMatcher(), ev: event.New(s.engine.Schema), look: s.engine.NewLookout()}
	return w
}

func (w *serveWorker) run(ctx context.Context) {
	for j := range w.s.jobs {
		m := w.do(j)
		select {
		case w.s.results <- m:
		case <-ctx.Done():
			return
		}
	}
}

func (w *serveWorker) do(j *delivered) *matched {
	m := w.s.spare.Get().(*matched)
	m.reset()
	m.intake, m.stream, m.received, m.mark = j.intake, j.stream, j.received, j.mark
	if j.batch == nil {
		return m
	}
	b := j.batch
	m.bytes = int64(len(b.Data))
	w.decode.Tenant = w.s.Tenant
	if j.tenant != "" {
		w.decode.Tenant = j.tenant
	}
	bad := func(line, index int, reason string, raw []byte) {
		m.bad = append(m.bad, state.Quarantined{
			At: j.received, Source: j.intake.source, Name: j.name, Line: line, Index: index, Reason: reason, Raw: append([]byte(nil), raw...),
		})
	}
	for i := range b.Recs {
		rec := &b.Recs[i]
		if reason := w.decode.Decode(b, rec, w.ev); reason != "" {
			bad(rec.Line, rec.Index, reason, b.Text(rec))
			continue
		}
		w.take(m, j, rec)
	}
	for _, x := range b.Bad {
		if !x.Notice {
			bad(x.Line, x.Index, x.Reason, x.Raw)
		}
	}
	m.sights = w.look.Take(m.sights)
	w.s.batches.Put(b)
	return m
}

func (w *serveWorker) take(m *matched, j *delivered, rec *decode.Rec) {
	ev := w.ev
	if ev.Tenant != w.tenant {
		w.tenant = string(append([]byte(nil), ev.Tenant...))
	}
	w.origin = append(append(w.origin[:0], j.name...), ':')
	w.origin = strconv.AppendInt(w.origin, int64(rec.Line), 10)
	if rec.Index >= 0 {
		w.origin = fmt.Appendf(w.origin, "[%d]", rec.Index)
	}
	w.look.See(ev)
	from := len(m.hits)
	m.hits = w.match.Hits(m.hits, w.match.Match(ev), ev, w.origin)
	m.rows.Add(ev, string(w.origin))
	m.items = append(m.items, item{key: ev.Key, kind: ev.Kind, tenant: w.tenant, at: ev.Time, from: from, to: len(m.hits)})
}

package app

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/health"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A pulse gathers how the parts of the service fare. Each tells it what happens
// as it happens; Service.Health makes one value of it.
type pulse struct {
	mu      sync.Mutex
	started time.Time // zero: it is not watching yet
	// watching is since when, but for a moment: a reload is no pause.
	watching time.Time
	ending   bool
	sources  map[string]*sourcePulse
	sinks    map[string]*sinkPulse
	store    health.Store
	history  *health.History
	columns  *health.Columns
	logs     map[health.Name]*health.Log
	rules    rulesPulse
	buffer   int
	restart  time.Time // since when what was remembered waits to be confirmed
	blind    blindRules
	duties   map[string]error // of upkeep: how each went last
}

type sourcePulse struct {
	streams     map[string]*health.Stream
	stopped     bool // the problem of stream "" is that the source has ended
	ended       bool
	bytes       int64
	quarantined map[int64]int64 // by hour
	sum         int64           // of quarantined
	remembered  map[string]bool // problems from before the last start
}

type sinkPulse struct {
	health.Outlet
	pending map[pendingKey]time.Time // since when
}

type pendingKey struct {
	alert    string
	revision int
}

type rulesPulse struct {
	tooLate, leftOut map[int]int64
	late             map[int64]int64 // by hour
	total            int64           // of tooLate
	size             detect.LiveSize
	alerts           map[string]int64
	tenants          []string
}

func newPulse(sources map[string]Source, sinks map[string]chan struct{}) *pulse {
	h := &pulse{
		sources: map[string]*sourcePulse{}, sinks: map[string]*sinkPulse{}, logs: map[health.Name]*health.Log{},
		history: health.NewHistory(), columns: health.NewColumns(), rules: rulesPulse{late: map[int64]int64{}, alerts: map[string]int64{}, total: -1},
	}
	for name := range sources {
		h.source(name)
	}
	for name := range sinks {
		h.sinks[name] = &sinkPulse{Outlet: health.Outlet{Name: name}, pending: map[pendingKey]time.Time{}}
	}
	return h
}

func (h *pulse) source(name string) *sourcePulse {
	s := h.sources[name]
	if s == nil {
		s = &sourcePulse{streams: map[string]*health.Stream{}, quarantined: map[int64]int64{}, remembered: map[string]bool{}}
		h.sources[name] = s
	}
	return s
}

func (s *sourcePulse) stream(name string) *health.Stream {
	st := s.streams[name]
	if st == nil {
		st = &health.Stream{Name: name, Behind: -1}
		s.streams[name] = st
	}
	return st
}

// report takes what a source says of a stream.
func (h *pulse) report(name, stream string, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.source(name)
	if problem == nil {
		s.works()
	}
	if stream == "" {
		s.stopped = false
	}
	delete(s.remembered, stream)
	setProblem(s.stream(stream), problem, time.Now())
}

// stop takes that a source has ended with an error; ended that it has nothing
// more to read.
func (h *pulse) stop(name string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.source(name)
	if s.ended = err == nil; err == nil {
		return
	}
	s.stopped = true
	setProblem(s.stream(""), err, time.Now())
}

// works takes a sign that a source which had ended runs again.
func (s *sourcePulse) works() {
	if s.stopped {
		s.stopped = false
		setProblem(s.stream(""), nil, time.Time{})
	}
}

func setProblem(st *health.Stream, problem error, now time.Time) {
	if problem == nil {
		st.Problem, st.Hint, st.Final, st.Since = "", "", false, time.Time{}
		return
	}
	if st.Problem == "" {
		st.Since = now
	}
	st.Problem, st.Hint, st.Final = problem.Error(), "", false
	if p := (*source.Problem)(nil); errors.As(problem, &p) {
		bare := *p
		bare.Hint = ""
		st.Hint, st.Final = p.Hint, p.Final
		if direct, ok := problem.(*source.Problem); ok && direct == p { //nolint:errorlint // whether it is wrapped is the question
			st.Problem = bare.Error()
		}
	}
}

// lag takes how far behind a stream is.
func (h *pulse) lag(name, stream string, behind int64, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := h.source(name).stream(stream)
	st.Behind, st.At = behind, at
}

// arrived takes that a stream has brought something.
func (h *pulse) arrived(name, stream string, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.source(name)
	s.works()
	st := s.stream(stream)
	st.LastArrival = newest(st.LastArrival, at)
}

// count takes what a flush holds.
func (h *pulse) count(b *buffer, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range b.hours {
		h.history.Add(x)
		s := h.source(x.Source)
		s.bytes += x.Bytes
		if x.Quarantined > 0 {
			s.sum += x.Quarantined
			s.quarantined[x.At.Unix()] += x.Quarantined
		}
		if x.Kind == "" {
			continue
		}
		l := h.log(health.Name{Source: x.Source, Kind: x.Kind})
		l.Events, l.Duplicates = l.Events+x.Events, l.Duplicates+x.Duplicates
		l.LastEvent = newest(l.LastEvent, x.Last)
		if x.Events > 0 {
			l.LastArrival, l.Silent = now, time.Time{}
		}
	}
	for _, x := range b.sights {
		h.columns.Add(health.Name{Source: x.source, Kind: x.Kind.String()}, x.Format.String(), x.Records, x.Filled, now)
	}
	for i := range b.facts {
		if f := &b.facts[i]; f.Revision == 1 {
			h.rules.alerts[f.Severity]++
		}
	}
}

func (h *pulse) log(name health.Name) *health.Log {
	l := h.logs[name]
	if l == nil {
		l = &health.Log{Kind: name.Kind}
		h.logs[name] = l
	}
	return l
}

// correlated takes how detection fares. size is nil where it was not measured.
func (h *pulse) correlated(live *detect.Live, size *detect.LiveSize, tenants []string, buffered int, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.rules
	r.tooLate = maps.Clone(live.TooLate)
	r.leftOut = map[int]int64{}
	for rule, n := range live.LeftOut() {
		r.leftOut[rule] = int64(n)
	}
	var total int64
	for _, n := range r.tooLate {
		total += n
	}
	if r.total >= 0 && total > r.total { // what restoring counts is no news
		r.late[now.Truncate(time.Hour).Unix()] += total - r.total
	}
	r.total, r.tenants, h.buffer = total, tenants, buffered
	if size != nil {
		r.size = *size
	}
}

func (h *pulse) storing(problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &h.store
	if problem == nil {
		s.Problem, s.Since, s.Damaged, s.Full = "", time.Time{}, false, false
		return
	}
	if s.Problem == "" {
		s.Since = time.Now()
	}
	s.Problem, s.Damaged, s.Full = problem.Error(), errors.Is(problem, state.ErrCorrupt), errors.Is(problem, state.ErrFull) || errors.Is(problem, syscall.ENOSPC)
}

// damage takes that a file of the lake cannot be read, and reports whether that is
// new.
func (h *pulse) damage(d *lake.Damage) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store.DamagedFiles == nil {
		h.store.DamagedFiles = map[string]string{}
	}
	_, known := h.store.DamagedFiles[d.Path]
	h.store.DamagedFiles[d.Path] = d.Err.Error()
	return !known
}

// sound takes that a file can be read again, or is needed no more.
func (h *pulse) sound(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.store.DamagedFiles, path)
}

// damagedFiles are those of the lake that cannot be read.
func (h *pulse) damagedFiles() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.store.DamagedFiles))
}

// upkeep takes how a duty of upkeep went. Damage of the state is everybody's
// matter.
func (h *pulse) upkeep(duty string, problem error) {
	if errors.Is(problem, state.ErrCorrupt) {
		h.storing(problem)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.duties == nil {
		h.duties, h.store.Duties = map[string]error{}, map[string]string{}
	}
	if h.duties[duty] = problem; problem == nil {
		delete(h.store.Duties, duty)
	} else {
		h.store.Duties[duty] = problem.Error()
	}
}

// flushed takes that everything up to now is stored.
func (h *pulse) flushed(began, ended time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.store.LastFlush, h.store.FlushSeconds = ended, ended.Sub(began).Seconds()
	h.store.Flushes++
	h.store.TotalSeconds += h.store.FlushSeconds
}

// due takes deliveries that are to be made.
func (h *pulse) due(deliveries []state.Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range deliveries {
		d := &deliveries[i]
		if s := h.sinks[d.Sink]; s != nil {
			s.pending[pendingKey{d.Alert, d.Revision}] = d.Stored
		}
	}
}

// delivered takes what came of an attempt.
func (h *pulse) delivered(d *state.Delivery, problem error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sinks[d.Sink]
	if d.Done {
		delete(s.pending, pendingKey{d.Alert, d.Revision})
	}
	if problem == nil {
		s.Delivered++
		s.Problem, s.Since = "", time.Time{}
		return
	}
	s.Failed++
	if d.Done {
		s.GivenUp++
	}
	if s.Problem == "" {
		s.Since = time.Now()
	}
	s.Problem = problem.Error()
}

// begin takes that the service watches from now on; end that it is about to end.
func (h *pulse) begin(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = now.UTC()
	if h.watching.IsZero() {
		h.watching = h.started
	}
}

func (h *pulse) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ending = true
}

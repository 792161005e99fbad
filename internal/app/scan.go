package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/posture"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/spill"
)

// A ScanConfig says what to scan and how.
type ScanConfig struct {
	Paths     []string
	Directory []string // files with snapshots, beside those among Paths
	Rules     []*detect.Rule
	Baseline  *baseline.Baseline // nil: nothing is declared
	Generic   bool
	// Tenant is what records without a tenant get; default: the baseline's
	// home tenant.
	Tenant       string
	Since, Until time.Time // events outside are left out; zero = no limit
	// AsOf is the time that snapshots show; zero: that of the newest event, else
	// the date of the newest file with a snapshot.
	AsOf time.Time
	// Resolver says whether the hosts of redirect URIs exist; nil: nobody asks.
	Resolver Resolver
	Workers  int // default: every core
	// Memory is how many bytes of event keys are held before they go to disk.
	Memory  int
	TempDir string
	// Quarantine keeps the records that could not be decoded for Result.
	Quarantine bool
	// Columns also tells of rules that need a column which is empty in all
	// records; every record is looked at for it.
	Columns bool
	// Progress is called now and then from one goroutine.
	Progress func(Progress)
}

// DefaultMemory is how many bytes of keys, and of signals, a scan holds.
const DefaultMemory = 64 << 20

// A Progress says how far a scan has come.
type Progress struct {
	Read, Total int64 // bytes of files; Total is 0 when stdin is read
	Events      int64
	Elapsed     time.Duration
}

// A Result is what a scan found.
type Result struct {
	Summary Summary
	// Notices are things to know that are no errors, for people.
	Notices []string

	alerts     *spill.Sorter
	quarantine *spill.Sorter
	names      []string // of files, as quarantine refers to them
}

// Close gives up temporary files.
func (r *Result) Close() error {
	errs := []error{}
	for _, s := range []*spill.Sorter{r.alerts, r.quarantine} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// Alerts gives the alerts, most severe first, then in order of time.
func (r *Result) Alerts() iter.Seq2[*alert.Alert, error] {
	return func(yield func(*alert.Alert, error) bool) {
		for rec, err := range r.alerts.Sorted() {
			var a *alert.Alert
			if err == nil {
				a, err = decodeAlert(rec)
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// Scan reads everything, matches it and makes the alerts.
func Scan(ctx context.Context, c ScanConfig) (*Result, error) {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	sc := &scan{ScanConfig: c, began: time.Now()}
	defer sc.close()
	if err := sc.prepare(); err != nil {
		return nil, err
	}
	if err := sc.read(ctx); err != nil {
		return nil, err
	}
	if err := sc.derive(ctx); err != nil {
		return nil, err
	}
	return sc.finish(ctx)
}

// prepare finds the files and compiles the rules.
func (sc *scan) prepare() error {
	var problems []file.Problem
	sc.files, problems = file.Walk(sc.Paths)
	for _, p := range problems {
		sc.problem(p)
	}
	dir, err := sc.directory()
	if err != nil {
		return err
	}
	sc.dir = dir
	sc.engine, err = detect.New(detect.Config{Rules: sc.Rules, Baseline: sc.Baseline, Directory: dir.dir, Generic: sc.Generic})
	if err != nil {
		return err
	}
	compared := sc.engine.Compared()
	if sc.holders = dir.snap.Holders(dir.dir); len(sc.holders) > 0 {
		for k, ids := range posture.Wanted(sc.engine.Schema) {
			compared[k] = append(slices.Clip(compared[k]), ids...)
		}
	}
	if sc.decoder, err = decode.NewDecoder(sc.engine.Schema, compared); err != nil {
		return err
	}
	if sc.details, err = decode.NewDecoder(sc.engine.Schema, sc.engine.Wanted()); err != nil {
		return err
	}
	sc.risk = sc.engine.Schema.MustID("riskLevelAggregated")
	if sc.licence, err = decode.NewDecoder(sc.engine.Schema, [event.NumKinds][]int{event.Signin: {sc.risk}}); err != nil {
		return err
	}
	if sc.Tenant == "" && sc.Baseline != nil {
		sc.Tenant = sc.Baseline.HomeTenantID()
	}
	return nil
}

// A scan is the state of one call of Scan.
type scan struct {
	ScanConfig
	files   []file.Input
	engine  *detect.Engine
	decoder *decode.Decoder // reads what rules compare
	details *decode.Decoder // reads what signals tell
	licence *decode.Decoder // reads whether the risk of sign-ins is hidden
	risk    int             // the field of sign-ins that licence reads
	dir     *directoryReader
	holders []string // object ids of who holds a role
	asOf    AsOf
	missing map[string]string // fields of derived records that say nothing, with the reason
	// unresolved tells that name servers did not answer for some host.
	unresolved bool
	began      time.Time

	reports   []*fileReport
	workers   []*worker
	notices   []string
	problems  []string // files and folders that could not be read
	readBytes atomic.Int64
	events    atomic.Int64
	alerts    *spill.Sorter
	ended     bool
}

// A job is a batch of one file on its way to a worker.
type job struct {
	batch *decode.Batch
	file  *fileReport
}

func (sc *scan) mode() decode.Mode {
	if sc.Generic {
		return decode.Generic
	}
	return decode.Entra
}

// read runs readers and workers over all files.
func (sc *scan) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan job, sc.Workers)
	free := make(chan *decode.Batch, 4*sc.Workers+8)
	next := make(chan int)
	var fail firstError
	for i := range sc.files {
		sc.reports = append(sc.reports, &fileReport{path: sc.files[i].Path, index: i})
	}
	var working sync.WaitGroup
	for range sc.Workers {
		w := sc.newWorker()
		sc.workers = append(sc.workers, w)
		working.Go(func() {
			for j := range jobs {
				if err := w.do(j); err != nil && fail.set(err) {
					cancel()
				}
				select {
				case free <- j.batch:
				default:
				}
			}
		})
	}
	var reading sync.WaitGroup
	for range min(sc.Workers, max(1, len(sc.files))) {
		reading.Go(func() {
			for i := range next {
				sc.readFile(ctx, sc.reports[i], sc.files[i], jobs, free)
			}
		})
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	if sc.Progress != nil {
		watching.Go(func() { sc.watch(stop) })
	}
feed:
	for i := range sc.files {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	reading.Wait()
	close(jobs)
	working.Wait()
	close(stop)
	watching.Wait()
	if fail.err != nil {
		return fail.err
	}
	return context.Cause(ctx)
}

type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return false
	}
	f.err = err
	return true
}

func (sc *scan) watch(stop <-chan struct{}) {
	total := int64(0)
	for _, f := range sc.files {
		if f.Stdin {
			total = 0
			break
		}
		total += f.Size
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			sc.Progress(Progress{Read: sc.readBytes.Load(), Total: total, Events: sc.events.Load(), Elapsed: time.Since(sc.began)})
		}
	}
}

// readFile cuts one file into batches. What goes wrong is part of the file's
// report; the other files are read all the same.
func (sc *scan) readFile(ctx context.Context, rep *fileReport, in file.Input, jobs chan<- job, free <-chan *decode.Batch) {
	fr, encoding, err := sc.cut(ctx, in, sc.decoder, free, func(b *decode.Batch) {
		select {
		case jobs <- job{b, rep}:
		case <-ctx.Done():
		}
	})
	if err != nil {
		rep.refuse(err.Error())
	}
	if fr != nil {
		rep.describe(fr.Format(), encoding, fr.Notices(), fr.Pages())
	}
}

// A worker decodes and matches batches.
type worker struct {
	sc      *scan
	decode  *decode.Worker
	details *decode.Worker
	licence *decode.Worker
	match   *detect.Matcher
	// A few records are decoded before what they are is looked at: the processor
	// keeps at hand the code of the one or of the other.
	few     [8]*event.Event
	reasons [8]string       // why it could not be decoded
	full    *event.Event    // one of them again, with details
	watch   *posture.Watch  // nil: nobody holds a role
	columns *detect.Columns // nil: nobody asks
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
	b, rep := j.batch, j.file
	records := len(b.Recs)
	events := 0
	var formats [event.NumFormats]bool
	for from := 0; from < len(b.Recs); from += len(w.few) {
		recs := b.Recs[from:min(from+len(w.few), len(b.Recs))]
		for i := range recs {
			w.reasons[i] = w.decode.Decode(b, &recs[i], w.few[i])
		}
		for i := range recs {
			rec, ev := &recs[i], w.few[i]
			if reason := w.reasons[i]; reason != "" {
				if err := w.reject(rep, decode.Bad{Line: rec.Line, Index: rec.Index, Reason: reason, Raw: b.Text(rec)}); err != nil {
					return err
				}
				continue
			}
			// Directory objects are as they are now, whatever date they carry.
			if !ev.Time.IsZero() && !ev.Kind.Snapshot() &&
				(!w.sc.Since.IsZero() && ev.Time.Before(w.sc.Since) || !w.sc.Until.IsZero() && !ev.Time.Before(w.sc.Until)) {
				w.tally.outside++
				continue
			}
			events++
			formats[ev.Format] = true
			if err := w.take(ev, b, rec, rep); err != nil {
				return err
			}
			if from+i == 0 && ev.Kind == event.Signin {
				w.licensed(b, rec)
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

// take keeps what an event means to the rules, under its key.
func (w *worker) take(ev *event.Event, b *decode.Batch, rec *decode.Rec, rep *fileReport) (err error) {
	w.tally.count(ev)
	if w.watch != nil {
		w.watch.See(ev)
	}
	if w.columns != nil {
		w.columns.See(ev)
	}
	w.buf = appendKey(w.buf[:0], ev, contentHash(ev.Raw))
	if w.buf, err = w.hits(w.buf, ev, b, rec, rep); err != nil {
		return err
	}
	return w.keys.Add(w.buf)
}

// hits matches an event and appends what it means to the rules. If a
// rule alerts by itself the record is read once more, with all that an alert
// tells.
func (w *worker) hits(dst []byte, ev *event.Event, b *decode.Batch, rec *decode.Rec, rep *fileReport) ([]byte, error) {
	hits := w.match.Match(ev)
	w.source = appendSource(w.source[:0], rep.index, rec.Line, rec.Index)
	var place []byte
	if offset, n, ok := b.Span(rec); ok && !w.sc.files[rep.index].Stdin {
		w.place = appendPlace(w.place[:0], rep.index, offset, n, ev)
		place = w.place
	}
	if dst, ok := w.match.Brief(dst, hits, ev, w.source, place); ok {
		return dst, nil
	}
	if reason := w.details.Decode(b, rec, w.full); reason != "" {
		return dst, fmt.Errorf("%s:%d: decoded once and not again: %s", rep.path, rec.Line, reason)
	}
	return w.match.Hits(dst, hits, w.full, w.source), nil
}

// licensed notes whether a sign-in tells its risk. One of each batch is enough
// to know, until one does: the licence is the tenant's.
func (w *worker) licensed(b *decode.Batch, rec *decode.Rec) {
	if w.tally.told > 0 || w.licence.Decode(b, rec, w.full) != "" {
		return
	}
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

// directory reads the snapshots among the input before anything else, so that
// groups and roles are known when the first log entry is matched.
func (sc *scan) directory() (*directoryReader, error) {
	d, err := newDirectory()
	if err != nil {
		return nil, err
	}
	extra, problems := file.Walk(sc.Directory)
	for _, p := range problems {
		sc.problem(p)
	}
	for _, in := range extra {
		listings := d.listings
		n, err := d.read(in, false)
		if err != nil {
			return nil, fmt.Errorf("read the directory snapshot: %w", err)
		}
		if n == 0 && d.listings == listings {
			return nil, fmt.Errorf("%s: no directory objects in it: expected pages of users, groups, roleAssignments, … from Microsoft Graph", in.Path)
		}
	}
	if !sc.Generic {
		for _, in := range sc.files {
			if in.Stdin {
				continue
			}
			// What is wrong with the file is reported when it is read as a log.
			_, _ = d.read(in, true)
		}
	}
	return d, nil
}

func (sc *scan) problem(p file.Problem) {
	if p.Notice {
		sc.notices = append(sc.notices, p.String())
		return
	}
	sc.problems = append(sc.problems, p.String())
}

func (sc *scan) close() {
	for _, w := range sc.workers {
		_ = w.keys.Close()
		if w.bad != nil && !sc.ended {
			_ = w.bad.Close()
		}
	}
	if sc.alerts != nil && !sc.ended {
		_ = sc.alerts.Close()
	}
}

// byLine orders undecodable records.
func byLine(a, b Undecodable) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Reason, b.Reason))
}

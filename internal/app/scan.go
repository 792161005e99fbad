package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
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
	Workers      int       // default: every core
	// Memory is how many bytes of event keys are held before they go to disk.
	Memory  int
	TempDir string
	// Quarantine keeps the records that could not be decoded for Result.
	Quarantine bool
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
	files, problems := file.Walk(c.Paths)
	sc := &scan{ScanConfig: c, files: files, began: time.Now()}
	defer sc.close()
	for _, p := range problems {
		sc.problem(p)
	}
	dir, err := sc.directory()
	if err != nil {
		return nil, err
	}
	sc.engine, err = detect.New(detect.Config{Rules: c.Rules, Baseline: c.Baseline, Directory: dir, Generic: c.Generic})
	if err != nil {
		return nil, err
	}
	if sc.decoder, err = decode.NewDecoder(sc.engine.Schema, sc.engine.Compared()); err != nil {
		return nil, err
	}
	if sc.details, err = decode.NewDecoder(sc.engine.Schema, sc.engine.Wanted()); err != nil {
		return nil, err
	}
	if sc.Tenant == "" && c.Baseline != nil {
		sc.Tenant = c.Baseline.HomeTenantID()
	}
	if err := sc.read(ctx); err != nil {
		return nil, err
	}
	return sc.finish(ctx)
}

// A scan is the state of one call of Scan.
type scan struct {
	ScanConfig
	files   []file.Input
	engine  *detect.Engine
	decoder *decode.Decoder // reads what rules compare
	details *decode.Decoder // reads what signals tell
	began   time.Time

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
	s, err := file.Open(in)
	if err != nil {
		rep.refuse(err.Error())
		return
	}
	defer s.Close()
	fr := decode.NewFramer(s, in.Path)
	fr.Read(sc.decoder, sc.mode())
	consumed := int64(0)
	for ctx.Err() == nil {
		var b *decode.Batch
		select {
		case b = <-free:
		default:
			b = &decode.Batch{}
		}
		if err := fr.Next(b); err != nil {
			if !errors.Is(err, io.EOF) {
				rep.refuse(err.Error())
			}
			break
		}
		now := s.Consumed()
		sc.readBytes.Add(now - consumed)
		consumed = now
		select {
		case jobs <- job{b, rep}:
		case <-ctx.Done():
		}
	}
	rep.describe(fr.Format(), s.Encoding(), fr.Notices())
}

// A worker decodes and matches batches.
type worker struct {
	sc      *scan
	decode  *decode.Worker
	details *decode.Worker
	match   *detect.Matcher
	ev      *event.Event
	full    *event.Event // ev again, with details
	keys    *spill.Sorter
	bad     *spill.Sorter // for the quarantine
	buf     []byte
	source  []byte
	tally   tally
}

func (sc *scan) newWorker() *worker {
	w := &worker{
		sc: sc, decode: sc.decoder.NewWorker(sc.mode()), details: sc.details.NewWorker(sc.mode()),
		match: sc.engine.NewMatcher(), ev: event.New(sc.engine.Schema), full: event.New(sc.engine.Schema),
		keys: spill.New(sc.TempDir, sc.Memory/sc.Workers),
	}
	w.decode.Tenant, w.details.Tenant = sc.Tenant, sc.Tenant
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
	for i := range b.Recs {
		rec := &b.Recs[i]
		if reason := w.decode.Decode(b, rec, w.ev); reason != "" {
			if err := w.reject(rep, decode.Bad{Line: b.Line(rec), Index: rec.Index, Reason: reason, Raw: b.Text(rec)}); err != nil {
				return err
			}
			continue
		}
		ev := w.ev
		// Directory objects are as they are now, whatever date they carry.
		if !ev.Time.IsZero() && !ev.Kind.Snapshot() &&
			(!w.sc.Since.IsZero() && ev.Time.Before(w.sc.Since) || !w.sc.Until.IsZero() && !ev.Time.Before(w.sc.Until)) {
			w.tally.outside++
			continue
		}
		events++
		formats[ev.Format] = true
		w.tally.count(ev)
		var err error
		w.buf = appendKey(w.buf[:0], ev, contentHash(ev.Raw))
		if w.buf, err = w.hits(w.buf, b, rec, rep); err != nil {
			return err
		}
		if err := w.keys.Add(w.buf); err != nil {
			return err
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

// hits matches the event at hand and appends what it means to the rules. If a
// rule alerts by itself the record is read once more, with all that an alert
// tells.
func (w *worker) hits(dst []byte, b *decode.Batch, rec *decode.Rec, rep *fileReport) ([]byte, error) {
	ev := w.ev
	hits := w.match.Match(ev)
	for _, rule := range hits {
		if w.sc.engine.Lean(rule) {
			continue
		}
		if reason := w.details.Decode(b, rec, w.full); reason != "" {
			return dst, fmt.Errorf("%s:%d: decoded once and not again: %s", rep.path, b.Line(rec), reason)
		}
		ev = w.full
		break
	}
	w.source = appendSource(w.source[:0], rep.index, b.Line(rec), rec.Index)
	return w.match.Hits(dst, hits, ev, w.source), nil
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
func (sc *scan) directory() (*baseline.Directory, error) {
	d, err := newDirectory()
	if err != nil {
		return nil, err
	}
	extra, problems := file.Walk(sc.Directory)
	for _, p := range problems {
		sc.problem(p)
	}
	for _, in := range extra {
		n, err := d.read(in, false)
		if err != nil {
			return nil, fmt.Errorf("read the directory snapshot: %w", err)
		}
		if n == 0 {
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
	return d.finish(), nil
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

// sorters returns one sorter of each worker.
func (sc *scan) sorters(of func(*worker) *spill.Sorter) []*spill.Sorter {
	out := make([]*spill.Sorter, 0, len(sc.workers))
	for _, w := range sc.workers {
		out = append(out, of(w))
	}
	return out
}

// finish resolves duplicates, builds the alerts and the summary.
func (sc *scan) finish(ctx context.Context) (*Result, error) {
	sc.alerts = spill.New(sc.TempDir, sc.Memory)
	// There are several of these at a time.
	sorter := func() detect.Sorter { return spill.New(sc.TempDir, sc.Memory/4) }
	ordered := sorter()
	defer ordered.Close()
	var buf []byte
	correlator := sc.engine.NewCorrelator(sorter, func(s *detect.Signal) error {
		buf = s.Append(buf[:0])
		return ordered.Add(buf)
	})
	defer correlator.Close()
	var duplicates int64
	survivors := func(add func(event.Key, []byte) error) (err error) {
		duplicates, err = sc.survivors(ctx, add)
		return err
	}
	correlator.Use(sc.filters(), survivors)
	if err := survivors(correlator.AddHits); err != nil {
		return nil, err
	}
	if err := correlator.Finish(sc.watermark()); err != nil {
		return nil, err
	}
	levels := map[string]int{}
	linker := alert.NewLinker(sorter)
	defer linker.Close()
	b := alert.NewBuilder(sc.engine.Rules(), correlator.Widespread, linker.Add)
	for rec, err := range until(ctx, ordered.Sorted()) {
		if err != nil {
			return nil, err
		}
		s, err := detect.DecodeSignal(rec)
		if err != nil {
			return nil, err
		}
		if err := b.Add(s); err != nil {
			return nil, err
		}
	}
	if err := b.Close(); err != nil {
		return nil, err
	}
	err := linker.Finish(func(a *alert.Alert) error {
		levels[a.Severity]++
		for i := range a.Evidence {
			a.Evidence[i].Source = sc.sourceOf(a.Evidence[i].Source)
		}
		rec, err := encodeAlert(a)
		if err != nil {
			return err
		}
		return sc.alerts.Add(rec)
	})
	if err != nil {
		return nil, err
	}
	res := &Result{alerts: sc.alerts}
	res.Summary, res.Notices = sc.summary(levels, duplicates)
	res.Summary.Rules.LeftOut = map[string]int{}
	for rule, n := range correlator.LeftOut {
		res.Summary.Rules.LeftOut[sc.engine.Rules()[rule].Slug] = n
	}
	if sc.Quarantine {
		q := spill.New(sc.TempDir, sc.Memory/4)
		res.quarantine = q
		for rec, err := range spill.Iterate(sc.sorters(func(w *worker) *spill.Sorter { return w.bad })...) {
			if err == nil {
				err = q.Add(rec)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	for _, f := range sc.files {
		res.names = append(res.names, f.Path)
	}
	sc.ended = true
	return res, nil
}

// survivors hands on what each event means to the rules. Of records with one
// key only the first in order of format rank, content and place counts.
func (sc *scan) survivors(ctx context.Context, add func(event.Key, []byte) error) (duplicates int64, err error) {
	var last event.Key
	first := true
	for rec, err := range until(ctx, spill.Iterate(sc.sorters(func(w *worker) *spill.Sorter { return w.keys })...)) {
		if err != nil {
			return 0, err
		}
		key := event.Key(rec[:len(event.Key{})])
		if !first && key == last {
			duplicates++
			continue
		}
		first, last = false, key
		if len(rec) == keySize {
			continue
		}
		if err := add(key, rec[keySize:]); err != nil {
			return 0, err
		}
	}
	return duplicates, nil
}

// filters joins what the workers know of all events.
func (sc *scan) filters() *detect.Filters {
	all := sc.workers[0].match.Filters()
	for _, w := range sc.workers[1:] {
		all.Merge(w.match.Filters())
	}
	return all
}

// watermark says up to when each log of each tenant is known: at the end of a
// scan, to its last event.
func (sc *scan) watermark() detect.Watermark {
	all := map[string]*marks{}
	for _, w := range sc.workers {
		for tenant, m := range w.tally.tenants {
			if all[tenant] == nil {
				all[tenant] = &marks{}
			}
			all[tenant].merge(m)
		}
	}
	return func(tenant string, k event.Kind) (int64, bool) {
		m := all[tenant]
		if m == nil || m[k].IsZero() {
			return 0, false
		}
		return m[k].UnixNano(), true
	}
}

// until ends a sequence with an error when ctx is done.
func until(ctx context.Context, seq iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for rec, err := range seq {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// byLine orders undecodable records.
func byLine(a, b Undecodable) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Index, b.Index), cmp.Compare(a.Reason, b.Reason))
}

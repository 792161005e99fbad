package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
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
	Lake      *LakeInput // read like one more file; nil = there is none
	Directory []string   // files with snapshots, beside those among Paths
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
	sc := newScan(c)
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

// newScan fills in what the configuration leaves open and finds the files.
func newScan(c ScanConfig) *scan {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Memory <= 0 {
		c.Memory = DefaultMemory
	}
	if c.Tenant == "" && c.Baseline != nil {
		c.Tenant = c.Baseline.HomeTenantID()
	}
	sc := &scan{ScanConfig: c, began: time.Now()}
	var problems []file.Problem
	sc.files, problems = file.Walk(sc.Paths)
	for _, p := range problems {
		sc.problem(p)
	}
	return sc
}

// prepare reads the directory and compiles the rules.
func (sc *scan) prepare() error {
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
	sc.licence, err = decode.NewDecoder(sc.engine.Schema, [event.NumKinds][]int{event.Signin: {sc.risk}})
	return err
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
	rows  *rowBatch // of the lake, instead of a batch
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
				if j.batch == nil {
					continue
				}
				select {
				case free <- j.batch:
				default:
				}
			}
		})
	}
	var reading sync.WaitGroup
	files := len(sc.files)
	if sc.Lake != nil {
		rep := sc.lakeReport()
		reading.Go(func() {
			if err := sc.readLake(ctx, rep, jobs); err != nil && ctx.Err() == nil && fail.set(err) {
				cancel()
			}
		})
	}
	for range min(sc.Workers, max(1, files)) {
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
	for i := range files {
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
		case jobs <- job{batch: b, file: rep}:
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

// directory reads the snapshots among the input before anything else, so that
// groups and roles are known when the first log entry is matched.
func (sc *scan) directory() (*directoryReader, error) {
	d, err := newDirectory()
	if err != nil {
		return nil, err
	}
	if sc.Lake != nil {
		if err := d.readLake(sc.Lake); err != nil {
			return nil, err
		}
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

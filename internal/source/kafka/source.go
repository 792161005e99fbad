package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/source"
)

// A Source reads the topics of its section.
type Source struct {
	cfg        *Config
	log        *slog.Logger
	connection connection
	topics     []string
	patterns   []string // those of topics with a *
	transport  policy.Transporter

	commitEvery time.Duration // how often offsets are committed
	reportEvery time.Duration // how often streams are reported
	lookAround  time.Duration // how often new topics and partitions are looked for
	patience    time.Duration // how long a broker may take to answer
	leaveWait   time.Duration // how long storing is awaited before a partition goes to another member
	stopWait    time.Duration // the same at the end
	extra       []kgo.Opt
}

// New returns a source for a section without problems.
func New(cfg *Config, log *slog.Logger) (*Source, error) {
	s := &Source{
		cfg: cfg, log: log, topics: cfg.Topics,
		commitEvery: 2 * time.Second, reportEvery: 10 * time.Second, lookAround: time.Minute,
		patience: 10 * time.Second, leaveWait: 20 * time.Second, stopWait: 5 * time.Second,
	}
	if cfg.ConnectionString.Configured() {
		var err error
		if s.connection, err = parseConnection(cfg.ConnectionString.Text()); err != nil {
			return nil, fmt.Errorf("connection_string: %w", err)
		}
		if len(s.topics) == 0 {
			s.topics = []string{s.connection.topic}
		}
	}
	for _, t := range s.topics {
		if strings.Contains(t, "*") {
			s.patterns = append(s.patterns, t)
		}
	}
	return s, nil
}

// lossShown is how long lost messages are reported.
const lossShown = time.Hour

// A run is one Run.
type run struct {
	s      *Source
	cl     *kgo.Client
	joined chan struct{} // cl is set: it calls back before it is known here
	in     source.Intake
	dials  dials
	landed chan struct{} // something was stored

	// Of the state when Run began, by topic and partition, and what the group
	// had committed when this member joined it.
	cursors map[string]int64
	known   map[string]int64

	mu       sync.Mutex
	parts    map[string]*partition
	stopping bool
	session  error // why membership ended, since the last report

	reported map[string]bool // topics that have a problem
}

// Run reads until ctx ends, or the intake wants no more. cursors are the streams'
// own, as they were stored.
func (s *Source) Run(ctx context.Context, cursors map[string]string, in source.Intake) error {
	r := &run{
		s: s, in: in, joined: make(chan struct{}), landed: make(chan struct{}, 1), cursors: map[string]int64{},
		parts: map[string]*partition{}, reported: map[string]bool{},
	}
	for stream, text := range cursors {
		offset, err := strconv.ParseInt(text, 10, 64)
		if _, _, ok := parseStream(stream); !ok || err != nil || offset < 0 {
			return &source.Problem{
				What:  fmt.Sprintf("the cursor %q of %s is not one of a partition", text, stream),
				Hint:  "another kind of source has used this name before: give the source another name",
				Final: true,
			}
		}
		r.cursors[stream] = offset
	}
	cl, err := r.join()
	if err != nil {
		return err
	}
	r.cl = cl
	close(r.joined)
	err = r.loop(ctx)
	r.stop()
	return err
}

// loop hands on what comes, and reports.
func (r *run) loop(ctx context.Context) error {
	next := time.Time{}
	for ctx.Err() == nil {
		if now := time.Now(); !now.Before(next) {
			r.report(ctx)
			next = now.Add(r.s.reportEvery)
		}
		wait, cancel := context.WithDeadline(ctx, next)
		fetches := r.cl.PollFetches(wait)
		cancel()
		// What was fetched belongs to the partitions of this moment: one that goes
		// and comes back later begins anew, and takes nothing of it.
		r.mu.Lock()
		parts := maps.Clone(r.parts)
		r.mu.Unlock()
		r.cl.AllowRebalance()
		for _, f := range fetches {
			for _, t := range f.Topics {
				for _, p := range t.Partitions {
					if err := r.fetched(ctx, parts[streamOf(t.Topic, p.Partition)], t.Topic, p); err != nil {
						if ctx.Err() != nil {
							return nil
						}
						return err
					}
				}
			}
		}
	}
	return nil
}

// fetched hands on what came of one partition. p is nil if it has gone to another
// member, which reads it again.
func (r *run) fetched(ctx context.Context, p *partition, topic string, f kgo.FetchPartition) error {
	if f.Err != nil {
		r.failed(topic, f.Partition, f.Err)
	}
	if p == nil || len(f.Records) == 0 {
		return nil
	}
	r.missed(p, f.Records[0].Offset, f.LogStartOffset)
	for _, parcel := range parcels(f.Records) {
		if more, err := r.deliver(ctx, p, &parcel); !more || err != nil {
			return err
		}
	}
	last := f.Records[len(f.Records)-1]
	r.mu.Lock()
	p.next = last.Offset + 1
	p.behind, p.at = max(0, f.HighWatermark-p.next), last.Timestamp
	r.mu.Unlock()
	r.well(p)
	return nil
}

// deliver hands on one delivery. more is false when the partition goes to another
// member.
func (r *run) deliver(ctx context.Context, p *partition, parcel *parcel) (more bool, err error) {
	f := r.take(p, parcel.next)
	if f == nil {
		return false, nil
	}
	if parcel.empty() { // nothing to store, but an offset to pass
		r.stored(p, f)
		return true, nil
	}
	return true, r.in.Deliver(ctx, &source.Delivery{
		Stream:   p.stream,
		Name:     p.stream + "@" + cursor(parcel.first.Offset),
		Body:     parcel.body(),
		Received: parcel.at,
		Cursor:   cursor(parcel.next.Offset),
		CursorAt: parcel.cursorAt,
		Stored:   func() { r.stored(p, f) },
	})
}

// missed says so if messages between the one expected and the first one that
// came are lost. Without loss there are gaps as well, where transactions end or
// a topic is compacted: what is lost is before the start of the log.
func (r *run) missed(p *partition, first, start int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := min(first, start) - p.next
	if p.next < 0 || lost <= 0 {
		return
	}
	p.trouble = &source.Problem{
		What: fmt.Sprintf("%d messages were deleted before they were read (offsets %d to %d)", lost, p.next, p.next+lost-1),
		Hint: "reading goes on behind them; raise the retention of the event hub or topic, and look why the service was behind",
	}
	p.until = time.Now().Add(lossShown)
	r.s.log.Warn("messages were lost", "stream", p.stream, "from", p.next, "count", lost)
}

// failed notes an error of the client. What can be tried again it tries again.
func (r *run) failed(topic string, number int32, err error) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return
	}
	r.mu.Lock()
	p := r.parts[streamOf(topic, number)]
	if p == nil {
		r.session = err
		r.mu.Unlock()
		return
	}
	var loss *kgo.ErrDataLoss
	if errors.As(err, &loss) {
		// The log was cut behind us: what was read may be gone from it, and what
		// has taken its place is read from where both agree.
		p.next = loss.ResetTo
		err = &source.Problem{
			What: fmt.Sprintf("the topic was cut off or made anew: reading goes on at offset %d, after %d", loss.ResetTo, loss.ConsumedTo),
			Hint: "if nobody did that, look at the brokers' logs for an unclean leader election",
		}
		p.until = time.Now().Add(lossShown)
	} else {
		p.until = time.Now().Add(r.s.reportEvery)
	}
	p.trouble = r.explain(err)
	trouble := p.trouble
	r.mu.Unlock()
	r.in.Report(p.stream, trouble)
}

// well reports that a partition works, or what was wrong not long ago.
func (r *run) well(p *partition) {
	r.mu.Lock()
	if p.trouble != nil && !time.Now().Before(p.until) {
		p.trouble = nil
	}
	trouble, behind, at := p.trouble, p.behind, p.at
	r.mu.Unlock()
	if trouble != nil {
		r.in.Report(p.stream, trouble)
	} else {
		r.in.Report(p.stream, nil)
	}
	if g, ok := r.in.(source.Gauge); ok && !at.IsZero() {
		g.Lag(p.stream, behind, at)
	}
}

// report tells how everything fares, also where nothing comes.
func (r *run) report(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, r.s.patience)
	defer cancel()
	problems, err := r.s.look(limited, r.cl)
	if ctx.Err() != nil { // that is no problem of the brokers
		return
	}
	r.mu.Lock()
	session := r.session
	r.session = nil
	parts := slices.Collect(maps.Values(r.parts))
	r.mu.Unlock()
	if err == nil {
		err = session
	}
	if err != nil {
		r.in.Report("", r.explain(err))
		return
	}
	r.in.Report("", nil)
	for topic := range r.reported {
		if problems[topic] == nil {
			r.in.Report(topic, nil)
			delete(r.reported, topic)
		}
	}
	for topic, p := range problems {
		r.in.Report(topic, p)
		r.reported[topic] = true
	}
	for _, p := range parts {
		r.well(p)
	}
}

// stop leaves the group, and waits until nothing of the client runs.
func (r *run) stop() {
	r.mu.Lock()
	r.stopping = true
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), r.s.stopWait+r.s.patience)
	defer cancel()
	if err := r.cl.LeaveGroupContext(ctx); err != nil {
		r.s.log.Warn("the group was not left; the brokers notice it after the session timeout", "error", err)
	}
	r.cl.CloseAllowingRebalance()
}

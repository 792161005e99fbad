package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/entrawatch/entrawatch/internal/source"
)

var _ source.Gauge = (*intake)(nil)

// An intake keeps what a source delivers. Unless hold says otherwise all of it is
// stored at once.
type intake struct {
	hold func(d *source.Delivery) bool // true: it is not stored
	slow func(ctx context.Context) error

	mu      sync.Mutex
	texts   []string
	names   []string
	cursors map[string]string // of what was stored
	reports map[string]error
	all     []string // texts of all problems
	lags    map[string]int64
	held    []*source.Delivery
}

func newIntake() *intake {
	return &intake{cursors: map[string]string{}, reports: map[string]error{}, lags: map[string]int64{}}
}

func (in *intake) Deliver(ctx context.Context, d *source.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if in.slow != nil {
		if err := in.slow(ctx); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(d.Body)
	if err != nil {
		return err
	}
	in.mu.Lock()
	hold := in.hold != nil && in.hold(d)
	in.texts = append(in.texts, string(text))
	in.names = append(in.names, d.Name)
	if hold {
		in.held = append(in.held, d)
	}
	in.mu.Unlock()
	if !hold {
		in.store(d)
	}
	return nil
}

func (in *intake) store(d *source.Delivery) {
	in.mu.Lock()
	in.cursors[d.Stream] = d.Cursor
	in.mu.Unlock()
	d.Stored()
}

func (in *intake) Report(stream string, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reports[stream] = err
	if err != nil {
		in.all = append(in.all, stream+": "+err.Error())
	}
}

func (in *intake) Lag(stream string, behind int64, _ time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lags[stream] = behind
}

// lines returns the lines of everything delivered, and how often each came.
func (in *intake) lines() map[string]int {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := map[string]int{}
	for _, t := range in.texts {
		for line := range strings.Lines(t) {
			if line = strings.TrimSpace(line); line != "" {
				out[line]++
			}
		}
	}
	return out
}

func (in *intake) stored() map[string]string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.cursors)
}

func (in *intake) problem(stream string) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.reports[stream]
}

func (in *intake) problems() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return strings.Join(in.all, "\n")
}

func (in *intake) lag(stream string) (int64, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n, ok := in.lags[stream]
	return n, ok
}

// cluster starts brokers.
func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "4194304"})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// reader returns a source that is as quick as a test wants it.
func reader(t *testing.T, cfg Config, change ...func(*Source)) *Source {
	t.Helper()
	if cfg.Group == "" {
		cfg.Group = "entrawatch"
	}
	if p := cfg.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	s, err := New(&cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.commitEvery, s.reportEvery, s.lookAround = 100*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond
	s.patience, s.leaveWait, s.stopWait = 2*time.Second, time.Second, 50*time.Millisecond
	s.extra = []kgo.Opt{
		kgo.HeartbeatInterval(50 * time.Millisecond), kgo.SessionTimeout(6 * time.Second), kgo.RebalanceTimeout(6 * time.Second), kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.FetchMaxWait(50 * time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
	}
	for _, f := range change {
		f(s)
	}
	return s
}

func plainText(c *kfake.Cluster, topics ...string) Config {
	return Config{Brokers: c.ListenAddrs(), Topics: topics, TLS: TLS{Off: true}}
}

// start runs a source; the function that it returns ends that.
func start(t *testing.T, s *Source, cursors map[string]string, in source.Intake) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, cursors, in) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// until waits for something that happens soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen: " + what)
		}
	}
}

// produce writes messages to a partition; nil is a tombstone.
func produce(t *testing.T, c *kfake.Cluster, topic string, partition int32, values ...[]byte) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(4<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: v})
	}
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// numbered returns messages of batches of records, as Azure Monitor sends them.
func numbered(from, n int) (values [][]byte, lines []string) {
	for i := from; i < from+n; i++ {
		text := fmt.Sprintf(`{"records":[{"id":"%d","text":"a \" and a { in it"}]}`, i)
		values, lines = append(values, []byte(text)), append(lines, text)
	}
	return values, lines
}

func has(in *intake, lines []string) func() bool {
	return func() bool {
		got := in.lines()
		for _, l := range lines {
			if got[l] == 0 {
				return false
			}
		}
		return true
	}
}

func committed(c *kfake.Cluster, topic string, partition int32) int64 {
	info := c.GroupInfo("entrawatch")
	if info == nil {
		return -1
	}
	if commit, ok := info.Commits[topic][partition]; ok {
		return commit.Offset
	}
	return -1
}

// commit commits an offset of partition 0 for the group.
func commit(t *testing.T, c *kfake.Cluster, topic string, offset int64) {
	t.Helper()
	byName := kversion.Stable()
	byName.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.MaxVersions(byName))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Offset = offset
	rt := kmsg.NewOffsetCommitRequestTopic()
	rt.Topic, rt.Partitions = topic, append(rt.Partitions, p)
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation, req.Topics = "entrawatch", -1, append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := committed(c, topic, 0); got != offset {
		t.Fatalf("committed %d, want %d", got, offset)
	}
}

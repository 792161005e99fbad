package lake_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// TestParallel writes, asks, reads and compacts at the same time.
func TestParallel(t *testing.T) {
	ctx := context.Background()
	l := open(t)
	var mu sync.Mutex
	var files []state.File
	snapshot := func() []state.File {
		mu.Lock()
		defer mu.Unlock()
		return append([]state.File(nil), files...)
	}
	const writers, rounds, n = 2, 5, 20
	var writing, others sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			r := newReader(t)
			for i := range rounds {
				rows, _ := signins(t, r, (w*rounds+i)*n, n)
				added, err := l.Write(ctx, []*lake.Rows{rows})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				files = append(files, added...)
				mu.Unlock()
				if err := l.Publish(added); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			added, removed, err := l.Compact(ctx, snapshot(), time.Hour)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			files = apply(files, added, removed)
			mu.Unlock()
			if err := l.Publish(added); err != nil {
				t.Error(err)
			}
			l.Retire(removed)
			if _, err := l.Clean(ctx, snapshot(), time.Minute); err != nil {
				t.Error(err)
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			now := snapshot()
			if err := l.Read(ctx, now, lake.Query{}, func(*lake.Row) error { return nil }); err != nil {
				t.Error(err)
				return
			}
			if _, err := l.Known(ctx, now, []event.Key{{1}, {2}}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	writing.Wait()
	close(stop)
	others.Wait()
	if got := readAll(t, l, files, lake.Query{}); len(got) != writers*rounds*n {
		t.Errorf("%d records of %d", len(got), writers*rounds*n)
	}
}

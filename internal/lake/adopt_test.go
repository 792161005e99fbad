package lake_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// TestAdopt: whatever was written, compacted and deleted since a manifest was
// copied, with the copy every event is in the lake once again.
func TestAdopt(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	rewritten, doubled, gone := 0, 0, 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := open(t)
		var files, backup []state.File
		events := 0
		add := func() {
			rows, _ := signins(t, r, events, 20)
			events += 20
			files = append(files, write(t, l, rows)...)
			time.Sleep(2 * time.Millisecond) // names and times are of milliseconds
		}
		merge := func() {
			some := slices.Clone(files)
			rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
			added, removed, err := l.Compact(ctx, some[:rng.IntN(len(some)+1)], -time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Publish(added); err != nil {
				t.Fatal(err)
			}
			files = apply(files, added, removed)
			if rng.IntN(2) == 0 { // else the grace has not passed
				if err := l.Delete(removed); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
		for range 2 + rng.IntN(5) {
			add()
		}
		if rng.IntN(2) == 0 {
			merge()
		}
		backup = slices.Clone(files)
		if later, err := l.Later(ctx, backup); err != nil || len(later) > 0 {
			t.Fatalf("later than the present: %v, %v", later, err)
		}
		for range 1 + rng.IntN(6) {
			if rng.IntN(2) == 0 {
				add()
			} else {
				merge()
			}
		}
		add()
		if later, err := l.Later(ctx, backup); err != nil || len(later) == 0 {
			t.Fatalf("nothing is later than the backup: %v", err)
		}
		var a *lake.Adoption
		for range 2 { // it may be called again
			var err error
			if a, err = l.Adopt(ctx, backup); err != nil || len(a.Damaged) > 0 {
				t.Fatalf("%+v, %v", a, err)
			}
		}
		for _, f := range a.Files {
			if _, err := os.Stat(filepath.Join(l.Dir(), f.Path)); err != nil {
				rewritten++
			}
		}
		doubled, gone = doubled+len(a.Doubled), gone+len(a.Removed)
		next := apply(backup, a.Files, a.Removed)
		if _, err := l.Recover(ctx, next); err != nil {
			t.Fatal(err)
		}
		v, err := l.Verify(ctx, next, nil)
		if err != nil || len(v.Damaged)+len(v.Unrecorded) > 0 || v.Rows != int64(events) {
			t.Errorf("seed %d: %+v, %v; want %d events", seed, v, err, events)
		}
		seen := map[string]bool{}
		for _, row := range readAll(t, l, next, lake.Query{}) {
			seen[row.Raw] = true
		}
		if len(seen) != events {
			t.Errorf("seed %d: %d different events of %d", seed, len(seen), events)
		}
	}
	if rewritten == 0 || doubled == 0 || gone == 0 {
		t.Errorf("%d files were written anew, %d doubled, %d gone: the test has become too tame", rewritten, doubled, gone)
	}
}

// TestAdoptDamage: what cannot be read is named, and the rest adopted.
func TestAdoptDamage(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	rows, _ := signins(t, r, 0, 50)
	files := write(t, l, rows)
	bad := filepath.Join(l.Dir(), files[0].Path)
	if err := os.Truncate(bad, 100); err != nil {
		t.Fatal(err)
	}
	a, err := l.Adopt(ctx, nil)
	if err != nil || len(a.Damaged) != 1 || a.Damaged[0].Path != files[0].Path || len(a.Files) != len(files)-1 {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := os.Stat(bad); err != nil {
		t.Error(err)
	}
}

// TestWithdraw: what is about to be erased does not come back when the program
// ends before it is deleted.
func TestWithdraw(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	first, _ := signins(t, r, 0, 10)
	manifest := write(t, l, first)
	time.Sleep(2 * time.Millisecond)
	second, _ := signins(t, r, 10, 10)
	doomed := write(t, l, second)
	if err := l.Withdraw(paths(doomed)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, append(slices.Clone(manifest), doomed...), lake.Query{}); len(got) != 20 {
		t.Errorf("%d records before it is recorded", len(got))
	}
	if later, err := l.Later(ctx, manifest); err != nil || len(later) > 0 {
		t.Errorf("%v, %v", later, err)
	}
	if _, err := l.Recover(ctx, manifest); err != nil {
		t.Fatal(err)
	}
	if got := onDisk(t, l); len(got) != len(manifest) {
		t.Errorf("left are %v", got)
	}
}

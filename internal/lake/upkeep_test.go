package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// apply does what the state does with changes.
func apply(files []state.File, added []state.File, removed []string) []state.File {
	files = slices.DeleteFunc(slices.Clone(files), func(f state.File) bool { return slices.Contains(removed, f.Path) })
	return append(files, added...)
}

func paths(files []state.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	slices.Sort(out)
	return out
}

// onDisk lists the files below the lake.
func onDisk(tb testing.TB, l *lake.Lake) []string {
	tb.Helper()
	var out []string
	err := filepath.WalkDir(l.Dir(), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(l.Dir(), p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestRecover ends the program at every point of a write and looks at what the
// next start makes of it.
func TestRecover(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		recorded, published bool // the second batch
		kept                int  // events that are there in the end
	}{
		"before the state knew":           {false, false, 100},
		"after the state knew":            {true, false, 250},
		"in the middle of publishing":     {true, true, 250},
		"state restored from before that": {false, true, 100},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			l := open(t)
			first, _ := signins(t, r, 0, 100)
			manifest := write(t, l, first)
			second, _ := signins(t, r, 100, 150)
			files, err := l.Write(ctx, []*lake.Rows{second})
			if err != nil {
				t.Fatal(err)
			}
			if c.published {
				if err := l.Publish(files[:1]); err != nil {
					t.Fatal(err)
				}
			}
			if c.recorded {
				manifest = append(manifest, files...)
				// What is recorded can be read before it is published.
				if got := readAll(t, l, manifest, lake.Query{}); len(got) != c.kept {
					t.Errorf("%d records before the start", len(got))
				}
			}
			stranger := filepath.Join(l.Dir(), filepath.Dir(files[0].Path), "notes.parquet")
			if err := os.WriteFile(stranger, []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second start has nothing to do
				out, err := l.Recover(ctx, manifest)
				if err != nil {
					t.Fatal(err)
				}
				if len(out.Strangers) != 1 {
					t.Errorf("recovery: %+v", out)
				}
				if got := readAll(t, l, manifest, lake.Query{}); len(got) != c.kept {
					t.Errorf("%d records", len(got))
				}
			}
			var want []string
			want = append(append(want, paths(manifest)...), strings.TrimPrefix(stranger, l.Dir()+"/"))
			slices.Sort(want)
			if diff := cmp.Diff(want, onDisk(t, l)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecoverRefusesAnotherState(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	rows, _ := signins(t, r, 0, 100)
	files := write(t, l, rows)
	if _, err := l.Recover(ctx, nil); err == nil || !strings.Contains(err.Error(), "the state knows of none") {
		t.Errorf("a lake without its state: %v", err)
	}
	if len(onDisk(t, l)) != len(files) {
		t.Error("files were deleted")
	}
}

func TestWriteLeavesNothingBehind(t *testing.T) {
	r := newReader(t)
	l := open(t)
	rows, _ := signins(t, r, 0, 100)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if files, err := l.Write(ctx, []*lake.Rows{rows}); !errors.Is(err, context.Canceled) || files != nil {
		t.Errorf("%v %v", files, err)
	}
	if left := onDisk(t, l); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// The writer of an interrupted file is not used again.
	if got := readAll(t, l, write(t, l, rows), lake.Query{}); len(got) != 100 {
		t.Errorf("%d records", len(got))
	}
}

// compact compacts until nothing is left to do. It returns the files that there are
// then, and the last of what it was told is damaged. each sees what was exchanged.
func compact(t *testing.T, l *lake.Lake, files []state.File, each func(added []state.File, removed []string)) (_ []state.File, told error) {
	t.Helper()
	for {
		added, removed, err := l.Compact(t.Context(), files, time.Hour)
		if err != nil {
			told = err
		}
		if len(added) == 0 {
			return files, told
		}
		if err := l.Publish(added); err != nil {
			t.Fatal(err)
		}
		if each != nil {
			each(added, removed)
		}
		files = apply(files, added, removed)
	}
}

func TestCompact(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	lake.SetGroupRows(l, 400) // so that groups are cut anew
	var files []state.File
	var want []kept
	for i := range 9 {
		rows, more := signins(t, r, i*250, 250)
		want = append(want, more...)
		files = append(files, write(t, l, rows)...)
	}
	before := len(files)
	rounds := 0
	files, told := compact(t, l, files, func(added []state.File, removed []string) {
		rounds++
		for _, f := range added {
			if f.Level != 1 || f.Rows == 0 {
				t.Errorf("file: %+v", f)
			}
		}
		l.Retire(removed)
	})
	if told != nil {
		t.Fatal(told)
	}
	if rounds != 2 || len(files) >= before {
		t.Errorf("%d rounds made %d files of %d", rounds, len(files), before)
	}
	got := readAll(t, l, files, lake.Query{})
	same(t, want, got)
	v, err := l.Verify(ctx, files, nil)
	if err != nil || len(v.Damaged) > 0 {
		t.Fatalf("%+v %v", v, err)
	}
	if len(v.Unrecorded) != before {
		t.Errorf("%d of %d old files are left", len(v.Unrecorded), before)
	}
	if found := readAll(t, l, files, lake.Query{Equal: map[string]string{"user": user(7)}}); len(found) != len(want)/50 {
		t.Errorf("%d of %d records of a user", len(found), len(want)/50)
	}
	if deleted, err := l.Clean(ctx, files, time.Hour); err != nil || len(deleted) > 0 {
		t.Errorf("within the grace: %v %v", deleted, err)
	}
	if deleted, err := l.Clean(ctx, files, 0); err != nil || len(deleted) != before {
		t.Errorf("%d deleted, %v", len(deleted), err)
	}
	if diff := cmp.Diff(paths(files), onDisk(t, l)); diff != "" {
		t.Error(diff)
	}
}

// TestCompactDamage: what is damaged is told of, and keeps nothing else from being
// compacted.
func TestCompactDamage(t *testing.T) {
	r := newReader(t)
	l := open(t)
	var files []state.File
	for i := range 9 {
		rows, _ := signins(t, r, i*250, 250)
		files = append(files, write(t, l, rows)...)
	}
	bad := files[0]
	if err := os.WriteFile(filepath.Join(l.Dir(), filepath.FromSlash(bad.Path)), []byte("PAR1 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := len(files)
	files, told := compact(t, l, files, nil)
	var damage *lake.Damage
	if !errors.As(told, &damage) || damage.Path != bad.Path {
		t.Errorf("it told of %v", told)
	}
	if !slices.Contains(paths(files), bad.Path) || len(files) > before/2 {
		t.Errorf("%d files were made of %d", len(files), before)
	}
}

func TestRetain(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	l := open(t)
	files := []state.File{
		{Path: "a", Kind: "signin", Day: "2026-10-30"},
		{Path: "b", Kind: "signin", Day: "2026-10-31"},
		{Path: "c", Kind: "audit", Day: "2020-01-01"},
		{Path: "d", Kind: "signin", Day: "unknown", Added: now.AddDate(0, 0, -31)},
		{Path: "e", Kind: "signin", Day: "unknown", Added: now},
	}
	got := l.Retain(files, now, func(k event.Kind) time.Duration {
		if k == event.Signin {
			return 30 * 24 * time.Hour
		}
		return 0
	})
	if diff := cmp.Diff([]string{"a", "d"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestErase(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	rows, want := signins(t, r, 0, 1000)
	files := write(t, l, rows)
	audits := lake.NewRows(r.schema)
	for name, data := range bases(t) {
		if strings.HasPrefix(name, "audit-add-member-to-role-") {
			r.each(t, name, data, func(ev *event.Event) { audits.Add(ev, name) })
		}
	}
	files = append(files, write(t, l, audits)...)
	total := len(want) + audits.Len()
	n, in, err := l.Naming(ctx, files, []string{user(3)})
	if err != nil || n != 20 || in != 2 {
		t.Fatalf("%d rows in %d files, %v", n, in, err)
	}
	for i, c := range []struct {
		user string
		gone int
	}{
		{strings.ToUpper(user(3)), 20},     // by id
		{"USER4@contoso.com", 20},          // by name
		{user(3), 0},                       // nothing is left
		{"ALICE.lindqvist@contoso.com", 0}, // set below: actor or target of audits
		{"bjorn.example@contoso.com", 0},   // nobody
	} {
		out, err := l.Erase(ctx, files, []string{c.user})
		if err != nil {
			t.Fatal(err)
		}
		if i < 3 && int(out.Rows) != c.gone {
			t.Errorf("%s: %d rows", c.user, out.Rows)
		}
		if err := l.Publish(out.Changes.Files); err != nil {
			t.Fatal(err)
		}
		files = apply(files, out.Changes.Files, out.Changes.Removed)
		if err := l.Delete(out.Changes.Removed); err != nil {
			t.Fatal(err)
		}
		total -= int(out.Rows)
		got := readAll(t, l, files, lake.Query{})
		if len(got) != total {
			t.Errorf("%s: %d records instead of %d", c.user, len(got), total)
		}
		for _, k := range got {
			if strings.Contains(strings.ToLower(k.Raw), `"`+strings.ToLower(c.user)+`"`) {
				t.Errorf("left: %s", k.Raw)
			}
		}
		if diff := cmp.Diff(paths(files), onDisk(t, l)); diff != "" {
			t.Error(diff)
		}
		if v, err := l.Verify(ctx, files, nil); err != nil || len(v.Damaged) > 0 {
			t.Errorf("%+v %v", v, err)
		}
	}
}

// TestVerifyFindsDamage flips a byte here and there, cuts a file and takes one
// away. Everything else stays readable.
func TestVerifyFindsDamage(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	rows, _ := signins(t, r, 0, 400)
	files := write(t, l, rows)
	path := filepath.Join(l.Dir(), files[0].Path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string) {
		t.Helper()
		v, err := l.Verify(ctx, files, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(v.Damaged) != 1 || v.Damaged[0].Path != files[0].Path || v.Files != 1 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for i := range 24 {
		at := len(whole) * i / 24
		damaged := slices.Clone(whole)
		damaged[at] ^= 0x55
		if err := os.WriteFile(path, damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("byte %d of %d", at, len(whole)))
	}
	for _, n := range []int{0, 1, 4, 100, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("cut to %d bytes", n))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("missing")
	var damage *lake.Damage
	if err := l.Read(ctx, files, lake.Query{}, func(*lake.Row) error { return nil }); !errors.As(err, &damage) || !strings.Contains(err.Error(), "set it aside") {
		t.Errorf("read: %v", err)
	}
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if err := l.SetAside(files[0].Path); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, l, files[1:], lake.Query{}); len(got) != int(files[1].Rows) {
		t.Errorf("%d records", len(got))
	}
	v, err := l.Verify(ctx, files[1:], nil)
	if err != nil || len(v.Damaged)+len(v.Strangers)+len(v.Unrecorded) > 0 {
		t.Errorf("%+v %v", v, err)
	}
}

// TestCompactTwice: rows that came twice are one when they come together.
func TestCompactTwice(t *testing.T) {
	ctx := context.Background()
	r := newReader(t)
	l := open(t)
	var files []state.File
	var want []kept
	for _, from := range []int{0, 250, 100} {
		rows, more := signins(t, r, from, 250)
		if from != 100 {
			want = append(want, more...)
		}
		files = append(files, write(t, l, rows)...)
	}
	lake.SetNow(l, func() time.Time { return time.Now().Add(24 * time.Hour) }) // all days are quiet
	files, told := compact(t, l, files, nil)
	if told != nil {
		t.Fatal(told)
	}
	same(t, want, readAll(t, l, files, lake.Query{}))
	if v, err := l.Verify(ctx, files, nil); err != nil || len(v.Damaged) > 0 || v.Rows != int64(len(want)) {
		t.Errorf("%+v %v", v, err)
	}
}

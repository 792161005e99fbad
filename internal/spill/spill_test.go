package spill

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// read copies what a sequence yields.
func read(seq iter.Seq2[[]byte, error]) ([][]byte, error) {
	var out [][]byte
	for rec, err := range seq {
		if err != nil {
			return out, err
		}
		out = append(out, bytes.Clone(rec))
	}
	return out, nil
}

// records draws record lists of the sorts that take different ways through the
// package: one length, many lengths, few distinct bytes, long common prefixes.
func records() *rapid.Generator[[][]byte] {
	return rapid.Custom(func(t *rapid.T) [][]byte {
		alphabet := rapid.SampledFrom([]string{"\x00\x01", "\x00\xff", "abcdefgh", ""}).Draw(t, "alphabet")
		char := rapid.Byte()
		if alphabet != "" {
			char = rapid.SampledFrom([]byte(alphabet))
		}
		var body *rapid.Generator[[]byte]
		if rapid.Bool().Draw(t, "fixed") {
			n := rapid.IntRange(0, 40).Draw(t, "width")
			body = rapid.SliceOfN(char, n, n)
		} else {
			body = rapid.SliceOfN(char, 0, 40)
		}
		prefix := bytes.Repeat([]byte{7}, rapid.SampledFrom([]int{0, 0, 8, 13, 70, 130}).Draw(t, "prefix"))
		return rapid.SliceOfN(rapid.Map(body, func(b []byte) []byte {
			return append(slices.Clone(prefix), b...)
		}), 0, 200).Draw(t, "records")
	})
}

func TestSortsLikeSortSlice(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var want [][]byte
		var sorters []*Sorter
		for range rapid.IntRange(1, 3).Draw(t, "sorters") {
			s := New(dir, rapid.SampledFrom([]int{1, 100, 1000, 3000, 1 << 20}).Draw(t, "limit"))
			defer s.Close()
			s.fanIn = rapid.IntRange(2, 5).Draw(t, "fan-in")
			s.buffer = rapid.SampledFrom([]int{16, 64, 4096}).Draw(t, "buffer")
			sorters = append(sorters, s)
		}
		// Adding more after a sequence must work as well.
		for range 2 {
			for _, s := range sorters {
				for _, rec := range records().Draw(t, "list") {
					want = append(want, rec)
					scratch := bytes.Clone(rec)
					if err := s.Add(scratch); err != nil {
						t.Fatal(err)
					}
					clear(scratch) // Add must have copied it
				}
			}
			sort.Slice(want, func(i, j int) bool { return bytes.Compare(want[i], want[j]) < 0 })
			for range 2 {
				got, err := read(Iterate(sorters...))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(got, want, bytes.Equal) {
					t.Fatalf("got %d records, want %d\n%s", len(got), len(want), cmp.Diff(want, got))
				}
			}
			all, err := read(All(sorters...))
			if err != nil {
				t.Fatal(err)
			}
			if slices.SortFunc(all, bytes.Compare); !slices.EqualFunc(all, want, bytes.Equal) {
				t.Fatalf("in no order there are %d records, want %d", len(all), len(want))
			}
		}
	})
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files are left in the folder, the first is %s", len(left), left[0].Name())
	}
}

// The chunk sorts see more records here than rapid draws.
func TestSortsManyRecords(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct {
		name string
		rec  func(i int) []byte
	}{
		{"random 32", func(int) []byte { return random(rnd, 32) }},
		{"random 27", func(int) []byte { return random(rnd, 27) }},
		{"ascending 24", func(i int) []byte { return binary.BigEndian.AppendUint64(make([]byte, 16), uint64(i)) }},
		{"descending 24", func(i int) []byte { return binary.BigEndian.AppendUint64(make([]byte, 16), uint64(-i)) }},
		{"equal 40", func(int) []byte { return make([]byte, 40) }},
		{"one byte", func(i int) []byte { return []byte{byte(i * 7)} }},
		{"last byte differs", func(i int) []byte { return append(make([]byte, 39), byte(i)) }},
		{"text", func(i int) []byte { return fmt.Appendf(nil, "contoso/rule-%d/user%d@contoso.com", i%3, rnd.IntN(999)) }},
		{"fixed, then one longer", func(i int) []byte { return random(rnd, 16+i/7_999) }},
		{"long", func(i int) []byte { return random(rnd, 200+rnd.IntN(3)) }},
	} {
		for _, limit := range []int{100 << 10, 64 << 20} {
			s := New(t.TempDir(), limit)
			defer s.Close()
			var want [][]byte
			for i := range 8_000 {
				rec := tc.rec(i)
				want = append(want, rec)
				if err := s.Add(rec); err != nil {
					t.Fatal(err)
				}
			}
			slices.SortFunc(want, bytes.Compare)
			got, err := read(s.Sorted())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%s, limit %d: wrong order or content", tc.name, limit)
			}
		}
	}
}

func random(rnd *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+7)
	for len(b) < n {
		b = binary.BigEndian.AppendUint64(b, rnd.Uint64())
	}
	return b[:n]
}

func TestFewFilesForManyRuns(t *testing.T) {
	s := New(t.TempDir(), 16<<10)
	defer s.Close()
	rnd := rand.New(rand.NewPCG(3, 4))
	const n = 200_000
	var sum uint64
	for range n {
		rec := random(rnd, 24)
		sum += binary.BigEndian.Uint64(rec)
		if err := s.Add(rec); err != nil {
			t.Fatal(err)
		}
	}
	runs, size := s.Spilled()
	if runs < 250 || size < n*24*9/10 || size > n*25 {
		t.Errorf("Spilled() = %d runs, %d bytes", runs, size)
	}
	if len(s.levels) < 2 || len(s.levels) > 12 { // at this limit two runs are merged at once
		t.Errorf("%d files are open", len(s.levels))
	}
	var last []byte
	count := 0
	for rec, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Compare(last, rec) > 0 {
			t.Fatalf("record %d is smaller than the one before", count)
		}
		last = append(last[:0], rec...)
		sum -= binary.BigEndian.Uint64(rec)
		count++
	}
	if count != n || sum != 0 {
		t.Errorf("got %d records, want %d; checksum %x", count, n, sum)
	}
}

func TestLongRecords(t *testing.T) {
	s := New(t.TempDir(), 8<<20)
	defer s.Close()
	big := make([]byte, MaxRecord+1)
	if err := s.Add(big); err == nil || !strings.Contains(err.Error(), "67108865 bytes") {
		t.Errorf("a record that is too long: got error %v", err)
	}
	big = big[:MaxRecord]
	lengths := []int{2 << 20, 3, 3 << 20, 0, MaxRecord, 100_000}
	for i, n := range lengths {
		if n > 0 {
			big[0] = byte(9 - i)
		}
		if err := s.Add(big[:n]); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for rec, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(rec))
	}
	if diff := cmp.Diff([]int{0, 100_000, MaxRecord, 3 << 20, 3, 2 << 20}, got); diff != "" {
		t.Error(diff)
	}
	if w := s.width(); w != 2 {
		t.Errorf("%d records of 64 MiB are merged at once", w)
	}
}

// Memory is what the package exists for: no more than the limit while adding,
// and little per record.
func TestMemory(t *testing.T) {
	for _, tc := range []struct {
		name string
		rec  func(rnd *rand.Rand) []byte
	}{
		{"fixed", func(rnd *rand.Rand) []byte { return random(rnd, 32) }},
		{"tiny", func(rnd *rand.Rand) []byte { return random(rnd, rnd.IntN(4)) }},
		{"mixed", func(rnd *rand.Rand) []byte { return make([]byte, 1<<rnd.IntN(19)) }},
	} {
		s := New(t.TempDir(), 1<<20)
		defer s.Close()
		rnd := rand.New(rand.NewPCG(5, 6))
		most, total := 0, 0
		for total < 4<<20 {
			rec := tc.rec(rnd)
			total += len(rec) + 8
			if err := s.Add(rec); err != nil {
				t.Fatal(err)
			}
			now := cap(s.cur.data) + s.held + s.tmp.size()
			for _, data := range s.free {
				now += cap(data)
			}
			most = max(most, now)
		}
		if most > s.limit*9/8 {
			t.Errorf("%s: up to %d bytes held, limit %d", tc.name, most, s.limit)
		}
	}

	s := New("", 16<<20)
	rnd := rand.New(rand.NewPCG(7, 8))
	for range 300_000 {
		s.Add(random(rnd, 32))
	}
	held := s.held + cap(s.cur.data)
	if perRecord := float64(held)/300_000 - 32; perRecord > 8 {
		t.Errorf("%.1f bytes of overhead per record", perRecord)
	}
}

func TestEmpty(t *testing.T) {
	s := New("", 0)
	if s.limit != DefaultLimit {
		t.Errorf("limit is %d", s.limit)
	}
	for range 2 {
		if got, err := read(s.Sorted()); len(got) > 0 || err != nil {
			t.Errorf("got %d records, error %v", len(got), err)
		}
		if got, err := read(Iterate()); len(got) > 0 || err != nil {
			t.Errorf("got %d records, error %v", len(got), err)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Add(nil); err == nil {
		t.Error("Add works after Close")
	}
	if _, err := read(s.Sorted()); err == nil {
		t.Error("Sorted works after Close")
	}
}

func fill(t *testing.T, s *Sorter) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 10_000 {
		if err := s.Add(random(rnd, 32)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseWithinSequence(t *testing.T) {
	dir := t.TempDir()
	s := New(dir, 32<<10)
	s.buffer = 64
	fill(t, s)
	var failed error
	for _, err := range s.Sorted() {
		if err != nil {
			failed = err
			break
		}
		s.Close()
	}
	if !errors.Is(failed, os.ErrClosed) {
		t.Errorf("got error %v", failed)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

func TestStopEarly(t *testing.T) {
	s := New(t.TempDir(), 32<<10)
	defer s.Close()
	fill(t, s)
	for range s.Sorted() {
		break
	}
	got, err := read(s.Sorted())
	if len(got) != 10_000 || err != nil {
		t.Errorf("got %d records, error %v", len(got), err)
	}
}

func TestNoName(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files cannot be removed")
	}
	dir := t.TempDir()
	s := New(dir, 32<<10)
	defer s.Close()
	fill(t, s)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%s has a name while it is in use", left[0].Name())
	}
}

func TestNamedFileIsRemoved(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	s := New("", 1)
	s.levels = []*level{{file: f, named: true}}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestErrors(t *testing.T) {
	full := func(t *testing.T, s *Sorter) {
		f, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
		if err != nil {
			t.Skip("no /dev/full here")
		}
		s.levels = []*level{{file: f}}
	}
	for _, tc := range []struct {
		name  string
		setup func(t *testing.T, s *Sorter)
		want  error
		text  []string
	}{
		{"disk full", full, syscall.ENOSPC, []string{"/dev/full", "set TMPDIR to a disk with room"}},
		{"no folder", func(t *testing.T, s *Sorter) { s.dir = filepath.Join(t.TempDir(), "none") }, os.ErrNotExist, []string{"none", "set TMPDIR to a folder that exists"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := New("", 32<<10)
			defer s.Close()
			tc.setup(t, s)
			var err error
			for i := 0; err == nil && i < 10_000; i++ {
				err = s.Add(make([]byte, 32))
			}
			if !errors.Is(err, tc.want) {
				t.Fatalf("got error %v, want %v", err, tc.want)
			}
			for _, text := range tc.text {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not contain %q", err, text)
				}
			}
			if again := s.Add(nil); again != err {
				t.Errorf("Add after the failure: %v", again)
			}
			if _, again := read(s.Sorted()); again != err {
				t.Errorf("Sorted after the failure: %v", again)
			}
		})
	}
}

// A file that somebody cuts or overwrites must not lose records silently.
func TestDamage(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(f *os.File) error
	}{
		{"cut inside a record", func(f *os.File) error { return f.Truncate(1000) }},
		{"cut between records", func(f *os.File) error { return f.Truncate(33 * 40) }},
		{"emptied", func(f *os.File) error { return f.Truncate(0) }},
		{"overwritten", func(f *os.File) error {
			_, err := f.WriteAt(bytes.Repeat([]byte{0xff}, 5000), 0)
			return err
		}},
	} {
		s := New(t.TempDir(), 200<<10)
		defer s.Close()
		fill(t, s)
		if err := tc.damage(s.levels[0].file); err != nil {
			t.Fatal(err)
		}
		if _, err := read(s.Sorted()); !errors.Is(err, io.ErrUnexpectedEOF) && (err == nil || !strings.Contains(err.Error(), "was changed")) {
			t.Errorf("%s: got error %v", tc.name, err)
		}
	}
}

package lake_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/internal/state"
)

// A kept is what the lake must give back of an event.
type kept struct {
	Kind, Sub, Format, Key, Tenant, Origin, Raw string
	Time                                        time.Time
}

func keptOf(ev *event.Event, origin string) kept {
	return kept{ev.Kind.String(), ev.Sub.String(), ev.Format.String(), hex.EncodeToString(ev.Key[:]), ev.Tenant, origin, string(ev.Raw), ev.Time.Truncate(time.Microsecond)}
}

// readAll gives what a query finds.
func readAll(tb testing.TB, l *lake.Lake, files []state.File, q lake.Query) []kept {
	tb.Helper()
	var out []kept
	err := l.Read(context.Background(), files, q, func(r *lake.Row) error {
		out = append(out, kept{r.Kind.String(), r.Sub.String(), r.Format.String(), hex.EncodeToString(r.Key[:]), r.Tenant, r.Origin, string(r.Raw), r.Time})
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// same reports what differs between two lists of records, without regard to order.
func same(tb testing.TB, want, got []kept) {
	tb.Helper()
	want, got = sorted(want), sorted(got)
	if len(want) != len(got) {
		tb.Errorf("%d records instead of %d", len(got), len(want))
		return
	}
	for i := range want {
		if want[i] != got[i] {
			tb.Error(cmp.Diff(want[i], got[i]))
			return
		}
	}
}

func sorted(list []kept) []kept {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b kept) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// bases gives the base records of simulate in every format in which their logs
// come.
func bases(tb testing.TB) map[string][]byte {
	tb.Helper()
	out := map[string][]byte{}
	for _, name := range simulate.BaseNames() {
		rec, ok := simulate.Base(name)
		if !ok {
			tb.Fatalf("there is no record %s", name)
		}
		for _, f := range rec.Formats() {
			var b bytes.Buffer
			if err := simulate.Write(&b, f, simulate.Layouts(f)[0], []simulate.Record{rec}); err != nil {
				tb.Fatal(err)
			}
			out[name+"-"+f.String()] = b.Bytes()
		}
	}
	return out
}

// TestRoundTrip writes a record of every kind in every format and reads it back.
func TestRoundTrip(t *testing.T) {
	r := newReader(t)
	rows := lake.NewRows(r.schema)
	var want []kept
	kinds := map[event.Kind]bool{}
	seen := map[event.Key]bool{}
	for name, data := range bases(t) {
		r.each(t, name, data, func(ev *event.Event) {
			if seen[ev.Key] {
				return
			}
			seen[ev.Key] = true
			kinds[ev.Kind] = true
			if i := rows.Add(ev, name+":1"); rows.Key(i) != ev.Key || rows.Kind(i) != ev.Kind || rows.Tenant(i) != ev.Tenant {
				t.Errorf("%s: row %d is of another event", name, i)
			}
			want = append(want, keptOf(ev, name+":1"))
		})
	}
	for _, k := range column.Kinds() {
		if !kinds[k] && k != event.Generic {
			t.Errorf("there is no record of kind %s", k)
		}
	}
	l := open(t)
	files := write(t, l, rows)
	same(t, want, readAll(t, l, files, lake.Query{}))
	v, err := l.Verify(context.Background(), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Damaged)+len(v.Strangers)+len(v.Unrecorded) > 0 || v.Rows != int64(len(want)) {
		t.Errorf("verify: %+v", v)
	}
}

// signins fills rows with n sign-ins, from the first-th on, spread over users and
// two days.
func signins(tb testing.TB, r *reader, first, n int) (*lake.Rows, []kept) {
	tb.Helper()
	rows := lake.NewRows(r.schema)
	var b bytes.Buffer
	for i := first; i < first+n; i++ {
		at := time.Date(2026, 11, 2, 20, 0, 0, 0, time.UTC).Add(time.Duration(i%97) * 370 * time.Second)
		fmt.Fprintf(&b, `{"id":"id-%06d","createdDateTime":"%s","userPrincipalName":"User%d@contoso.com","userId":"%s","appId":"app-%d","ipAddress":"203.0.113.%d","status":{"errorCode":%d},"appliedConditionalAccessPolicies":[{"displayName":"CA01","result":"success"},{"displayName":"CA02"},{"result":"failure"}],"padding":"%s"}`+"\n",
			i, at.Format(time.RFC3339), i%50, user(i%50), i%7, i%250, i%3, strings.Repeat("x", i%100))
	}
	var want []kept
	r.each(tb, "signins.json", b.Bytes(), func(ev *event.Event) {
		rows.Add(ev, "signins.json:1")
		want = append(want, keptOf(ev, "signins.json:1"))
	})
	return rows, want
}

func user(i int) string { return fmt.Sprintf("e1e22fbc-7c97-5fc6-abfa-%012d", i) }

func TestWriteSortsAndSplits(t *testing.T) {
	r := newReader(t)
	l := open(t)
	a, wantA := signins(t, r, 0, 700)
	b, wantB := signins(t, r, 700, 300)
	dropped := 0
	for i := range b.Len() {
		if i%3 == 0 {
			b.Drop(i)
			dropped++
			wantB = slices.DeleteFunc(wantB, func(k kept) bool { key := b.Key(i); return k.Key == hex.EncodeToString(key[:]) })
		}
	}
	files := write(t, l, a, b)
	if len(files) != 2 || files[0].Day != "2026-11-02" || files[1].Day != "2026-11-03" {
		t.Fatalf("files: %+v", files)
	}
	rows := int64(0)
	for _, f := range files {
		rows += f.Rows
		if f.First.Format(time.DateOnly) != f.Day || f.Last.Format(time.DateOnly) != f.Day || f.Kind != "signin" || f.Level != 0 || f.Bytes == 0 {
			t.Errorf("file: %+v", f)
		}
	}
	if rows != int64(1000-dropped) {
		t.Errorf("%d rows", rows)
	}
	got := readAll(t, l, files, lake.Query{})
	same(t, append(wantA, wantB...), got)
	if !slices.IsSortedFunc(got, func(a, b kept) int { return a.Time.Compare(b.Time) }) {
		t.Error("records do not come in the order of time")
	}
}

func TestReadFinds(t *testing.T) {
	r := newReader(t)
	l := open(t)
	rows, want := signins(t, r, 0, 1000)
	files := write(t, l, rows)
	mid := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		q    lake.Query
		keep func(kept) bool
	}{
		"all":  {lake.Query{}, func(kept) bool { return true }},
		"user": {lake.Query{Equal: map[string]string{column.User: user(3)}}, func(k kept) bool { return strings.Contains(k.Raw, user(3)) }},
		"user and ip": {lake.Query{Equal: map[string]string{column.User: user(3), column.IP: "203.0.113.53"}}, func(k kept) bool {
			return strings.Contains(k.Raw, user(3)) && strings.Contains(k.Raw, "203.0.113.53\"")
		}},
		"nobody":    {lake.Query{Equal: map[string]string{column.User: "nobody"}}, func(kept) bool { return false }},
		"no column": {lake.Query{Equal: map[string]string{"shoe_size": "44"}}, func(kept) bool { return false }},
		"from":      {lake.Query{From: mid}, func(k kept) bool { return !k.Time.Before(mid) }},
		"to":        {lake.Query{To: mid.Add(time.Hour)}, func(k kept) bool { return k.Time.Before(mid.Add(time.Hour)) }},
		"kind":      {lake.Query{Kinds: []event.Kind{event.Audit}}, func(kept) bool { return false }},
		"tenant":    {lake.Query{Tenant: "another"}, func(kept) bool { return false }},
		"in passes": {lake.Query{Memory: 64 << 10}, func(kept) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			var some []kept
			for _, k := range want {
				if c.keep(k) {
					some = append(some, k)
				}
			}
			got := readAll(t, l, files, c.q)
			same(t, some, got)
			if !slices.IsSortedFunc(got, func(a, b kept) int { return a.Time.Compare(b.Time) }) {
				t.Error("records do not come in the order of time")
			}
		})
	}
	stop := errors.New("enough")
	if err := l.Read(context.Background(), files, lake.Query{}, func(*lake.Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller became %v", err)
	}
}

func TestKnown(t *testing.T) {
	r := newReader(t)
	l := open(t)
	rows, _ := signins(t, r, 0, 500)
	files := write(t, l, rows)
	others, _ := signins(t, r, 500, 500)
	for range 2 { // the second time with filters from memory
		for _, day := range []string{"2026-11-02", "2026-11-03"} {
			var keys []event.Key
			want := map[event.Key]bool{}
			for i := range rows.Len() {
				keys = append(keys, rows.Key(i))
				if rows.Day(i) == day {
					want[rows.Key(i)] = true
				}
			}
			for i := range others.Len() {
				keys = append(keys, others.Key(i))
			}
			got, err := l.Known(context.Background(), lake.Select(files, rows.Tenant(0), event.Signin, day), keys)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", day, diff)
			}
		}
	}
}

// TestHostileText holds that no text can break a reader or be lost.
func TestHostileText(t *testing.T) {
	long := strings.Repeat("ü", 20_000)
	for name, text := range map[string]string{
		"nul": "a\\u0000b", "invalid": "a\xff\xfe\xc3b", "half a rune at the limit": strings.Repeat("x", 8191) + "ü", "long": long,
		"surrogate": `\ud800`, "right to left": "\u202egpj", "quote": `'; DROP TABLE x; --`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			l := open(t)
			rows := lake.NewRows(r.schema)
			data := []byte(`{"id":"1","createdDateTime":"2026-11-02T08:00:00Z","userPrincipalName":"` + text + `","userId":"` + text + `","appliedConditionalAccessPolicies":[{"displayName":"` + text + `","result":"x"}],"status":{"errorCode":0}}`)
			var want []kept
			r.each(t, "x", data, func(ev *event.Event) {
				rows.Add(ev, text)
				want = append(want, keptOf(ev, ""))
			})
			if len(want) != 1 {
				t.Fatalf("%d events", len(want))
			}
			files := write(t, l, rows)
			got := readAll(t, l, files, lake.Query{})
			if len(got) != 1 || got[0].Raw != want[0].Raw {
				t.Fatalf("the record came back as %q", got)
			}
			if v, err := l.Verify(context.Background(), files, nil); err != nil || len(v.Damaged) > 0 {
				t.Errorf("%v %v", v, err)
			}
			if size := files[0].Bytes; size > 200<<10 {
				t.Errorf("the file has %d bytes", size)
			}
		})
	}
}

func TestStrangeTenantsAndTimes(t *testing.T) {
	r := newReader(t)
	l := open(t)
	rows := lake.NewRows(r.schema)
	n := 0
	for _, tenant := range []string{"", "..", "../../etc", "a/b", "x=y", "ä", "%41", "a.b"} {
		for _, at := range []string{"2026-11-02T08:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "nonsense", ""} {
			r.w.Tenant = tenant
			data := fmt.Sprintf(`{"id":"%d","createdDateTime":"%s","userPrincipalName":"a@b","status":{"errorCode":0},"appId":"x"}`, n, at)
			n++
			r.each(t, "x", []byte(data), func(ev *event.Event) { rows.Add(ev, "x") })
		}
	}
	files := write(t, l, rows)
	if got := readAll(t, l, files, lake.Query{}); len(got) != n {
		t.Errorf("%d of %d records", len(got), n)
	}
	for _, f := range files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || strings.Contains(f.Path, "/../") || strings.Count(f.Path, "/") != 3 {
			t.Errorf("path %s", f.Path)
		}
		if _, err := os.Stat(filepath.Join(l.Dir(), filepath.FromSlash(f.Path))); err != nil {
			t.Error(err)
		}
	}
	v, err := l.Verify(context.Background(), files, nil)
	if err != nil || len(v.Damaged) > 0 || len(v.Strangers) > 0 || len(v.Unrecorded) > 0 {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

package detect

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/event"
)

// nasty are the texts in which encodings go wrong: separators, terminators, and
// prefixes of each other.
var nasty = []string{
	"", "a", "b", "ab", "a\x00", "a\x00\x00", "a\x00\x01", "a\x01", "\x00", "\x01", "\x00\x01", "\x01\x00", "\x00\x00",
	"a\x1f", "\x1f", "a\x1fb", "\xff", "\xff\x00", "å", "alice@contoso.com",
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(nasty), rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0x1f, 'a', 0xff}), 0, 5), func(b []byte) string { return string(b) }), rapid.String())
}

// times are those that order well by chance only: before 1970, outside the
// range of 64 bits of nanoseconds, apart by one nanosecond, and unknown.
func times() *rapid.Generator[time.Time] {
	return rapid.OneOf(
		rapid.SampledFrom([]time.Time{
			{},
			time.Unix(0, 0).UTC(), time.Unix(-1, 999_999_999).UTC(), time.Unix(0, 1).UTC(),
			time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		}),
		rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(rapid.Int64Range(-math.MaxInt32, math.MaxInt32).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC()
		}),
	)
}

func keys() *rapid.Generator[event.Key] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), 16, 16), func(b []byte) event.Key { return event.Key(b) })
}

func signals() *rapid.Generator[Signal] {
	entity := rapid.Custom(func(t *rapid.T) Entity {
		return Entity{texts().Draw(t, "type"), texts().Draw(t, "id"), texts().Draw(t, "name")}
	})
	return rapid.Custom(func(t *rapid.T) Signal {
		return Signal{
			Tenant: texts().Draw(t, "tenant"), Rule: rapid.IntRange(0, 300).Draw(t, "rule"),
			Group: rapid.SliceOfN(texts(), 0, 3).Draw(t, "group"), Time: times().Draw(t, "time"),
			Identity: keys().Draw(t, "identity"), Key: keys().Draw(t, "key"), Version: texts().Draw(t, "version"),
			Severity: texts().Draw(t, "severity"), Entities: rapid.SliceOfN(entity, 0, 3).Draw(t, "entities"),
			Summary: rapid.SliceOfN(texts(), 0, 3).Draw(t, "summary"), Source: texts().Draw(t, "source"),
		}
	})
}

func TestSignalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := signals().Draw(t, "signal")
		got, err := DecodeSignal(want.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if want.Time.IsZero() != got.Time.IsZero() {
			t.Errorf("time %v became %v", want.Time, got.Time)
		}
	})
}

// order is what the encoding must sort by.
func order(a, b *Signal) int {
	return cmp.Or(
		cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Rule, b.Rule), slices.Compare(a.Group, b.Group),
		a.Time.Compare(b.Time), bytes.Compare(a.Identity[:], b.Identity[:]),
	)
}

func TestSignalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := signals().Draw(t, "a")
		b := signals().Draw(t, "b")
		// Most pairs differ in the tenant already; take over some of a, so that
		// what comes later is compared as well.
		for i, same := range []func(){
			func() { b.Tenant = a.Tenant }, func() { b.Rule = a.Rule }, func() { b.Group = a.Group }, func() { b.Time = a.Time },
		} {
			if rapid.IntRange(0, 4).Draw(t, "same") <= i {
				break
			}
			same()
		}
		if want := order(&a, &b); want != 0 && bytes.Compare(a.Append(nil), b.Append(nil)) != want {
			t.Errorf("the encoding of\n%+v\nand\n%+v\ncompares %d, they %d", a, b, -want, want)
		}
	})
}

// TestSignalGroups: groups of several values stay apart whatever is in them.
func TestSignalGroups(t *testing.T) {
	groups := [][]string{
		{}, {""}, {"", ""}, {"a", "b"}, {"a\x1fb"}, {"a", "", "b"}, {"a\x00b"}, {"a\x00", "b"}, {"a", "\x00b"}, {"a\x00\x01", "b"}, {"a\x01b"},
	}
	seen := map[string][]string{}
	for _, g := range groups {
		b := string((&Signal{Group: g}).Append(nil))
		if other, ok := seen[b]; ok {
			t.Errorf("%q and %q have one encoding", g, other)
		}
		seen[b] = g
	}
}

func TestSameButSource(t *testing.T) {
	one := Signal{Tenant: home, Group: []string{"alice"}, Time: time.Unix(1_793_600_000, 0), Version: "2", Summary: []string{"x"}, Source: "a.json:1"}
	with := func(f func(*Signal)) []byte {
		s := one
		f(&s)
		return s.Append(nil)
	}
	tests := []struct {
		name string
		b    []byte
		want bool
	}{
		{"itself", with(func(*Signal) {}), true},
		{"another source", with(func(s *Signal) { s.Source = "b.json:12[3]" }), true},
		{"no source", with(func(s *Signal) { s.Source = "" }), true},
		{"a source that looks like a summary", with(func(s *Signal) { s.Summary, s.Source = nil, "\x01xa.json:1" }), false},
		{"another version", with(func(s *Signal) { s.Version = "3" }), false},
		{"another key", with(func(s *Signal) { s.Key[0] = 1 }), false},
		{"another group", with(func(s *Signal) { s.Group = []string{"bob"} }), false},
		{"nothing", nil, false},
		{"too short", []byte{0, 0, 1}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SameButSource(one.Append(nil), tt.b); got != tt.want {
				t.Errorf("got %t", got)
			}
			if got := SameButSource(tt.b, one.Append(nil)); got != tt.want {
				t.Errorf("the other way round: got %t", got)
			}
		})
	}
}

func TestDecodeSignalDamaged(t *testing.T) {
	s := Signal{
		Tenant: home, Rule: 7, Group: []string{"alice", ""}, Time: time.Unix(1_793_600_000, 5), Severity: "high",
		Entities: []Entity{{"user", "id", "alice"}}, Summary: []string{"", "x"}, Source: "a.json:1",
	}
	whole := s.Append(nil)
	for n := range whole {
		if _, err := DecodeSignal(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes pass for a signal", n, len(whole))
		}
	}
	if _, err := DecodeSignal(append(bytes.Clone(whole), 0)); err == nil {
		t.Error("a byte too many passes for a signal")
	}
}

func FuzzDecodeSignal(f *testing.F) {
	f.Add([]byte(nil))
	f.Add((&Signal{}).Append(nil))
	f.Add((&Signal{
		Tenant: home, Rule: 3, Group: []string{"a\x00b", ""}, Time: time.Unix(-1, 5), Version: "v", Severity: "low",
		Entities: []Entity{{"ip", "", "192.0.2.1"}}, Summary: []string{"a", ""}, Source: "a.json:1",
	}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSignal(b)
		if err != nil {
			return
		}
		again, err := DecodeSignal(s.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(s, again, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-first +second\n%s", diff)
		}
	})
}

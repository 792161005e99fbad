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

// details are those of an event, of a finding over many, and odd ones.
func details() *rapid.Generator[Detail] {
	entity := rapid.Custom(func(t *rapid.T) Entity {
		return Entity{texts().Draw(t, "type"), texts().Draw(t, "id"), texts().Draw(t, "name")}
	})
	evidence := rapid.Custom(func(t *rapid.T) Evidence {
		return Evidence{keys().Draw(t, "evidence"), times().Draw(t, "when"), texts().Draw(t, "source")}
	})
	value := rapid.Custom(func(t *rapid.T) Distinct {
		return Distinct{Texts: rapid.SliceOfN(texts(), 0, 3).Draw(t, "texts"), rest: rapid.SliceOfN(rapid.Uint64(), 0, 3).Draw(t, "rest")}
	})
	return rapid.Custom(func(t *rapid.T) Detail {
		d := Detail{
			First: times().Draw(t, "first"), Last: times().Draw(t, "last"), Count: rapid.IntRange(0, 3).Draw(t, "count"),
			Severity: texts().Draw(t, "severity"), Flags: Flags(rapid.IntRange(0, 7).Draw(t, "flags")), Measure: texts().Draw(t, "measure"),
			Entities: rapid.SliceOfN(entity, 0, 3).Draw(t, "entities"), Evidence: rapid.SliceOfN(evidence, 0, 3).Draw(t, "evidence"),
			Values: rapid.SliceOfN(value, 0, 3).Draw(t, "values"),
		}
		if rapid.Bool().Draw(t, "of one event") {
			d.Last, d.Count = d.First, 1
			d.Evidence = []Evidence{{keys().Draw(t, "key"), d.First, texts().Draw(t, "source")}}
		}
		return d
	})
}

// alike compares signals by what is encoded of them.
var alike = gocmp.Options{cmpopts.EquateEmpty(), gocmp.AllowUnexported(Distinct{}), cmpopts.IgnoreFields(Distinct{}, "seen")}

func signals() *rapid.Generator[Signal] {
	return rapid.Custom(func(t *rapid.T) Signal {
		s := Signal{
			Tenant: texts().Draw(t, "tenant"), Rule: rapid.IntRange(0, 300).Draw(t, "rule"),
			Group: rapid.SliceOfN(texts(), 0, 3).Draw(t, "group"), Time: times().Draw(t, "time"),
			Identity: keys().Draw(t, "identity"), Key: keys().Draw(t, "key"), Version: texts().Draw(t, "version"),
			Detail: details().Draw(t, "detail"),
		}
		if s.Logon.Class = LogonClass(rapid.IntRange(0, 2).Draw(t, "logon")); s.Logon.Class != NoLogon {
			s.Logon.ID = texts().Draw(t, "sign-in")
		}
		return s
	})
}

func TestSignalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := signals().Draw(t, "signal")
		got, err := DecodeSignal(want.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got, alike); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if want.Time.IsZero() != got.Time.IsZero() {
			t.Errorf("time %v became %v", want.Time, got.Time)
		}
	})
}

// values are slots with one text each.
func values(texts ...string) []Distinct {
	out := make([]Distinct, len(texts))
	for i, t := range texts {
		out[i].Texts = []string{t}
	}
	return out
}

func begins(s *Signal) time.Time {
	if s.First.IsZero() {
		return s.Time
	}
	return s.First
}

// order is what the encoding must sort by.
func order(a, b *Signal) int {
	return cmp.Or(
		cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Rule, b.Rule), slices.Compare(a.Group, b.Group),
		begins(a).Compare(begins(b)), bytes.Compare(a.Identity[:], b.Identity[:]),
	)
}

func TestSignalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := signals().Draw(t, "a")
		b := signals().Draw(t, "b")
		// Most pairs differ in the tenant already; take over some of a, so that
		// what comes later is compared as well.
		for i, same := range []func(){
			func() { b.Tenant = a.Tenant }, func() { b.Rule = a.Rule }, func() { b.Group = a.Group }, func() { b.Time, b.First = a.Time, a.First },
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
	when := time.Unix(1_793_600_000, 0)
	one := Signal{Tenant: home, Group: []string{"alice"}, Time: when, Version: "2", Detail: Detail{First: when, Last: when, Count: 1, Values: values("x")}}
	from := func(source string) func(*Signal) {
		return func(s *Signal) { s.Evidence = []Evidence{{Key: s.Key, Time: s.Time, Source: source}} }
	}
	from("a.json:1")(&one)
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
		{"another source", with(from("b.json:12[3]")), true},
		{"no source", with(from("")), true},
		{"a source that looks like a value", with(func(s *Signal) { s.Values = nil; from("\x01\x02x\x00\x01a.json:1")(s) }), false},
		{"another count", with(func(s *Signal) { s.Count = 2 }), false},
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
		Tenant: home, Rule: 7, Group: []string{"alice", ""}, Time: time.Unix(1_793_600_000, 5),
		Logon: Logon{Outcome, "\x01alice\x00\x00\x01app\x00\x00\x01id\x00\x00"},
		Detail: Detail{
			First: time.Unix(1_793_600_000, 5), Last: time.Unix(1_793_600_000, 5), Count: 1, Severity: "high",
			Entities: []Entity{{"user", "id", "alice"}}, Values: values("", "x"), Evidence: []Evidence{{Time: time.Unix(1_793_600_000, 5), Source: "a.json:1"}},
		},
	}
	several := s
	several.Detail = Detail{
		First: time.Unix(1_793_600_000, 5), Last: time.Unix(1_793_600_500, 5), Count: 3, Measure: "3", Flags: VIP,
		Values: []Distinct{{Texts: []string{"x"}, rest: []uint64{1, 2}}}, Evidence: []Evidence{{Source: "a.json:1"}, {Source: "a.json:2"}},
	}
	for _, s := range []*Signal{&s, &several} {
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
}

func FuzzDecodeSignal(f *testing.F) {
	f.Add([]byte(nil))
	f.Add((&Signal{}).Append(nil))
	f.Add((&Signal{
		Tenant: home, Rule: 3, Group: []string{"a\x00b", ""}, Time: time.Unix(-1, 5), Version: "v", Logon: Logon{Interruption, "id"},
		Detail: Detail{Count: 2, Severity: "low", Entities: []Entity{{"ip", "", "192.0.2.1"}}, Values: values("a", ""), Evidence: []Evidence{{Source: "a.json:1"}}},
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
		if diff := gocmp.Diff(s, again, alike); diff != "" {
			t.Errorf("-first +second\n%s", diff)
		}
	})
}

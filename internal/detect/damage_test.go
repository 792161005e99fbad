package detect_test

import (
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// aSignal has everything that signals can have.
func aSignal() *detect.Signal {
	when := time.Unix(1_793_600_000, 5).UTC()
	return &detect.Signal{
		Tenant: "t", Rule: 7, Group: []string{"alice", "a\x00b"}, Time: when, Version: "2", Logon: detect.Logon{Class: detect.Outcome, ID: "\x01x\x00\x00"},
		Detail: detect.Detail{
			First: when, Last: when.Add(time.Minute), Count: 2, Severity: "high", Flags: detect.VIP, Measure: "2",
			Entities: []detect.Entity{{Type: "user", ID: "9d1c8b8e-0a77-4d6c-8f0e-3a7cf2b4e001", Name: "Alice"}},
			Evidence: []detect.Evidence{{Key: event.Key{1}, Time: when, Source: "a.json:1"}, {Key: event.Key{2}, Time: when, Source: "a.json:2"}},
			Values:   []detect.Distinct{{Texts: []string{"x", "y"}}, {}},
		},
	}
}

// roundTrip reports how a signal differs from what its encoding reads as.
func roundTrip(t *testing.T, s detect.Signal) {
	t.Helper()
	again, err := detect.DecodeSignal(s.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(s, again, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(detect.Distinct{})); diff != "" {
		t.Errorf("-first +second\n%s", diff)
	}
}

// FuzzSignalDamage: what is no signal is an error, and costs no more memory
// than a few times its length.
func FuzzSignalDamage(f *testing.F) {
	f.Add((&detect.Signal{}).Append(nil))
	f.Add(aSignal().Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := detect.DecodeSignal(b)
		values := 0
		for i := range s.Values {
			values += 1 + s.Values[i].Len()
		}
		if n := len(s.Group) + len(s.Entities) + len(s.Evidence) + values; n > len(b)+1 {
			t.Errorf("%d bytes are %d things", len(b), n)
		}
		if err == nil {
			roundTrip(t, s)
		}
	})
}

// TestSignalDamage changes each byte of a signal, and cuts it everywhere.
func TestSignalDamage(t *testing.T) {
	whole := aSignal().Append(nil)
	roundTrip(t, *aSignal())
	for i := range whole {
		if _, err := detect.DecodeSignal(whole[:i]); err == nil {
			t.Errorf("the first %d of %d bytes pass for a signal", i, len(whole))
		}
		for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff, whole[i] ^ 1} {
			b := append([]byte(nil), whole...)
			b[i] = x
			if s, err := detect.DecodeSignal(b); err == nil {
				roundTrip(t, s)
			}
		}
	}
}

// FuzzMemberDamage reads members, as what evaluates groups does.
func FuzzMemberDamage(f *testing.F) {
	d := aSignal().Detail
	f.Add(append(make([]byte, 26), d.Encode()...), uint8(0))
	f.Add(append(append(make([]byte, 25), 1, 4, 1, 'x'), d.Encode()...), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, typ uint8) {
		p := &detect.Pattern{Type: types[int(typ)%len(types)].name}
		m, err := detect.DecodeMember(b, p)
		if len(m.Values) > len(b) {
			t.Errorf("%d bytes are %d values", len(b), len(m.Values))
		}
		if err != nil {
			return
		}
		if d, err := detect.DecodeDetail(m.Detail); err == nil {
			roundTrip(t, detect.Signal{Detail: d})
		}
	})
}

// FuzzTuple: parts are what was written, in lower case, wherever zero bytes
// stand, and damage does no harm.
func FuzzTuple(f *testing.F) {
	f.Add("", "a", "\x00", true)
	f.Add("0", "A", "0", true)
	f.Add("\x00\x00", "\x00\x01", "\x01\x00", false)
	f.Fuzz(func(t *testing.T, a, b, damaged string, missing bool) {
		pa, want := &a, []string{strings.ToLower(a), strings.ToLower(b)}
		if missing {
			pa, want[0] = nil, ""
		}
		whole := detect.Tuple(pa, &b)
		if diff := gocmp.Diff(want, detect.Parts(whole)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for n, prefix := range []string{"", detect.Tuple(pa), whole} {
			end, complete := detect.SplitTuple(whole+damaged, n)
			if whole[:min(end, len(whole))] != prefix || complete == (missing && n > 0) {
				t.Errorf("the first %d parts of %q end at %d, complete %t", n, whole, end, complete)
			}
		}
		if _, complete := detect.SplitTuple(whole, 3); complete {
			t.Error("a tuple of two is complete as one of three")
		}
		end, _ := detect.SplitTuple(damaged, 3)
		if end > len(damaged) {
			t.Errorf("%q ends at %d", damaged, end)
		}
		if n := len(detect.Parts(damaged)); n > len(damaged) {
			t.Errorf("%q has %d parts", damaged, n)
		}
		detect.PlaceOf(damaged)
		detect.PlaceOf(whole)
	})
}

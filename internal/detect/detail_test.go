package detect

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestSpanText(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0: "0s", time.Millisecond: "0s", time.Second: "1s", 59 * time.Second: "59s", time.Minute: "1m", 90 * time.Second: "1m 30s",
		31 * time.Minute: "31m", time.Hour: "1h", 3*time.Hour + 5*time.Minute: "3h 5m", time.Hour + 30*time.Second: "1h",
		day: "1d", 14*day + 2*time.Hour: "14d 2h", day + 59*time.Minute: "1d", 400 * day: "400d", 59*time.Minute + 59*time.Second: "59m 59s",
	} {
		if got := SpanText(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestWhole(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567", 0.4: "0", 0.5: "1", 1.5: "2", 999.6: "1,000",
		-7: "-7", -999: "-999", -1000: "-1,000", 1e15: "1,000,000,000,000,000",
	} {
		if got := Whole(f); got != want {
			t.Errorf("%v: got %q, want %q", f, got, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	tests := []struct {
		template string
		want     []Placeholder
	}{
		{"", nil},
		{"text", nil},
		{"{user} from {ip}", []Placeholder{{Field: "user"}, {Field: "ip"}}},
		{"{count}{first}{last}{span}{measure}", []Placeholder{{Special: "count"}, {Special: "first"}, {Special: "last"}, {Special: "span"}, {Special: "measure"}}},
		{"{number of ip}", []Placeholder{{Field: "ip", Count: true}}},
		{"{number of count}", []Placeholder{{Field: "count", Count: true}}},
		{"{Count} {numbers}", []Placeholder{{Field: "Count"}, {Field: "numbers"}}},
		{"{user", nil},
		{"user}", nil},
		{"} {user} {ip", []Placeholder{{Field: "user"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Placeholders(tt.template)); diff != "" {
			t.Errorf("%q: -want +got\n%s", tt.template, diff)
		}
	}
}

func TestLevelOf(t *testing.T) {
	for text, want := range map[string]string{
		"critical": "critical", "High": "high", "medium": "medium", "low": "low", "informational": "informational",
		"none": "informational", "None": "informational", "hidden": "low", "": "low", "unknownFutureValue": "low",
	} {
		if got := LevelOf(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// TestDetailMerge: what several details say together.
func TestDetailMerge(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	alice, bob, carol := Entity{Type: "user", ID: "1", Name: "alice"}, Entity{Type: "user", ID: "2", Name: "bob"}, Entity{Type: "user", Name: "carol"}
	var d Detail
	d.Merge(&Detail{First: noon.Add(time.Minute), Last: noon.Add(2 * time.Minute), Count: 2, Flags: VIP, Severity: "none", Measure: "2", Entities: []Entity{alice}, Values: values("x")})
	d.Merge(&Detail{First: noon, Last: noon, Count: 1, Flags: BreakGlass, Severity: "medium", Measure: "1", Entities: []Entity{bob, {Type: "user", ID: "1", Name: "Alice L."}}, Values: values("y", "z")})
	d.Merge(&Detail{Count: 1, Severity: "low", Entities: []Entity{carol}, Values: values("x")})
	d.Merge(&Detail{Entities: []Entity{{Type: "user", Name: "Carol"}}})
	want := Detail{
		First: noon, Last: noon.Add(2 * time.Minute), Count: 4, Flags: VIP | BreakGlass, Severity: "medium", Measure: "2",
		Entities: []Entity{alice, bob, carol}, Values: []Distinct{{Texts: []string{"x", "y"}}, {Texts: []string{"z"}}},
	}
	if diff := cmp.Diff(want, d, alike); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestDistinct: however texts come together, each counts once, the first ones
// are kept, and an encoding in between changes nothing.
func TestDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []string
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 40), 0, 80).Draw(t, "texts") {
			all = append(all, fmt.Sprint("text ", n))
		}
		var want []string
		for _, s := range all {
			if !slices.Contains(want, s) {
				want = append(want, s)
			}
		}
		var whole, kept, parts Distinct
		for _, s := range all {
			whole.add(s, false)
			kept.add(s, true)
		}
		for len(all) > 0 {
			n := rapid.IntRange(1, len(all)).Draw(t, "part")
			d := Detail{Values: make([]Distinct, 1)}
			for _, s := range all[:n] {
				d.Values[0].add(s, false)
			}
			var o Detail
			if r := (signalReader{b: d.append(nil)}); true {
				o.read(&r)
			}
			parts.merge(&o.Values[0], false)
			all = all[n:]
		}
		if diff := cmp.Diff(want, kept.Texts, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("all: -want +got\n%s", diff)
		}
		shown := want[:min(len(want), maxShown)]
		if diff := cmp.Diff(shown, whole.Texts, cmpopts.EquateEmpty()); diff != "" || whole.Len() != len(want) || whole.Full() {
			t.Fatalf("%d of %d; -want +got\n%s", whole.Len(), len(want), diff)
		}
		if parts.Len() != len(want) || len(want) <= maxShown && !slices.Equal(parts.Texts, want) {
			t.Fatalf("in parts %d of %d: %v", parts.Len(), len(want), parts.Texts)
		}
	})
}

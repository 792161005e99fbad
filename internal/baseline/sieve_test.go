package baseline

import (
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestStrangersAreInNoList asks lists about anybody as Recognise marks them, and
// with nothing marked and no sieve in the way.
func TestStrangersAreInNoList(t *testing.T) {
	v := mustView(t, `
privileged_accounts: ["adm_*@acme.example", "*.admin@acme.example", "*k*x@acme.example", kim@acme.example]
break_glass_accounts: [glass@acme.example, aaaaaaaa-0000-4000-8000-000000000001]
vip_accounts: ["ceo*", "group:Inner"]
approved_sources: ["HR *", Entitlement Management]
stationary_groups: [{members: ["plant-*@acme.example"], countries: [SE]}]
working_hours:
  - {members: ["night-*@acme.example"], time_zone: UTC, days: [mon], from: "22:00", to: "06:00"}
`, testDirectory())
	var open []*principalSet // the same sets without sieves
	sets := []*principalSet{v.stationary[0].members, v.rosters["working_hours"].entries[ofMembers][0].members}
	for _, name := range sorted(v.people) {
		sets = append(sets, v.people[name])
	}
	for _, s := range sets {
		bare := *s
		bare.sieve = sieve{}
		open = append(open, &bare)
	}
	names := slices.Concat([]string{"", "adm_ann", "ADM_", "ann.admin", "kim", "\u212aim", "k\u0130m", "ceo", "plant-7", "night-1", "Glass", "HR Portal", "hr", "guest_acme.example#EXT#"}, v.people["vip_accounts"].list)
	pick := func(t *rapid.T, label string) string {
		name := rapid.OneOf(rapid.SampledFrom(names), rapid.StringN(0, 8, -1)).Draw(t, label)
		return rapid.SampledFrom([]string{"", "", "0123456789abcdef0123456789abcdef"}).Draw(t, "deleted") + name +
			rapid.SampledFrom([]string{"", "@acme.example", "@ACME.example", "x@acme.example"}).Draw(t, "domain")
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Principal{UPN: pick(t, "upn"), ID: rapid.SampledFrom([]string{"", "AAAAAAAA-0000-4000-8000-000000000001", "x"}).Draw(t, "id")}
		if rapid.Bool().Draw(t, "app") {
			p = Principal{Name: pick(t, "name"), ID: p.ID, AppID: pick(t, "app id"), App: true}
		}
		marked := p
		v.Recognise(&marked)
		for i, s := range sets {
			if got, want := s.has(marked), open[i].has(p); got != want {
				t.Fatalf("%q: has(%+v) = %v, want %v", s.list, marked, got, want)
			}
		}
	})
}

// TestForeignLetters finds out which letters that are not ASCII fold to one that is.
func TestForeignLetters(t *testing.T) {
	var to []rune
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if c := unicode.ToLower(r); c < utf8.RuneSelf {
			to = append(to, c)
		}
	}
	slices.Sort(to)
	if got := string(slices.Compact(to)); got != "ik" {
		t.Errorf("letters outside ASCII fold to %q", got)
	}
	s := newSieve(2)
	s.add("payroll")
	if s.passes("PAYR\u00d6LL") || !s.passes("Payroll") {
		t.Error("nothing foreign folds to payroll, and Payroll does")
	}
	s.add("desk")
	if !s.passes("des\u212a") || s.passes("dess") {
		t.Error("the Kelvin sign folds to k")
	}
}

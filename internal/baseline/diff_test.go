package baseline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	const id = "4bbb79f7-5724-4c9e-95f3-de075f6ec090"
	cases := []struct {
		name, a, b string
		want       []string
	}{
		{"order, case and spelling of lists", "allowed_countries: [SE, de]\negress_ips: [203.0.113.7, 10.0.0.0/8]", "egress_ips: [10.0.0.0/8, 203.0.113.7/32]\nallowed_countries:\n- DE\n- se", nil},
		{"members of a list", "allowed_countries: [SE, DE]", "allowed_countries: [SE, NO]", []string{"allowed_countries +NO -DE"}},
		{"an input", "allowed_countries: [SE]", "vip_accounts: [a@b.example]", []string{"vip_accounts +a@b.example set", "allowed_countries -SE unset"}},
		{"empty is not absent", "{}", "allowed_countries: []", []string{"allowed_countries set"}},
		{"a scalar", "retention_days: 30", "retention_days: 400", []string{"retention_days 30>400"}},
		{"spans that are the same", "thresholds: {short_lived_window: 24h}", "thresholds: {short_lived_window: 1d}", nil},
		{"a threshold", "thresholds: {mfa_attempts: {count: 5, within: 10m}}", "thresholds: {mfa_attempts: {count: 9, within: 10m}}", []string{"thresholds.mfa_attempts count 5, within 10m>count 9, within 10m"}},
		{"its privileged part", "thresholds: {mfa_attempts: {count: 5, within: 10m}}", "thresholds: {mfa_attempts: {count: 5, within: 10m, privileged: {count: 2}}}", []string{"thresholds.mfa_attempts count 5, within 10m>count 5, within 10m, privileged (count 2, within 10m)"}},
		{"a pattern by class", "naming_policy: {user: '^a', guest: x}", "naming_policy: {user: '^A', guest: x}", []string{"naming_policy user: ^a>user: ^A"}},
		{
			"hours", "working_hours: [{members: ['*'], time_zone: UTC, days: [mon, tue], from: '07:00', to: '19:00'}]",
			"working_hours: [{members: ['*'], time_zone: UTC, days: [tue, mon], from: '7:00', to: '19:00'}]", nil,
		},
		{"tenants", "{}", "tenants: [{id: " + id + ", kind: b2c}]", []string{"tenants +" + id + ", kind b2c"}},
		{
			"overrides", "tenants: [{id: " + id + ", overrides: {allowed_countries: [SE]}}]", "tenants: [{id: " + id + ", overrides: {allowed_countries: [NO]}}]",
			[]string{id + " allowed_countries +NO -SE"},
		},
		{"a device by name is not one by id", "approved_devices: ['name:x']", "approved_devices: ['name:y']", []string{"approved_devices +name:y -name:x"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, ch := range Diff(mustParse(t, c.a), mustParse(t, c.b)) {
				got = append(got, short(ch))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if back := Diff(mustParse(t, c.b), mustParse(t, c.a)); len(back) != len(c.want) {
				t.Errorf("the other way round %d changes, want %d", len(back), len(c.want))
			}
		})
	}
}

func short(c Change) string {
	parts := []string{c.Input}
	if c.Tenant != "" {
		parts = []string{c.Tenant, c.Input}
	}
	for _, s := range c.Added {
		parts = append(parts, "+"+s)
	}
	for _, s := range c.Removed {
		parts = append(parts, "-"+s)
	}
	for _, r := range c.Changed {
		parts = append(parts, r.From+">"+r.To)
	}
	if c.Set {
		parts = append(parts, "set")
	}
	if c.Unset {
		parts = append(parts, "unset")
	}
	return strings.Join(parts, " ")
}

// TestDiffReadsFiles compares a list with the same list in a file.
func TestDiffReadsFiles(t *testing.T) {
	a := mustParse(t, "vip_accounts: [a@b.example, c@b.example]")
	b, err := Parse("b.yaml", []byte("vip_accounts: ['@vips.txt']"), func(string) ([]byte, error) { return []byte("c@b.example\na@b.example\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	if d := Diff(a, b); d != nil {
		t.Error(d)
	}
}

// TestFlattenKnowsEveryValue parses the template with everything uncommented:
// no value may fall back to a form that does not tell two of them apart.
func TestFlattenKnowsEveryValue(t *testing.T) {
	text := uncommented()
	b := mustParse(t, text)
	for name, e := range b.set {
		if name == "tenants" {
			continue
		}
		for _, el := range flatten(e.val) {
			if s := fmt.Sprint(e.val); el.text == "" || strings.Contains(el.text, "0x") || strings.HasPrefix(el.text, "{") {
				t.Errorf("%s: %q of %s is for nobody to read", name, el.text, s)
			}
		}
	}
	if d := Diff(b, mustParse(t, text)); d != nil {
		t.Error(d)
	}
}

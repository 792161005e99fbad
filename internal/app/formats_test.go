package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// A change overlays a base record: path, value, path, value, …
type change struct {
	base string
	set  []any
}

// twenty are events that many rules have something to say about.
var twenty = []change{
	{base: "signin"},
	{base: "signin", set: []any{"status.errorCode", 50126, "status.failureReason", "Invalid username or password.", "location.countryOrRegion", "RU", "location.city", "Kazan"}},
	{base: "signin", set: []any{"status.errorCode", 50057, "status.failureReason", "The user account is disabled."}},
	{base: "signin", set: []any{"status.errorCode", 53003, "status.failureReason", "Access has been blocked by Conditional Access policies.", "conditionalAccessStatus", "failure"}},
	{base: "signin", set: []any{"clientAppUsed", "IMAP4", "authenticationRequirement", "singleFactorAuthentication"}},
	{base: "signin", set: []any{"userPrincipalName", "breakglass1@contoso.onmicrosoft.com", "userId", "b0000000-0000-4000-8000-000000000001"}},
	{base: "signin", set: []any{"status.errorCode", 500121, "status.additionalDetails", "MFA denied; user declined the authentication"}},
	{base: "signin", set: []any{"authenticationProtocol", "ropc", "userAgent", "azurehound/2.0"}},
	{base: "audit-add-user"},
	{base: "audit-delete-user"},
	{base: "audit-add-member-to-role"},
	{base: "audit-app-credential"},
	{base: "audit-add-owner"},
	{base: "audit-security-info"},
	{base: "audit-reset-password"},
	{base: "audit-invite"},
	{base: "risk-detection", set: []any{"riskEventType", "leakedCredentials", "activity", "user"}},
	{base: "risk-detection", set: []any{"riskEventType", "anonymizedIPAddress", "riskLevel", "medium"}},
	{base: "activity"},
	{base: "activity-elevate"},
}

// TestSameAlertsInEveryFormat writes the same events in all formats of their
// kind and compares the alerts, for every rule that says it works on them.
func TestSameAlertsInEveryFormat(t *testing.T) {
	rules := library(t)
	base := declared(t)
	engine, err := detect.New(detect.Config{Rules: rules, Baseline: base})
	if err != nil {
		t.Fatal(err)
	}
	works := map[string][]string{}
	for _, c := range engine.Check() {
		works[c.Rule] = c.WorksOn
	}
	byKind := map[event.Kind][]simulate.Record{}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for i, c := range twenty {
		rec, ok := simulate.Base(c.base)
		if !ok {
			t.Fatalf("no base record %s", c.base)
		}
		for n := 0; n < len(c.set); n += 2 {
			if err := rec.Set(c.set[n].(string), c.set[n+1]); err != nil {
				t.Fatal(err)
			}
		}
		rec = rec.WithID(fmt.Sprintf("e0000000-0000-4000-8000-%012d", i)).WithTime(at.Add(time.Duration(i) * 7 * time.Minute))
		byKind[rec.Kind] = append(byKind[rec.Kind], rec)
	}
	compared := 0
	for kind, recs := range byKind {
		reference := map[string]string{}
		first := event.FormatUnknown
		for _, format := range event.FormatsOf(kind) {
			for _, layout := range simulate.Layouts(format) {
				got := alertsOf(t, rules, recs, format, layout)
				if first == event.FormatUnknown {
					reference, first = got, format
					continue
				}
				both := func(m map[string]string) map[string]string {
					out := map[string]string{}
					for k, v := range m {
						rule, _, _ := strings.Cut(k, " ")
						if slices.Contains(works[rule], format.String()) && slices.Contains(works[rule], first.String()) {
							out[k] = v
						}
					}
					return out
				}
				want := both(reference)
				compared += len(want)
				if d := cmp.Diff(want, both(got)); d != "" {
					t.Errorf("%s: alerts differ between %s and %s %s (-/+):\n%s", kind, first, format, layout, d)
				}
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d alerts were compared", compared)
	}
	t.Logf("%d alerts compared", compared)
}

// alertsOf scans records written in one format. Its keys are rule and id, and
// the id is made of tenant, rule, group and period.
func alertsOf(t *testing.T, rules []*detect.Rule, recs []simulate.Record, format event.Format, layout simulate.Layout) map[string]string {
	t.Helper()
	var buf bytes.Buffer
	if err := simulate.Write(&buf, format, layout, recs); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "InteractiveSignIns.log")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	res := scan(t, app.ScanConfig{Paths: []string{path}, Rules: rules, Baseline: declared(t), Tenant: recs[0].Tenant})
	if n := res.Summary.Undecodable; n > 0 {
		t.Errorf("%s %s: %d records not understood: %v", format, layout, n, res.Summary.Files[0].Undecodable)
	}
	for _, a := range alerts(t, res) {
		when := "no time"
		if a.First != nil {
			when = a.First.Truncate(time.Second).Format(time.RFC3339) + " to " + a.Last.Truncate(time.Second).Format(time.RFC3339)
		}
		out[a.Rule+" "+a.ID] = fmt.Sprintf("%s, %d, %s", a.Severity, a.Count, when)
	}
	return out
}

func scan(t *testing.T, c app.ScanConfig) *app.Result {
	t.Helper()
	res, err := app.Scan(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := res.Close(); err != nil {
			t.Error(err)
		}
	})
	return res
}

func alerts(t *testing.T, res *app.Result) []*alert.Alert {
	t.Helper()
	var out []*alert.Alert
	for a, err := range res.Alerts() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

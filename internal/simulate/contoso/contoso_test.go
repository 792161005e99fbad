package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/rules"
)

const example = "../../../examples/contoso"

// TestLogsAreCurrent fails when a file of the example is not what this program
// writes, or is none of its files.
func TestLogsAreCurrent(t *testing.T) {
	files, err := logs()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.name)
		have, err := os.ReadFile(filepath.Join(example, "logs", filepath.FromSlash(f.name)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(have, f.data) {
			t.Errorf("examples/contoso/logs/%s is out of date: run make generate", f.name)
		}
	}
	root := os.DirFS(filepath.Join(example, "logs"))
	err = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(names, p) {
			t.Errorf("examples/contoso/logs/%s is written by nobody", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLogsAreTheSameEachTime(t *testing.T) {
	a, err := logs()
	if err != nil {
		t.Fatal(err)
	}
	b, err := logs()
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if !bytes.Equal(a[i].data, b[i].data) {
			t.Errorf("%s differs from one time to the next", a[i].name)
		}
	}
}

// scan reads the example as `make example` does.
func scan(t *testing.T) (app.Summary, []*alert.Alert) {
	t.Helper()
	file := filepath.Join(example, "baseline.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	declared, err := baseline.Parse(file, data, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "rules", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	res, err := app.Scan(t.Context(), app.ScanConfig{Paths: []string{filepath.Join(example, "logs")}, Rules: lib.Rules, Baseline: declared})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := res.Close(); err != nil {
			t.Error(err)
		}
	})
	var alerts []*alert.Alert
	for a, err := range res.Alerts() {
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
	}
	return res.Summary, alerts
}

// A scene is an alert that the example must show: its rule, and whom it names.
type scene struct {
	rule string
	who  *person
}

var story = []scene{
	{"mfa-fraud-alert", alice},
	{"successful-sign-in-from-unapproved-country", alice},
	{"failed-sign-in-from-unapproved-country", alice},
	{"risk-anonymous-ip-address", alice},
	{"risk-suspicious-inbox-forwarding", alice},
	{"app-credential-added", bo},
	{"redirect-uri-changed-unsafely", bo},
	{"out-of-hours-sign-in", bo},
	{"emergency-account-sign-in", breakGlass1},
	{"role-assigned-outside-pim", breakGlass1},
	{"changes-by-privileged-account", breakGlass1},
	{"ca-policy-updated-by-unapproved-actor", breakGlass1},
	{"elevation-to-all-azure-subscriptions-activity", breakGlass1},
	{"privileged-account-without-mfa-registration", admErik},
	{"failed-legacy-protocol-sign-in", dan},
	{"sign-in-to-disabled-account", gustav},
	{"blocked-by-conditional-access", felix},
	{"single-factor-sign-in-to-hbi-mbi-app", nora},
	{"guest-invited-by-unapproved-inviter", felix},
	{"account-breaks-naming-policy", nil},
	{"accounts-created-and-deleted-by-unapproved-actor", backdoor},
}

// patterns are the alerts that no single event of the example gives, each with
// how many events make it.
var patterns = []struct {
	scene
	count int
}{
	{scene{"mfa-fraud-alert", alice}, 5},
	{scene{"sign-in-after-mfa-fatigue", alice}, 7},
	{scene{"account-created-and-deleted-within-24h", backdoor}, 2},
	{scene{"password-spray-pattern", otto}, 12},
	{scene{"sign-in-after-password-spray", otto}, 13},
}

// TestPatterns: each attack that takes more than one event is one alert of each
// rule that ought to speak.
func TestPatterns(t *testing.T) {
	_, alerts := scan(t)
	for _, p := range patterns {
		n := 0
		for _, a := range alerts {
			if a.Rule != p.rule {
				continue
			}
			n++
			if !names(a, p.who) || a.Count != p.count {
				t.Errorf("%s counts %d events, want %d, about %v: %s", a.Rule, a.Count, p.count, p.who.upn, a.Summary)
			}
		}
		if n != 1 {
			t.Errorf("%d alerts %s", n, p.rule)
		}
	}
	for _, p := range sprayed {
		if !slices.ContainsFunc(alerts, func(a *alert.Alert) bool { return a.Rule == "password-spray-pattern" && names(a, p) }) {
			t.Errorf("the spray does not name %s", p.upn)
		}
	}
}

func TestStory(t *testing.T) {
	summary, alerts := scan(t)
	if !summary.Complete() || summary.Duplicates > 0 || len(summary.Notices) > 0 {
		t.Errorf("%d undecodable, %d unread, %d duplicates, notices %q", summary.Undecodable, summary.Unread, summary.Duplicates, summary.Notices)
	}
	for _, s := range story {
		found := slices.ContainsFunc(alerts, func(a *alert.Alert) bool { return a.Rule == s.rule && (s.who == nil || names(a, s.who)) })
		if !found {
			t.Errorf("no alert %s about %v", s.rule, s.who)
		}
	}
	for _, level := range []string{"high", "medium", "low"} {
		if summary.Alerts[level] == 0 {
			t.Errorf("no alert of severity %s", level)
		}
	}
	seen := map[string]bool{}
	for _, a := range alerts {
		if seen[a.Rule] {
			t.Errorf("%s alerts twice, the second time: %s", a.Rule, a.Summary)
		}
		seen[a.Rule] = true
	}
	// Enough for a story, few enough to read.
	if len(alerts) < 12 || len(alerts) > 30 {
		t.Errorf("%d alerts", len(alerts))
	}
}

// TestOrdinaryPeopleStaySilent: whoever only works raises no alert, save that
// the alerts about a spray name whom it tried.
func TestOrdinaryPeopleStaySilent(t *testing.T) {
	_, alerts := scan(t)
	for _, p := range everybody() {
		if slices.ContainsFunc(story, func(s scene) bool { return s.who == p }) {
			continue
		}
		for _, a := range alerts {
			spray := slices.Contains(sprayed, p) && (a.Rule == "password-spray-pattern" || a.Rule == "sign-in-after-password-spray")
			if names(a, p) && !spray {
				t.Errorf("%s raised %s: %s", p.upn, a.Rule, a.Summary)
			}
		}
	}
}

func names(a *alert.Alert, p *person) bool {
	for _, e := range a.Entities {
		if e.ID == p.id || strings.EqualFold(e.Name, p.upn) {
			return true
		}
	}
	return false
}

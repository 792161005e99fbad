package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// rulesFrom makes rules out of YAML.
func rulesFrom(t *testing.T, text ...string) []*detect.Rule {
	t.Helper()
	lib := &detect.Library{}
	for i, s := range text {
		fsys := fstest.MapFS{fmt.Sprintf("rule%d.yml", i): {Data: []byte(s)}}
		if err := lib.Add(fsys, ".", "test", false); err != nil {
			t.Fatal(err)
		}
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	return lib.Rules
}

const failedRule = `
title: Failed sign-in
name: failed
logsource: {product: azure, service: signinlogs}
detection: {s: {outcome: failure}, condition: s}
level: low
custom: {entrawatch: {alert: {group-by: [user], period: 1h}, summary: "{user} failed from {ip}"}}
`

// failedOften are correlations of several sorts and levels.
const failedOften = `
title: Failed often
name: often
correlation: {type: event_count, rules: [failed], group-by: [user], timespan: 1h, condition: {gte: 3}, generate: true}
level: low
custom: {entrawatch: {alert: {period: 1h}, escalate: {high: [widespread]}}}
---
title: Many accounts that fail often
name: many
correlation: {type: value_count, rules: [often], timespan: 2h, condition: {field: user, gte: 3}, generate: true}
level: medium
---
title: A new account that fails
name: new
correlation: {type: first_seen, rules: [failed], group-by: [tenantId], condition: {field: user}, learning: 2m}
level: low
---
title: Signed in
name: signed-in
logsource: {product: azure, service: signinlogs}
detection: {s: {status.errorCode: 0}, condition: s}
---
title: Failed, and did not sign in
name: unresolved
correlation: {type: absent, rules: [failed, signed-in], group-by: [user], timespan: 5m}
level: low
`

// write puts records into a file and returns its path.
func write(t *testing.T, dir, name string, f event.Format, l simulate.Layout, recs []simulate.Record) string {
	t.Helper()
	var buf bytes.Buffer
	if err := simulate.Write(&buf, f, l, recs); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// signins returns n sign-ins, of which some fail.
func signins(t *testing.T, n int) []simulate.Record {
	t.Helper()
	var out []simulate.Record
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range n {
		rec, _ := simulate.Base("signin")
		rec = rec.WithID(fmt.Sprintf("50000000-0000-4000-8000-%012d", i)).WithTime(at.Add(time.Duration(i) * time.Minute))
		set(t, rec, "userId", fmt.Sprintf("a0000000-0000-4000-8000-%012d", i%7))
		if i%3 == 0 {
			set(t, rec, "status.errorCode", 50126)
		}
		out = append(out, rec)
	}
	return out
}

func set(t *testing.T, rec simulate.Record, path string, value any) {
	t.Helper()
	if err := rec.Set(path, value); err != nil {
		t.Fatal(err)
	}
}

// asJSON is the alerts without the source of their evidence, which is all
// that may differ when the same events come in other files.
func asJSON(t *testing.T, res *app.Result) string {
	t.Helper()
	var out strings.Builder
	for _, a := range alerts(t, res) {
		for i := range a.Evidence {
			a.Evidence[i].Source = ""
		}
		raw, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(raw)
		out.WriteByte('\n')
	}
	return out.String()
}

// TestOrderAndDuplicates checks that neither the order of events, nor copies,
// nor the number of workers or files changes the alerts.
func TestOrderAndDuplicates(t *testing.T) {
	rules := rulesFrom(t, failedRule, failedOften)
	base := parseBaseline(t, "thresholds: {widespread_accounts: {count: 3, within: 1h}}\n")
	recs := signins(t, 300)
	dir := t.TempDir()
	one := write(t, dir, "one.json", event.Diagnostic, simulate.NDJSON, recs)
	whole := scan(t, app.ScanConfig{Paths: []string{one}, Rules: rules, Baseline: base, Workers: 1})
	want := asJSON(t, whole)
	of := map[string]int{}
	for _, a := range alerts(t, whole) {
		of[a.Rule]++
	}
	if of["failed"] < 7 || of["often"] < 7 || of["many"] == 0 || of["new"] == 0 || of["unresolved"] == 0 || whole.Summary.Duplicates != 0 {
		t.Fatalf("%d duplicates, alerts %v:\n%s", whole.Summary.Duplicates, of, want)
	}
	if !strings.Contains(want, "accounts show the same pattern within 1h") {
		t.Error("nothing is widespread")
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	mixed := append(append([]simulate.Record{}, recs...), recs[:90]...)
	rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	parts := filepath.Join(dir, "parts")
	if err := os.Mkdir(parts, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(mixed); i += 39 {
		write(t, parts, fmt.Sprintf("%03d.json", i), event.Diagnostic, simulate.Page, mixed[i:min(i+39, len(mixed))])
	}
	for _, workers := range []int{1, 2, 5} {
		res := scan(t, app.ScanConfig{Paths: []string{parts}, Rules: rules, Baseline: base, Workers: workers})
		if d := cmp.Diff(want, asJSON(t, res)); d != "" {
			t.Errorf("%d workers (-whole +parts):\n%s", workers, d)
		}
		if s := res.Summary; s.Duplicates != 90 || s.Events["signin"] != 390 {
			t.Errorf("%d workers: %d duplicates of %d events", workers, s.Duplicates, s.Events["signin"])
		}
	}
}

// TestBestFormatWins checks that of two records with one key the one in the
// better format counts, whichever comes first.
func TestBestFormatWins(t *testing.T) {
	rules := rulesFrom(t, failedRule)
	good, _ := simulate.Base("signin")
	bad := good.Clone()
	set(t, bad, "status.errorCode", 50126)
	for _, order := range []struct{ graph, diagnostic string }{{"1.json", "2.json"}, {"2.json", "1.json"}} {
		dir := t.TempDir()
		write(t, dir, order.graph, event.Graph, simulate.Page, []simulate.Record{bad})
		write(t, dir, order.diagnostic, event.Diagnostic, simulate.NDJSON, []simulate.Record{good})
		res := scan(t, app.ScanConfig{Paths: []string{dir}, Rules: rules, Tenant: good.Tenant})
		if n := len(alerts(t, res)); n != 0 || res.Summary.Duplicates != 1 {
			t.Errorf("Graph in %s: %d alerts, %d duplicates", order.graph, n, res.Summary.Duplicates)
		}
	}
}

// TestKeysSpill finds duplicates far apart with a memory of 1 MiB.
func TestKeysSpill(t *testing.T) {
	var buf bytes.Buffer
	const n = 60_000 // keys of 25 bytes: more than 1 MiB
	line := func(i int) {
		fmt.Fprintf(&buf, `{"time":"2026-11-02T08:00:00Z","category":"SignInLogs","tenantId":"t","resultType":"50126","properties":{"id":"%d","userId":"a0000000-0000-4000-8000-%012d"}}`+"\n", i, i%10)
	}
	for i := range n {
		line(i)
	}
	for i := 0; i < n; i += 3 {
		line(i)
	}
	path := filepath.Join(t.TempDir(), "big.json")
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	res := scan(t, app.ScanConfig{Paths: []string{path}, Rules: rulesFrom(t, failedRule), Memory: 1 << 20, TempDir: temp})
	if res.Summary.Duplicates != n/3 {
		t.Errorf("%d duplicates, want %d", res.Summary.Duplicates, n/3)
	}
	if res.Summary.Spilled == 0 {
		t.Error("nothing went to disk, so the test tested nothing")
	}
	total := 0
	for _, a := range alerts(t, res) {
		total += a.Count
	}
	if total != n {
		t.Errorf("%d failures counted, want %d", total, n)
	}
}

// TestVersionsCountOnce: a risk detection is sent again each time its state
// changes.
func TestVersionsCountOnce(t *testing.T) {
	rules := rulesFrom(t, `
title: Risk
name: risk
logsource: {product: azure, service: riskdetection}
detection: {s: {riskEventType|exists: true}, condition: s}
level: high
custom: {entrawatch: {alert: {group-by: [user]}, level-from: riskLevel}}
`)
	first, _ := simulate.Base("risk-detection")
	set(t, first, "riskLevel", "medium")
	second := first.Clone()
	set(t, second, "riskLevel", "high")
	set(t, second, "lastUpdatedDateTime", "2026-11-03T10:00:00Z")
	path := write(t, t.TempDir(), "risk.json", event.Graph, simulate.Page, []simulate.Record{first, second})
	res := scan(t, app.ScanConfig{Paths: []string{path}, Rules: rules})
	got := alerts(t, res)
	if len(got) != 1 || got[0].Count != 1 || got[0].Severity != "high" || res.Summary.Duplicates != 0 {
		t.Errorf("%d duplicates, alerts %+v", res.Summary.Duplicates, got)
	}
}

// TestDoubleCounting warns of exports that overlap and share no ids.
func TestDoubleCounting(t *testing.T) {
	add, _ := simulate.Base("audit-add-user")
	remove, _ := simulate.Base("audit-delete-user")
	recs := []simulate.Record{add, remove}
	later := []simulate.Record{add.WithTime(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))}
	warned := func(dir string) bool {
		res := scan(t, app.ScanConfig{Paths: []string{dir}, Tenant: add.Tenant})
		return strings.Contains(strings.Join(res.Notices, "\n"), "double counting: audit events came as graph and as portal-csv")
	}
	dir := t.TempDir()
	write(t, dir, "AuditLogs.csv", event.PortalCSV, simulate.CSV, recs)
	write(t, dir, "audits.json", event.Graph, simulate.Page, recs)
	if !warned(dir) {
		t.Error("no warning for overlapping exports")
	}
	dir = t.TempDir()
	write(t, dir, "AuditLogs.csv", event.PortalCSV, simulate.CSV, recs)
	write(t, dir, "audits.json", event.Graph, simulate.Page, later)
	if warned(dir) {
		t.Error("a warning for exports that do not overlap")
	}
}

// TestSinceUntil leaves out what lies outside, and says so.
func TestSinceUntil(t *testing.T) {
	recs := signins(t, 120)
	path := write(t, t.TempDir(), "s.json", event.Diagnostic, simulate.NDJSON, recs)
	at := time.Date(2026, 11, 2, 0, 30, 0, 0, time.UTC)
	res := scan(t, app.ScanConfig{Paths: []string{path}, Since: at, Until: at.Add(time.Hour)})
	if s := res.Summary; s.Events["signin"] != 60 || s.Outside != 60 {
		t.Errorf("%d events, %d outside", s.Events["signin"], s.Outside)
	}
}

// TestGeneric matches any JSON lines, whatever the rule's log source.
func TestGeneric(t *testing.T) {
	rules := rulesFrom(t, `
title: Shell
name: shell
logsource: {product: linux, category: process_creation}
detection: {s: {process.name|endswith: sh, user.id: 0}, condition: s}
level: critical
`)
	in := `{"process":{"name":"/bin/bash"},"user":{"id":0}}
{"process.name":"zsh","user.id":"0"}
{"process":{"name":"/bin/cat"},"user":{"id":0}}
`
	path := filepath.Join(t.TempDir(), "x.ndjson")
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	res := scan(t, app.ScanConfig{Paths: []string{path}, Rules: rules, Generic: true})
	n := 0
	for _, a := range alerts(t, res) {
		n += a.Count
	}
	if n != 2 || res.Summary.Alerts["critical"] == 0 {
		t.Errorf("%d matches, %v", n, res.Summary.Alerts)
	}
}

// TestInactiveRulesSaySo names the input or the data that a rule lacks.
func TestInactiveRulesSaySo(t *testing.T) {
	rules := rulesFrom(t, `
title: Country
name: country
logsource: {product: azure, service: signinlogs}
detection: {s: {baseline.country.allowed: 'false'}, condition: s}
level: low
`, `
title: Risk
name: risk
logsource: {product: azure, service: riskdetection}
detection: {s: {riskLevel: high}, condition: s}
level: low
`, `
title: PIM
name: pim
logsource: {product: azure, service: pim}
detection: {s: {riskEventType: x}, condition: s}
level: low
`, `
title: Agent
name: agent
logsource: {product: azure, service: signinlogs}
detection: {s: {riskState: atRisk}, condition: s}
level: low
`)
	rec, _ := simulate.Base("signin")
	path := write(t, t.TempDir(), "InteractiveSignIns.csv", event.PortalCSV, simulate.CSV, []simulate.Record{rec})
	res := scan(t, app.ScanConfig{Paths: []string{path}, Rules: rules})
	want := []detect.Inactive{
		{Rule: "country", Reason: "inactive: baseline input allowed_countries is not set"},
		{Rule: "risk", Reason: "no data: no risk_detection events in the input"},
		{Rule: "pim", Reason: "cannot match: PIM alerts are objects of Microsoft Graph (unifiedRoleManagementAlert) and are written to no log"},
		{Rule: "agent", Reason: "not computable: signin events in the format portal-csv lack a field that the rule needs"},
	}
	if d := cmp.Diff(want, res.Summary.Rules.Inactive); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestDirectory resolves groups from the snapshots among the input, wherever
// they stand in it.
func TestDirectory(t *testing.T) {
	rules := rulesFrom(t, `
title: VIP
name: vip
logsource: {product: azure, service: signinlogs}
detection: {s: {baseline.user.vip: 'true'}, condition: s}
level: low
`)
	signin, _ := simulate.Base("signin")
	group, _ := simulate.Base("group")
	id, _ := signin.Get("userId")
	set(t, group, "displayName", "Board")
	set(t, group, "members.0.id", id)
	dir := t.TempDir()
	write(t, dir, "a-signins.json", event.Diagnostic, simulate.NDJSON, []simulate.Record{signin})
	write(t, dir, "z-groups.json", event.Graph, simulate.Page, []simulate.Record{group})
	b := parseBaseline(t, "vip_accounts: [\"group:Board\"]\n")
	if n := len(alerts(t, scan(t, app.ScanConfig{Paths: []string{dir}, Rules: rules, Baseline: b}))); n != 1 {
		t.Errorf("%d alerts with the snapshot", n)
	}
	alone := []string{filepath.Join(dir, "a-signins.json")}
	res := scan(t, app.ScanConfig{Paths: alone, Rules: rules, Baseline: b})
	if n := len(alerts(t, res)); n != 0 || !strings.Contains(strings.Join(res.Notices, "\n"), "group:Board") {
		t.Errorf("%d alerts without the snapshot; notices %q", n, res.Notices)
	}
	res = scan(t, app.ScanConfig{Paths: alone, Directory: []string{filepath.Join(dir, "z-groups.json")}, Rules: rules, Baseline: b})
	if n := len(alerts(t, res)); n != 1 {
		t.Errorf("%d alerts with -directory", n)
	}
}

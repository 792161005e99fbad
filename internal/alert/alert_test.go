package alert_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// ruleWith returns a rule with a period; "" is the default.
func ruleWith(slug, period string, more ...func(*detect.Rule)) *detect.Rule {
	r := &detect.Rule{Meta: &sigma.Meta{ID: "5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10", Title: "Something happened", Level: "low"}, Slug: slug}
	r.Extra.Alert.Period = period
	for _, f := range more {
		f(r)
	}
	return r
}

func levelFrom(r *detect.Rule) { r.Extra.LevelFrom = "riskLevel" }

func summary(text string) func(*detect.Rule) {
	return func(r *detect.Rule) { r.Extra.Summary = text }
}

// at returns the n-th signal of a test, of one event so long after noon.
func at(n byte, after time.Duration, more ...func(*detect.Signal)) detect.Signal {
	s := detect.Signal{Tenant: "t1", Group: []string{"alice"}, Time: noon.Add(after), Identity: event.Key{n}, Key: event.Key{n, 1}}
	s.Count, s.Evidence = 1, []detect.Evidence{{Source: fmt.Sprintf("a.json:%d", n)}}
	for _, f := range more {
		f(&s)
	}
	s.First, s.Last = s.Time, s.Time
	s.Evidence[0].Key, s.Evidence[0].Time = s.Key, s.Time
	return s
}

// values are slots with one text each, none for "".
func values(texts ...string) []detect.Distinct {
	out := make([]detect.Distinct, len(texts))
	for i, t := range texts {
		if t != "" {
			out[i].Texts = []string{t}
		}
	}
	return out
}

func group(values ...string) func(*detect.Signal) {
	return func(s *detect.Signal) { s.Group = values }
}

// build sorts signals as a scan does and makes alerts of them.
func build(t testing.TB, rules []*detect.Rule, signals ...detect.Signal) []*alert.Alert {
	t.Helper()
	var out []*alert.Alert
	fold(t, alert.NewBuilder(rules, nil, func(a *alert.Alert) error { out = append(out, a); return nil }), signals)
	return out
}

// fold gives signals to a builder in the order of a scan.
func fold(t failer, b *alert.Builder, signals []detect.Signal) {
	signals = slices.Clone(signals)
	slices.SortFunc(signals, func(a, b detect.Signal) int { return bytes.Compare(a.Append(nil), b.Append(nil)) })
	for _, s := range signals {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second finds nothing to do
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A failer is a test, or a check of a property.
type failer interface{ Fatal(args ...any) }

func one(t testing.TB, r *detect.Rule, signals ...detect.Signal) *alert.Alert {
	t.Helper()
	alerts := build(t, []*detect.Rule{r}, signals...)
	if len(alerts) != 1 {
		t.Fatalf("%d alerts instead of one", len(alerts))
	}
	return alerts[0]
}

func TestEpisodes(t *testing.T) {
	tests := []struct {
		name    string
		signals []detect.Signal
		want    []string // rule tenant first–last count
	}{
		{"none", nil, nil},
		{"one", []detect.Signal{at(1, 0)}, []string{"r1 t1 12:00–12:00 1"}},
		{"less than a period apart", []detect.Signal{at(1, 0), at(2, 59*time.Minute)}, []string{"r1 t1 12:00–12:59 2"}},
		{"a period apart", []detect.Signal{at(1, 0), at(2, time.Hour)}, []string{"r1 t1 12:00–13:00 2"}},
		{"more than a period apart", []detect.Signal{at(1, 0), at(2, time.Hour+time.Nanosecond)}, []string{"r1 t1 12:00–12:00 1", "r1 t1 13:00–13:00 1"}},
		{"gaps count, not the whole", []detect.Signal{at(1, 0), at(2, time.Hour), at(3, 2*time.Hour), at(4, 3*time.Hour)}, []string{"r1 t1 12:00–15:00 4"}},
		{"in any order", []detect.Signal{at(3, 2*time.Hour), at(1, 0), at(2, time.Hour)}, []string{"r1 t1 12:00–14:00 3"}},
		{"two groups", []detect.Signal{at(1, 0), at(2, time.Minute, group("bob"))}, []string{"r1 t1 12:00–12:00 1", "r1 t1 12:01–12:01 1"}},
		{"groups that look alike", []detect.Signal{at(1, 0, group("a", "b")), at(2, 0, group("a\x1fb")), at(3, 0, group("ab", ""))}, []string{"r1 t1 12:00–12:00 1", "r1 t1 12:00–12:00 1", "r1 t1 12:00–12:00 1"}},
		{"two rules", []detect.Signal{at(1, 0), at(1, 0, func(s *detect.Signal) { s.Rule = 1 })}, []string{"r1 t1 12:00–12:00 1", "r2 t1 12:00–12:00 1"}},
		{"each rule's own period", []detect.Signal{at(1, 0), at(2, 23*time.Hour), at(1, 0, func(s *detect.Signal) { s.Rule = 1 }), at(2, 23*time.Hour, func(s *detect.Signal) { s.Rule = 1 })}, []string{"r1 t1 12:00–12:00 1", "r1 t1 11:00–11:00 1", "r2 t1 12:00–11:00 2"}},
		{"two tenants", []detect.Signal{at(1, 0), at(2, 0, func(s *detect.Signal) { s.Tenant = "t2" })}, []string{"r1 t1 12:00–12:00 1", "r1 t2 12:00–12:00 1"}},
		{"without time", []detect.Signal{at(1, 0), at(2, 0, untimed), at(3, 0, untimed)}, []string{"r1 t1 ?–? 2", "r1 t1 12:00–12:00 1"}},
	}
	rules := []*detect.Rule{ruleWith("r1", "1h"), ruleWith("r2", "")}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			ids := map[string]bool{}
			for _, a := range build(t, rules, tt.signals...) {
				got = append(got, fmt.Sprintf("%s %s %s–%s %d", a.Rule, a.Tenant, clock(a.First), clock(a.Last), a.Count))
				ids[a.ID] = true
				if !cmp.Equal(a.Updated, a.Last) || a.Revision != 1 || a.Status != "new" {
					t.Errorf("updated %v, last %v, revision %d, status %s", a.Updated, a.Last, a.Revision, a.Status)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(ids) != len(got) {
				t.Errorf("%d alerts share %d ids", len(got), len(ids))
			}
		})
	}
}

// TestFindings: an episode is what its findings cover, whenever each of them
// came to hold.
func TestFindings(t *testing.T) {
	finding := func(n byte, first, last, held time.Duration) detect.Signal {
		s := at(n, held)
		s.First, s.Last, s.Count = noon.Add(first), noon.Add(last), 2
		return s
	}
	alerts := build(t, []*detect.Rule{ruleWith("r", "1h")},
		finding(1, 0, 0, 0), finding(2, 9*time.Hour, 9*time.Hour, 9*time.Hour), finding(3, 30*time.Minute, 10*time.Hour, 10*time.Hour))
	if len(alerts) != 1 || !alerts[0].First.Equal(noon) || !alerts[0].Last.Equal(noon.Add(10*time.Hour)) || alerts[0].Count != 6 {
		t.Errorf("%d alerts, the first from %v to %v", len(alerts), alerts[0].First, alerts[0].Last)
	}
}

func untimed(s *detect.Signal) { s.Time = time.Time{} }

func clock(t *time.Time) string {
	if t == nil {
		return "?"
	}
	return t.Format("15:04")
}

// TestID: the id depends on tenant, rule, group and the period in which the
// alert began, and on nothing else.
func TestID(t *testing.T) {
	id := func(slug string, signals ...detect.Signal) string { return one(t, ruleWith(slug, "1h"), signals...).ID }
	first := id("r", at(1, 10*time.Minute))
	same := map[string]string{
		"grown":            id("r", at(1, 10*time.Minute), at(2, 70*time.Minute), at(3, 2*time.Hour)),
		"another event":    id("r", at(9, 10*time.Minute)),
		"earlier the hour": id("r", at(1, 0)),
		"later the hour":   id("r", at(1, time.Hour-1)),
		"other contents": id("r", at(1, 10*time.Minute, func(s *detect.Signal) {
			s.Severity, s.Version, s.Entities, s.Values = "high", "2", []detect.Entity{{Type: "ip", Name: "192.0.2.1"}}, values("x")
			s.Flags, s.Measure, s.Evidence[0].Source = detect.VIP, "7", "b.json:7"
		})),
	}
	for name, got := range same {
		if got != first {
			t.Errorf("%s: another id", name)
		}
	}
	other := map[string]string{
		"first":           first,
		"another rule":    id("r2", at(1, 10*time.Minute)),
		"another tenant":  id("r", at(1, 10*time.Minute, func(s *detect.Signal) { s.Tenant = "t2" })),
		"another group":   id("r", at(1, 10*time.Minute, group("bob"))),
		"a longer group":  id("r", at(1, 10*time.Minute, group("alice", ""))),
		"group and rule":  id("ralice", at(1, 10*time.Minute, group(""))),
		"split elsewhere": id("r", at(1, 10*time.Minute, group("al", "ice"))),
		"the hour before": id("r", at(1, -1)),
		"the next hour":   id("r", at(1, time.Hour)),
		"no time":         id("r", at(1, 0, untimed)),
		"in 1970":         id("r", at(1, 0, func(s *detect.Signal) { s.Time = time.Unix(0, 0) })),
		"before 1970":     id("r", at(1, 0, func(s *detect.Signal) { s.Time = time.Unix(-1, 0) })),
	}
	seen := map[string]string{}
	for name, got := range other {
		if len(got) != 32 || seen[got] != "" {
			t.Errorf("%s: id %s, as %s has", name, got, seen[got])
		}
		seen[got] = name
	}
	if again := id("r", at(1, 10*time.Minute)); again != first || first != "ef357e9fbe6c9f236291dbdaa27ff947" {
		t.Errorf("the id was to stay what it is for all time, and is %s", again)
	}
}

// TestIDsAreUnique: alerts of one rule and group begin more than a period
// apart, so that no two share an id.
func TestIDsAreUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := ruleWith("r", rapid.SampledFrom([]string{"1s", "7m", "1h", "14d"}).Draw(t, "period"))
		spread := int64(rapid.SampledFrom([]time.Duration{time.Minute, 3 * time.Hour, 1000 * time.Hour}).Draw(t, "spread"))
		start := rapid.SampledFrom([]time.Time{noon, time.Unix(0, 0), time.Unix(-3_000_000, 0)}).Draw(t, "start")
		var signals []detect.Signal
		for i := range rapid.IntRange(1, 30).Draw(t, "signals") {
			after := time.Duration(rapid.Int64Range(-spread, spread).Draw(t, "after"))
			signals = append(signals, at(byte(i), 0, func(s *detect.Signal) { s.Time = start.Add(after) }))
		}
		var alerts []*alert.Alert
		b := alert.NewBuilder([]*detect.Rule{r}, nil, func(a *alert.Alert) error { alerts = append(alerts, a); return nil })
		slices.SortFunc(signals, func(a, b detect.Signal) int { return bytes.Compare(a.Append(nil), b.Append(nil)) })
		for _, s := range signals {
			_ = b.Add(s)
		}
		_ = b.Close()
		seen := map[string]bool{}
		count := 0
		for i, a := range alerts {
			if seen[a.ID] {
				t.Fatalf("the alerts that begin at %v share an id with another", a.First)
			}
			seen[a.ID] = true
			count += a.Count
			if i > 0 && a.First.Sub(*alerts[i-1].Last) <= r.Period() {
				t.Errorf("%v and %v are one episode", alerts[i-1].Last, a.First)
			}
		}
		if count != len(signals) {
			t.Errorf("%d signals, %d counted", len(signals), count)
		}
	})
}

// TestOrderDoesNotMatter: the same signals in any order give the same alerts.
func TestOrderDoesNotMatter(t *testing.T) {
	rules := []*detect.Rule{ruleWith("r1", "10m", levelFrom, summary("{user} and {ip}")), ruleWith("r2", "")}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
		var signals []detect.Signal
		for range rapid.IntRange(0, 12).Draw(t, "signals") {
			n := byte(rapid.IntRange(0, 3).Draw(t, "identity"))
			s := at(n, time.Duration(rapid.IntRange(0, 3).Draw(t, "time"))*6*time.Minute, group(pick("group", "a", "b")))
			s.Flags = detect.Flags(rapid.IntRange(0, 7).Draw(t, "flags"))
			s.Rule = rapid.IntRange(0, 1).Draw(t, "rule")
			s.Version, s.Severity = pick("version", "", "1", "2"), pick("severity", "high", "low", "hidden", "")
			s.Entities = []detect.Entity{{Type: "user", Name: pick("user", "alice", "bob")}, {Type: "ip", Name: pick("ip", "192.0.2.1", "192.0.2.2")}}
			s.Values, s.Evidence[0].Source = values(pick("user", "alice", ""), pick("ip", "x", "y")), pick("source", "a:1", "a:2")
			signals = append(signals, s)
		}
		got := func(signals []detect.Signal) string {
			var out []*alert.Alert
			b := alert.NewBuilder(rules, nil, func(a *alert.Alert) error { out = append(out, a); return nil })
			signals = slices.Clone(signals)
			slices.SortFunc(signals, func(a, b detect.Signal) int { return bytes.Compare(a.Append(nil), b.Append(nil)) })
			for _, s := range signals {
				_ = b.Add(s)
			}
			_ = b.Close()
			text, _ := json.Marshal(out)
			return string(text)
		}
		want := got(signals)
		if diff := cmp.Diff(want, got(rapid.Permutation(signals).Draw(t, "shuffled"))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSeverity(t *testing.T) {
	tests := []struct {
		name   string
		rule   *detect.Rule
		levels []string
		want   string
		reason string
	}{
		{"the rule's", ruleWith("r", ""), []string{"high"}, "low", "level of the rule"},
		{"high", ruleWith("r", "", levelFrom), []string{"high"}, "high", "riskLevel of the record is high"},
		{"capitals", ruleWith("r", "", levelFrom), []string{"Medium"}, "medium", "riskLevel of the record is Medium"},
		{"critical", ruleWith("r", "", levelFrom), []string{"Critical"}, "critical", "riskLevel of the record is Critical"},
		{"informational", ruleWith("r", "", levelFrom), []string{"Informational"}, "informational", "riskLevel of the record is Informational"},
		{"none", ruleWith("r", "", levelFrom), []string{"none"}, "informational", "riskLevel of the record is none"},
		{"hidden", ruleWith("r", "", levelFrom), []string{"hidden"}, "low", "riskLevel is hidden without a P2 licence, which counts as low"},
		{"empty", ruleWith("r", "", levelFrom), []string{""}, "low", "riskLevel is missing in the record, which counts as low"},
		{"unknown", ruleWith("r", "", levelFrom), []string{"unknownFutureValue"}, "low", "riskLevel of the record is unknownFutureValue"},
		{"the worst", ruleWith("r", "", levelFrom), []string{"low", "high", "medium"}, "high", "riskLevel of the record is high"},
		{"the first of equals", ruleWith("r", "", levelFrom), []string{"none", "hidden", "low"}, "low", "riskLevel is hidden without a P2 licence, which counts as low"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var signals []detect.Signal
			for i, level := range tt.levels {
				signals = append(signals, at(byte(i), time.Duration(i)*time.Minute, func(s *detect.Signal) { s.Severity = level }))
			}
			a := one(t, tt.rule, signals...)
			if a.Severity != tt.want || a.SeverityReason != tt.reason {
				t.Errorf("%s: %s", a.Severity, a.SeverityReason)
			}
		})
	}
}

// TestVersions: one detection that is reported again counts once, and its worst
// level is the alert's.
func TestVersions(t *testing.T) {
	version := func(v, level string) detect.Signal {
		return at(1, 0, func(s *detect.Signal) { s.Version, s.Severity, s.Key = v, level, event.Key{1, v[0]} })
	}
	a := one(t, ruleWith("r", "", levelFrom), version("3", "low"), version("1", "medium"), version("2", "high"), at(2, time.Minute))
	if a.Count != 2 || len(a.Evidence) != 2 || a.Severity != "high" {
		t.Errorf("count %d, %d pieces of evidence, %s", a.Count, len(a.Evidence), a.Severity)
	}
	if want := fmt.Sprintf("%x", event.Key{1, '1'}); a.Evidence[0].Event != want {
		t.Errorf("evidence is %s, want the first version %s", a.Evidence[0].Event, want)
	}
}

func TestEvidenceIsLimitedButCounted(t *testing.T) {
	var signals []detect.Signal
	for i := range 3 * detect.MaxEvidence {
		signals = append(signals, at(byte(i), time.Duration(i)*time.Second))
	}
	a := one(t, ruleWith("r", ""), signals...)
	if a.Count != 3*detect.MaxEvidence || len(a.Evidence) != detect.MaxEvidence {
		t.Errorf("count %d, %d pieces of evidence", a.Count, len(a.Evidence))
	}
	if a.Evidence[0].Source != "a.json:0" || !a.Last.Equal(signals[len(signals)-1].Time) {
		t.Errorf("begins with %s, ends at %v", a.Evidence[0].Source, a.Last)
	}
}

func TestEntities(t *testing.T) {
	alice, ip := detect.Entity{Type: "user", ID: "1", Name: "alice"}, detect.Entity{Type: "ip", Name: "192.0.2.1"}
	with := func(n byte, entities ...detect.Entity) detect.Signal {
		return at(n, time.Duration(n)*time.Second, func(s *detect.Signal) { s.Entities = entities })
	}
	bob := detect.Entity{Type: "user", ID: "2", Name: "bob"}
	a := one(t, ruleWith("r", ""), with(0, alice, ip), with(1, ip, alice), with(2, bob, ip))
	if diff := cmp.Diff([]detect.Entity{alice, ip, bob}, a.Entities); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var many []detect.Signal
	for i := range 60 {
		many = append(many, with(byte(i), detect.Entity{Type: "ip", Name: fmt.Sprintf("192.0.2.%d", i)}))
	}
	if a := one(t, ruleWith("r", ""), many...); len(a.Entities) != 50 || a.Count != 60 {
		t.Errorf("%d entities of %d events", len(a.Entities), a.Count)
	}
	if a := one(t, ruleWith("r", ""), with(0)); a.Entities == nil || len(a.Entities) != 0 {
		t.Errorf("without entities: %v", a.Entities)
	}
}

func TestSummary(t *testing.T) {
	user := detect.Entity{Type: "user", Name: "alice@contoso.com"}
	tests := []struct {
		name, template string
		values         []string
		entities       []detect.Entity
		want           string
	}{
		{"text", "Look at this.", nil, nil, "Look at this."},
		{"values", "{user} from {ip}.", []string{"alice", "192.0.2.1"}, nil, "alice from 192.0.2.1."},
		{"nothing between", "{user}{ip}", []string{"a", "b"}, nil, "ab"},
		{"missing value", "{user} from {ip}", []string{"", "192.0.2.1"}, nil, "(unknown) from 192.0.2.1"},
		{"braces in values", "{user} from {ip}", []string{"{ip}", "}{user}"}, nil, "{ip} from }{user}"},
		{"control characters", "{user}\n!", []string{"a\nb\tc\x00d\x01\x02\x1b[31m\x7fe"}, nil, "a b c d   [31m e !"},
		{"a brace that closes nothing", "100} of {user}", []string{"alice"}, nil, "100} of alice"},
		{"a brace that stays open", "{user} of {ip", []string{"alice"}, nil, "alice of {ip"},
		{"fewer values than places", "{user} from {ip}", []string{"alice"}, nil, "alice from (unknown)"},
		{"more values than places", "{user}", []string{"alice", "bob"}, nil, "alice"},
		{"not UTF-8", "{user}", []string{"a\xffb"}, nil, "a\uFFFDb"},
		{"no template", "", nil, []detect.Entity{user, {Type: "ip", Name: "192.0.2.1"}, {Type: "app", ID: "id", Name: "Payroll"}}, "Something happened: alice@contoso.com from 192.0.2.1 in Payroll"},
		{"no template, no names", "", nil, []detect.Entity{{Type: "service_principal", ID: "7d3a"}, {Type: "role", Name: "x"}}, "Something happened: 7d3a"},
		{"no template, many", "", nil, []detect.Entity{user, user, user, user, user}, "Something happened: alice@contoso.com"},
		{"no template, no entities", "", nil, nil, "Something happened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := one(t, ruleWith("r", "", summary(tt.template)),
				at(1, 0, func(s *detect.Signal) { s.Values, s.Entities = values(tt.values...), tt.entities }),
				at(2, time.Minute, func(s *detect.Signal) { s.Values = values(tt.values...) }))
			if a.Summary != tt.want {
				t.Errorf("got  %q\nwant %q", a.Summary, tt.want)
			}
		})
	}
}

func TestNoTime(t *testing.T) {
	a := one(t, ruleWith("r", ""), at(1, 0, untimed), at(2, 0, untimed))
	if a.First != nil || a.Last != nil || a.Updated != nil || a.Evidence[0].Time != nil || a.Count != 2 {
		t.Errorf("first %v, last %v, updated %v, evidence %v, count %d", a.First, a.Last, a.Updated, a.Evidence[0].Time, a.Count)
	}
}

func TestErrorOfEmit(t *testing.T) {
	full := errors.New("the disk is full")
	b := alert.NewBuilder([]*detect.Rule{ruleWith("r", "")}, nil, func(*alert.Alert) error { return full })
	if err := b.Add(at(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(at(2, 0, group("bob"))); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("an alert that could not be written is written again: %v", err)
	}
}

func TestRank(t *testing.T) {
	for i, level := range alert.Levels {
		if got := alert.Rank(level); got != i {
			t.Errorf("%s: %d", level, got)
		}
	}
	if alert.Rank("") != len(alert.Levels) || alert.Rank("hidden") != len(alert.Levels) {
		t.Error("unknown severities come last")
	}
}

// TestJSON: other programs depend on this form.
func TestJSON(t *testing.T) {
	r := ruleWith("failed-sign-in-attempts", "1h", summary("{user} failed"))
	r.Level, r.Tags, r.Extra.Guide = "high", []string{"attack.t1110"}, []string{"U30"}
	a := one(t, r, at(1, 0, func(s *detect.Signal) {
		s.Tenant, s.Values = "cdde9459-3fcf-5c03-8f51-18565ab1ad3e", values("alice@contoso.com")
		s.Entities = []detect.Entity{{Type: "user", ID: "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b", Name: "alice@contoso.com"}, {Type: "ip", Name: "203.0.113.7"}}
		s.Evidence[0].Source = "signins.json:12[3]"
	}))
	got, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "schema": 1,
  "id": "c8e41aee3b10add2080df37a9fb7d2be",
  "rule": "failed-sign-in-attempts",
  "rule_id": "5f0cdd6c-4f7d-4bb5-9a0e-0f9c2b1c3a10",
  "title": "Something happened",
  "severity": "high",
  "severity_reason": "level of the rule",
  "status": "new",
  "revision": 1,
  "updated": "2026-11-02T12:00:00Z",
  "guide": [
    "U30"
  ],
  "tags": [
    "attack.t1110"
  ],
  "incident": "",
  "related": [],
  "superseded_by": null,
  "tenant": "cdde9459-3fcf-5c03-8f51-18565ab1ad3e",
  "first": "2026-11-02T12:00:00Z",
  "last": "2026-11-02T12:00:00Z",
  "count": 1,
  "entities": [
    {
      "type": "user",
      "id": "e1e22fbc-7c97-5fc6-abfa-cff20f704e4b",
      "name": "alice@contoso.com"
    },
    {
      "type": "ip",
      "name": "203.0.113.7"
    }
  ],
  "summary": "alice@contoso.com failed",
  "evidence": [
    {
      "event": "01010000000000000000000000000000",
      "time": "2026-11-02T12:00:00Z",
      "source": "signins.json:12[3]"
    }
  ]
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	empty, err := json.Marshal(one(t, ruleWith("r", ""), at(1, 0, untimed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"guide":[]`, `"tags":[]`, `"related":[]`, `"entities":[]`, `"first":null`, `"last":null`, `"updated":null`, `"superseded_by":null`, `"time":null`} {
		if !strings.Contains(string(empty), part) {
			t.Errorf("no %s in %s", part, empty)
		}
	}
}

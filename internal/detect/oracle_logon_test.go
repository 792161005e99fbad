package detect_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A visit is a record of the sign-in log.
type visit struct {
	n           byte
	tenant      string // default: t
	user, app   string
	correlation string
	code        string
	minute      int
	latitude    string
}

func (v *visit) key() event.Key { return event.Key{v.n} }
func (v *visit) at() int64      { return (1_793_600_000 + 60*int64(v.minute)) * 1e9 }

func (v *visit) interrupts() bool { return v.code == "50074" || v.code == "50140" }

// Each of these rules counts the records, or sign-ins, that it matches.
const visitRules = `
title: Successes
name: success
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 0}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
---
title: Failures
name: failure
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 50126}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
---
title: Interruptions
name: interruption
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: [50074, 50140]}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
---
title: Sign-ins
name: any
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: [0, 50126, 50074, 50140]}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
---
title: Records
name: record
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: '*'}, condition: selection}
`

// objectID is the directory's id of a short name.
func objectID(user string) string {
	if user == "" {
		return ""
	}
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", user)
}

// visitHits matches records of the sign-in log.
func visitHits(e *detect.Engine, visits []visit) *hits {
	ev, m := event.New(e.Schema), e.NewMatcher()
	out := &hits{filters: m.Filters()}
	for i := range visits {
		v := &visits[i]
		ev.Reset(event.Signin, event.Interactive, event.Graph, []byte("{}"))
		ev.Key, ev.Identity, ev.Tenant, ev.Time = v.key(), v.key(), cmp.Or(v.tenant, "t"), time.Unix(0, v.at()).UTC()
		longitude := ""
		if v.latitude != "" {
			longitude = "10"
		}
		for name, value := range map[string]string{
			"userId": objectID(v.user), "appId": v.app, "correlationId": v.correlation, "status.errorCode": v.code,
			"location.geoCoordinates.latitude": v.latitude, "location.geoCoordinates.longitude": longitude,
		} {
			if value != "" {
				ev.Put(e.Schema.Resolve(event.Signin, name).ID, 0, event.Value{Kind: sigma.String, Text: value}, -1)
			}
		}
		out.take(m, ev)
	}
	return out
}

// standing says which records stand for a sign-in: every outcome does, and the
// last interruption of those that no outcome follows. It takes one record after
// the other out of those of a sign-in, which begin with the first interruption
// that is left.
func standing(visits []visit) map[byte]bool {
	type logon struct{ user, app, correlation string }
	out := map[byte]bool{}
	groups := map[logon][]*visit{}
	for i := range visits {
		v := &visits[i]
		id := logon{v.user, v.app, v.correlation}
		if v.user == "" || v.app == "" || v.correlation == "" {
			out[v.n] = true // it belongs to nothing
			continue
		}
		groups[id] = append(groups[id], v)
	}
	for _, vs := range groups {
		// Of one moment interruptions come first: what they ask for comes after.
		slices.SortFunc(vs, func(a, b *visit) int {
			if a.minute != b.minute {
				return a.minute - b.minute
			}
			if a.interrupts() != b.interrupts() {
				if a.interrupts() {
					return -1
				}
				return 1
			}
			return int(a.n) - int(b.n)
		})
		for len(vs) > 0 {
			first := vs[0]
			vs = vs[1:]
			if !first.interrupts() {
				out[first.n] = true
				continue
			}
			last := first
			for len(vs) > 0 && vs[0].minute-first.minute <= 10 {
				last = vs[0]
				vs = vs[1:]
				if !last.interrupts() {
					break
				}
			}
			out[last.n] = true
		}
	}
	return out
}

// counts are the records that remain by rule.
func counts(t testing.TB, e *detect.Engine, signals *hits) map[string][]string {
	t.Helper()
	encoded, _ := correlated(t, e, signals, func(string, event.Kind) (int64, bool) { return 0, false }, true)
	out := map[string][]string{}
	for _, b := range encoded {
		s, err := detect.DecodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		name := e.Rules()[s.Rule].Slug
		out[name] = append(out[name], hex.EncodeToString(s.Key[:1]))
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

func TestLogonsAgainstOracle(t *testing.T) {
	e := load(t, visitRules, detect.Config{})
	joined := 0
	for seed := range cases(4_000) {
		rng := rand.New(rand.NewPCG(3, uint64(seed)))
		d := &dice{rng: rng}
		var visits []visit
		spread := 2 + d.roll(30)
		for n := range d.roll(12) {
			visits = append(visits, visit{
				n: byte(n), user: pick(d, "u1", "u1", "u1", "u2", ""), app: pick(d, "a", "a", "b"), correlation: pick(d, "x", "x", "x", ""),
				code: pick(d, "0", "50126", "50074", "50140", "50074"), minute: d.roll(spread),
			})
		}
		stands := standing(visits)
		want := map[string][]string{}
		for _, v := range visits {
			key := fmt.Sprintf("%02x", v.n)
			want["record"] = append(want["record"], key)
			if !stands[v.n] {
				joined++
				continue
			}
			name := map[string]string{"0": "success", "50126": "failure"}[v.code]
			if v.interrupts() {
				name = "interruption"
			}
			want[name] = append(want[name], key)
			want["any"] = append(want["any"], key)
		}
		signals := visitHits(e, visits)
		rng.Shuffle(len(signals.list), func(i, j int) { signals.list[i], signals.list[j] = signals.list[j], signals.list[i] })
		if got := counts(t, e, signals); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%+v\n oracle %v\n engine %v", visits, want, got)
		}
	}
	if joined < cases(4_000)/4 {
		t.Errorf("%d records were part of another; that tests little", joined)
	}
}

func TestLogons(t *testing.T) {
	at := func(minute int, code string) visit {
		return visit{user: "u", app: "a", correlation: "x", code: code, minute: minute}
	}
	var passwords []visit
	for range 400 {
		passwords = append(passwords, at(0, "50126"))
	}
	other := at(2, "0")
	other.correlation = "y"
	tests := []struct {
		name                           string
		visits                         []visit
		success, failure, interruption int
	}{
		{"400 wrong passwords with one correlation id", passwords, 0, 400, 0},
		{"an interruption and its completion", []visit{at(0, "50074"), at(1, "0")}, 1, 0, 0},
		{"staying signed in", []visit{at(0, "50140"), at(0, "0")}, 1, 0, 0},
		{"an interruption never completed", []visit{at(0, "50074")}, 0, 0, 1},
		{"two interruptions of one sign-in", []visit{at(0, "50074"), at(1, "50140")}, 0, 0, 1},
		{"two interruptions and a success", []visit{at(0, "50074"), at(1, "50140"), at(2, "0")}, 1, 0, 0},
		{"a wrong password, then a second factor", []visit{at(0, "50126"), at(1, "50074"), at(2, "0")}, 1, 1, 0},
		{"an interruption that fails, then another try", []visit{at(0, "50074"), at(1, "50126"), at(2, "0")}, 1, 1, 0},
		{"ten minutes", []visit{at(0, "50074"), at(10, "0")}, 1, 0, 0},
		{"more than ten minutes", []visit{at(0, "50074"), at(11, "0")}, 1, 0, 1},
		{"another sign-in", []visit{at(0, "50074"), other}, 1, 0, 1},
	}
	e := load(t, visitRules, detect.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.visits {
				tt.visits[i].n = byte(i)
			}
			signals := visitHits(e, tt.visits)
			got := counts(t, e, signals)
			if len(got["success"]) != tt.success || len(got["failure"]) != tt.failure || len(got["interruption"]) != tt.interruption {
				t.Errorf("got %d, %d, %d; want %d successes, %d failures, %d interruptions",
					len(got["success"]), len(got["failure"]), len(got["interruption"]), tt.success, tt.failure, tt.interruption)
			}
			if len(got["record"]) != len(tt.visits) {
				t.Errorf("the view of records has %d of %d", len(got["record"]), len(tt.visits))
			}
		})
	}
}

const sprayRules = `
title: Wrong passwords
name: passwords
level: low
correlation:
  type: event_count
  rules: [wrong]
  group-by: [user]
  timespan: '%thresholds.failed_signins.within%'
  condition: {gte: '%thresholds.failed_signins.count%'}
custom: {entrawatch: {escalate: {high: [widespread]}}}
---
title: Wrong password
name: wrong
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 50126}, condition: selection}
`

// TestPlaceholders: limit and span come from the baseline, and so does how many
// accounts make a pattern.
func TestPlaceholders(t *testing.T) {
	base, err := baseline.Parse("b.yaml", []byte("thresholds:\n  failed_signins: {count: 3, within: 5m}\n  widespread_accounts: {count: 2, within: 10m}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	e := load(t, sprayRules, detect.Config{Baseline: base})
	var visits []visit
	add := func(user string, minutes ...int) {
		for _, m := range minutes {
			visits = append(visits, visit{n: byte(len(visits)), user: user, app: "a", code: "50126", minute: m})
		}
	}
	add("ann", 0, 2, 4)       // three within five minutes
	add("bob", 0, 3, 5)       // the first lies on the border
	add("cid", 11, 12, 13)    // nine minutes after ann
	add("dan", 100, 101, 102) // alone
	var got []string
	encoded, c := correlated(t, e, visitHits(e, visits), func(string, event.Kind) (int64, bool) { return 0, false }, true)
	for _, b := range encoded {
		s, err := detect.DecodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix([]byte(e.Rules()[s.Rule].Slug), []byte("wrong")) {
			t.Error("a rule that only a correlation reads has alerts of its own")
		}
		got = append(got, fmt.Sprint(s.Group[0], " ", s.Count, " ", c.Widespread(&s)))
	}
	want := []string{
		objectID("ann") + " 3 2 accounts show the same pattern within 10m",
		objectID("cid") + " 3 2 accounts show the same pattern within 10m",
		objectID("dan") + " 3 ",
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

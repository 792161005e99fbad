package detect_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/rules"
)

// busyMonday is ordinary traffic with attacks in it.
func busyMonday(n int) []simulate.Record {
	start := time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	recs := slices.Concat(
		simulate.PasswordSpray(start, 60, 3*time.Hour), simulate.BruteForce(start, 70, 7*time.Second), simulate.MFAFatigue(start, 9, 40*time.Second),
	)
	// What an attack opened: sign-ins from its address.
	for i, r := range recs {
		if i%20 == 3 {
			r = r.WithTime(start.Add(4 * time.Hour)).WithID(simulate.VictimID(100_000 + i))
			_ = r.Set("status.errorCode", 0)
			recs = append(recs, r)
		}
	}
	for r := range simulate.SigninRecords(1) {
		if n--; n < 0 {
			return recs
		}
		recs = append(recs, r)
		// Somebody is in Sydney at once, and twice.
		if n%300 == 7 {
			at, _ := r.Time()
			for i, latitude := range []float64{59.3, -33.87, -33.87} {
				far := r.WithTime(at.Add(time.Duration(20*i) * time.Minute)).WithID(simulate.VictimID(200_000 + 3*n + i))
				_ = far.Set("status.errorCode", 0)
				_ = far.Set("ipAddress", "192.0.2.77")
				_ = far.Set("location.geoCoordinates.latitude", latitude)
				_ = far.Set("location.geoCoordinates.longitude", 151.21)
				recs = append(recs, far)
			}
		}
	}
	return recs
}

// monday matches a busy Monday with the built-in rules.
func monday(t *testing.T, n int) (*detect.Engine, *hits) {
	t.Helper()
	lib := &detect.Library{}
	if err := lib.Add(rules.FS, ".", "", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "app", "testdata", "baseline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := baseline.Parse("baseline.yaml", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := detect.New(detect.Config{Rules: lib.Rules, Baseline: base})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := simulate.Write(&buf, event.Diagnostic, simulate.NDJSON, busyMonday(n)); err != nil {
		t.Fatal(err)
	}
	return e, hitsOf(t, e, &buf)
}

// TestBriefHitsSayTheSame: hits that say little at first, and all when they are
// asked for, give what hits give that say all at once.
func TestBriefHitsSayTheSame(t *testing.T) {
	e, h := monday(t, 1500)
	brief := 0
	for _, x := range h.list {
		if len(x.rec) < len(x.full) {
			brief++
		}
	}
	until := time.Date(2026, 10, 6, 0, 0, 0, 0, time.UTC).UnixNano()
	mark := func(string, event.Kind) (int64, bool) { return until, true }
	got, _ := correlated(t, e, h, mark, true)
	want, _ := correlated(t, e, h, mark, false)
	read := func(list [][]byte) (out []detect.Signal) {
		for _, b := range list {
			s, err := detect.DecodeSignal(b)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		return out
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("-brief +full\n%s", gocmp.Diff(read(got), read(want), gocmp.AllowUnexported(detect.Distinct{})))
	}
	found := 0
	for _, s := range read(got) {
		if s.Count > 1 {
			found++
		}
	}
	t.Logf("%d of %d hits are brief; %d were read again; %d findings", brief, len(h.list), h.again, found)
	if found < 4 || brief < len(h.list)*3/4 || h.again == 0 || h.again > len(h.list)/2 {
		t.Errorf("%d findings of several events, %d of %d hits brief, %d read again; that tests little", found, brief, len(h.list), h.again)
	}
}

const briefRules = `
title: Many failures
name: many-failures
level: high
correlation: {type: event_count, rules: [failure], group-by: [user], timespan: 10m, condition: {gte: 3}}
---
title: Failure
name: failure
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 50126}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
---
title: Success after failures
name: after-failures
level: high
correlation: {type: temporal_ordered, rules: [some-failures, success], group-by: [user], timespan: 20m}
---
title: Some failures
name: some-failures
correlation: {type: value_count, rules: [failure], group-by: [user], timespan: 10m, condition: {field: appId, gte: 2}}
---
title: Success
name: success
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 0}, condition: selection}
---
title: Success with both applications
name: both
level: low
correlation: {type: temporal, rules: [success, other], group-by: [user], timespan: 5m}
---
title: Success with the other application
name: other
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 0, appId: b}, condition: selection}
---
title: Every success with the other application
name: every
level: low
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: 0, appId: b}, condition: selection}
---
title: More successes
name: more
level: low
correlation: {type: period_change, rules: [success], minimum: 2, condition: {gte: 50}}
---
title: Journey
name: journey
level: low
correlation: {type: travel, rules: [success, failure], group-by: [user], timespan: 2h, minimum: 300, condition: {gt: 200}}
---
title: Journey within an application
name: journey-within
level: low
correlation: {type: travel, rules: [success, other], group-by: [user, appId], timespan: 1d, minimum: 50, condition: {gt: 0}}
---
title: Interruptions
name: interruptions
level: medium
correlation: {type: event_count, rules: [interruption], group-by: [user], timespan: 30m, condition: {gte: 2}}
---
title: Interruption
name: interruption
logsource: {product: azure, service: signinlogs}
detection: {selection: {status.errorCode: [50074, 50140]}, condition: selection}
custom: {entrawatch: {view: sign-ins}}
`

// TestBriefSigninsAgree: random sign-ins of two tenants give the same with brief
// hits as without.
func TestBriefSigninsAgree(t *testing.T) {
	e := load(t, briefRules, detect.Config{})
	found, again, mixed, all := map[string]int{}, 0, 0, 0
	for seed := range cases(1_000) {
		rng := rand.New(rand.NewPCG(9, uint64(seed)))
		d := &dice{rng: rng}
		var visits []visit
		spread := 2 + d.roll(60)
		for n := range 1 + d.roll(24) {
			visits = append(visits, visit{
				n: byte(n), tenant: pick(d, "t", "t", "other"), user: pick(d, "u1", "u1", "u2", "u3", ""), app: pick(d, "a", "a", "b"),
				correlation: pick(d, "x", "y", "z", ""), code: pick(d, "0", "0", "50126", "50126", "50126", "50126", "50074", "50140"),
				minute: d.roll(spread) + pick(d, 0, 24, 8*24)*60, latitude: pick(d, "", "50.1", "50.1", "50.12", "51", "10.5", "-33.87", "91"),
			})
		}
		h := visitHits(e, visits)
		until := int64(1_793_600_000+60*60*24*14) * 1e9
		mark := func(string, event.Kind) (int64, bool) { return until, true }
		want, _ := correlated(t, e, h, mark, false)
		rng.Shuffle(len(h.list), func(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] })
		got, _ := correlated(t, e, h, mark, true)
		again, mixed, all = again+h.again, mixed+h.mixed, all+len(h.list)
		if !slices.EqualFunc(got, want, bytes.Equal) {
			show := func(list [][]byte) (out []string) {
				for _, b := range list {
					s, err := detect.DecodeSignal(b)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, fmt.Sprintf("%s %s %v %s %d %s", e.Rules()[s.Rule].Slug, s.Tenant, s.Group, s.Time.Format(time.DateTime), s.Count, s.Measure))
				}
				return out
			}
			t.Fatalf("seed %d: findings -brief +full\n%s\n%+v", seed, gocmp.Diff(show(got), show(want)), visits)
		}
		for _, b := range want {
			s, err := detect.DecodeSignal(b)
			if err != nil {
				t.Fatal(err)
			}
			found[e.Rules()[s.Rule].Slug]++
		}
	}
	t.Logf("findings: %v; %d of %d records were read again; %d have hits of both sorts", found, again, all, mixed)
	if mixed < all/100 {
		t.Errorf("%d records have hits of both sorts; that tests little", mixed)
	}
	for _, rule := range []string{"many-failures", "after-failures", "both", "every", "more", "interruptions", "journey", "journey-within"} {
		if found[rule] < cases(1_000)/100 {
			t.Errorf("%d findings of %s; that tests little", found[rule], rule)
		}
	}
}

// hitsOf decodes and matches records.
func hitsOf(t *testing.T, e *detect.Engine, r io.Reader) *hits {
	t.Helper()
	d, err := decode.NewDecoder(e.Schema, e.Wanted())
	if err != nil {
		t.Fatal(err)
	}
	w, m, ev := d.NewWorker(decode.Entra), e.NewMatcher(), event.New(e.Schema)
	out := &hits{filters: m.Filters()}
	fr := decode.NewFramer(r, "x")
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				t.Fatal(reason)
			}
			out.take(m, ev)
		}
	}
}

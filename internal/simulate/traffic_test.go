package simulate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestTrafficStart(t *testing.T) {
	if at := tickTime(trafficStart); at != time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC) || at.Weekday() != time.Monday {
		t.Errorf("starts %v, a %v", at, at.Weekday())
	}
}

func TestPeople(t *testing.T) {
	names, legacy, guests := map[string]bool{}, 0, 0
	for _, p := range newPeople(3) {
		if names[p.upn] || p.home == nil || len(p.apps) == 0 {
			t.Errorf("%s: home %v, %d apps, or not unique", p.upn, p.home, len(p.apps))
		}
		names[p.upn] = true
		if p.legacyApp != nil {
			legacy++
		}
		if p.guest {
			guests++
		}
	}
	if legacy < 10 || legacy > 60 || guests < 40 || guests > 130 {
		t.Errorf("%d with legacy clients, %d guests", legacy, guests)
	}
}

// A week of sign-ins has the shares that the documentation names.
func TestTraffic(t *testing.T) {
	tr := newTraffic(7)
	var first, mistypes, interrupts, legacy, foreign, office, weekend, night, total int
	last, ids := int64(0), map[guid]bool{}
	open := map[guid]visit{} // failed attempts that wait for the next
	for {
		v := tr.visit()
		if v.at >= trafficStart+7*ticksPerDay {
			break
		}
		total++
		if v.at <= last || ids[v.id] {
			t.Fatalf("visit %d at %d after %d, id seen %v", total, v.at, last, ids[v.id])
		}
		last, ids[v.id] = v.at, true
		if before, ok := open[v.correlation]; ok {
			if gap := v.at - before.at; v.who != before.who || gap > 60*ticksPerSecond || v.outcome != answered && v.outcome != mistyped {
				t.Fatalf("%d s after outcome %d came %d", gap/ticksPerSecond, before.outcome, v.outcome)
			}
			delete(open, v.correlation)
		} else {
			first++
			switch v.outcome {
			case mistyped:
				mistypes++
			case mfaAsked, staySigned:
				interrupts++
			}
		}
		if v.outcome == mistyped || v.outcome == mfaAsked || v.outcome == staySigned {
			open[v.correlation] = v
		}
		if v.outcome == legacyLogin {
			legacy++
		}
		if v.where != v.who.home {
			foreign++
		}
		if v.office {
			office++
		}
		local := tickTime(v.at).Add(time.Duration(v.who.home.offset) * time.Minute)
		if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
			weekend++
		} else if local.Hour() < 5 || local.Hour() > 21 {
			night++
		}
	}
	within := func(what string, n, of int, low, high float64) {
		if share := 100 * float64(n) / float64(of); share < low || share > high {
			t.Errorf("%s: %.2f %% of %d, want %v to %v", what, share, of, low, high)
		}
	}
	within("mistyped", mistypes, first, 2.8, 3.2)
	within("interrupted", interrupts, first, 0.85, 1.15)
	within("legacy", legacy, total, 0.05, 1)
	within("abroad", foreign, total, 0.1, 1.5)
	within("in the office", office, total, 30, 70)
	within("at the weekend", weekend, total, 1, 5)
	within("at night", night, total, 0.2, 3)
	within("a day", total/7, 40_000, 70, 130)
}

func TestSigninRecords(t *testing.T) {
	var recs []Record
	for r := range SigninRecords(5) {
		if recs = append(recs, r); len(recs) == 100 {
			break
		}
	}
	i := 0
	for r := range SigninRecords(5) {
		if diff := cmp.Diff(recs[i], r); diff != "" {
			t.Fatalf("record %d differs in the second run:\n%s", i, diff)
		}
		if i++; i == len(recs) {
			break
		}
	}
	for r := range SigninRecords(6) {
		if cmp.Equal(recs[0], r) {
			t.Error("two seeds give one record")
		}
		break
	}
	for _, r := range recs {
		if _, ok := r.Time(); !ok || r.Kind != event.Signin || r.Sub != event.Interactive || len(r.Fields) != len(recs[0].Fields) {
			t.Fatalf("record %v", r)
		}
	}
	for _, f := range recs[0].Formats() {
		for _, l := range Layouts(f) {
			write(t, f, l, recs...)
		}
	}
}

func TestRecords(t *testing.T) {
	var audits, total int
	var last time.Time
	for r := range Records(5) {
		at, ok := r.Time()
		if !ok || at.Before(last) {
			t.Fatalf("record %d at %v after %v", total, at, last)
		}
		if last = at; r.Kind == event.Audit {
			audits++
		}
		if total++; total == 8_000 {
			break
		}
	}
	if audits < 20 || audits > 200 {
		t.Errorf("%d audit entries among %d records", audits, total)
	}
}

func TestAuditRecords(t *testing.T) {
	ids, activities := map[string]bool{}, map[string]int{}
	var recs []Record
	for r := range AuditRecords(9) {
		id := text(r.Fields["id"])
		if ids[id] || dig(r.Fields, "initiatedBy", "user", "userPrincipalName") == nil {
			t.Fatalf("%s again, or by nobody", id)
		}
		ids[id] = true
		activities[text(r.Fields["activityDisplayName"])]++
		if recs = append(recs, r); len(recs) == 600 {
			break
		}
	}
	if len(activities) != len(deeds) {
		t.Errorf("activities %v", activities)
	}
	if first, ok := recs[0].Time(); !ok || !first.After(tickTime(trafficStart)) {
		t.Errorf("first at %v", first)
	}
	for _, f := range recs[0].Formats() {
		write(t, f, Layouts(f)[0], recs...)
	}
	i := 0
	for r := range AuditRecords(9) {
		if diff := cmp.Diff(recs[i], r); diff != "" {
			t.Fatal(diff)
		}
		if i++; i == 50 {
			break
		}
	}
}

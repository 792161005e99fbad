package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A Summary says what was read and what came of it. It is the JSON that
// `scan -summary` writes.
type Summary struct {
	Files       []FileSummary  `json:"files"`
	Events      map[string]int `json:"events"` // by kind, duplicates included
	Undecodable int            `json:"undecodable"`
	Duplicates  int64          `json:"duplicates"`
	Outside     int            `json:"outside"` // left out by -since and -until
	// Spilled is how many bytes of keys and signals went to disk.
	Spilled int64          `json:"spilled"`
	Rules   RuleSummary    `json:"rules"`
	Alerts  map[string]int `json:"alerts"` // by severity
	// First and Last are the times of log entries; null if none has one.
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	// AsOf is the time for which snapshots hold; absent without any.
	AsOf     *AsOf    `json:"as_of,omitempty"`
	Notices  []string `json:"notices"`
	Unread   int      `json:"unread"`   // paths that could not be read
	Problems []string `json:"problems"` // why, one for each
}

// A FileSummary says what became of one file.
type FileSummary struct {
	Path    string `json:"path"`
	Format  string `json:"format"`
	Records int    `json:"records"`
	Events  int    `json:"events"`
	// Undecodable lists the first 1,000 records that are no events;
	// UndecodableTotal counts all.
	Undecodable      []Undecodable `json:"undecodable"`
	UndecodableTotal int           `json:"undecodable_total"`
}

// Undecodable is a record that is no event.
type Undecodable struct {
	Line   int    `json:"line"`
	Index  int    `json:"index,omitempty"`
	Reason string `json:"reason"`
}

// RuleSummary says which rules worked.
type RuleSummary struct {
	Active   []string          `json:"active"`
	Inactive []detect.Inactive `json:"inactive"`
	// Partial lists active rules on directory objects whose listing is not complete:
	// what they do not find may be there.
	Partial []string `json:"partial,omitempty"`
	// LeftOut counts, by correlation, the events that it could not place: they
	// lack a field by which it groups or that it looks at, or have no time.
	LeftOut map[string]int `json:"left_out,omitempty"`
}

// Complete reports whether everything was read and understood.
func (s *Summary) Complete() bool { return s.Undecodable == 0 && s.Unread == 0 }

// maxListed is how many undecodable records are listed for each file.
const maxListed = 1000

// A tally is what one worker counts.
type tally struct {
	kinds   [event.NumKinds]int
	seen    [event.NumKinds][event.NumFormats]span
	tenants map[string]*marks
	tenant  string // the last one, and its marks: most events have the same
	marks   *marks
	noTime  int
	noHome  int // events without a tenant
	outside int
	// hidden and told are sign-ins, of those looked at, whose risk is hidden for
	// want of a licence, and whose risk is told.
	hidden, told int
}

// marks are the times of the last events, by kind.
type marks [event.NumKinds]time.Time

func (m *marks) merge(o *marks) {
	for k := range o {
		if o[k].After(m[k]) {
			m[k] = o[k]
		}
	}
}

// A span is how many events there were and when.
type span struct {
	n           int
	first, last time.Time
	keyed       bool // whether their ids are shared with other formats
}

func (t *tally) count(e *event.Event) {
	t.kinds[e.Kind]++
	s := &t.seen[e.Kind][e.Format]
	s.n++
	s.keyed = e.HasID
	if e.Time.IsZero() {
		if !e.Kind.Snapshot() && e.Kind != event.Generic {
			t.noTime++
		}
	} else {
		if s.first.IsZero() || e.Time.Before(s.first) {
			s.first = e.Time
		}
		if e.Time.After(s.last) {
			s.last = e.Time
		}
	}
	if e.Tenant == "" && !e.Kind.Snapshot() && e.Kind != event.Generic {
		t.noHome++
	}
	if t.marks == nil || t.tenant != e.Tenant {
		t.mark(strings.Clone(e.Tenant))
	}
	if e.Time.After(t.marks[e.Kind]) {
		t.marks[e.Kind] = e.Time
	}
}

// mark finds or makes the marks of a tenant.
func (t *tally) mark(tenant string) {
	if t.tenants == nil {
		t.tenants = map[string]*marks{}
	}
	if t.tenants[tenant] == nil {
		t.tenants[tenant] = &marks{}
	}
	t.tenant, t.marks = tenant, t.tenants[tenant]
}

func (s *span) merge(o span) {
	if o.n == 0 {
		return
	}
	s.n += o.n
	s.keyed = s.keyed || o.keyed
	if s.first.IsZero() || !o.first.IsZero() && o.first.Before(s.first) {
		s.first = o.first
	}
	if o.last.After(s.last) {
		s.last = o.last
	}
}

func (sc *scan) summary(levels map[string]int, duplicates int64) (Summary, []string) {
	s := Summary{Files: []FileSummary{}, Events: map[string]int{}, Duplicates: duplicates, Alerts: levels, Unread: len(sc.problems), Problems: sc.problems}
	if s.Problems == nil {
		s.Problems = []string{}
	}
	notices := sc.notices
	for _, r := range sc.reports {
		fs := r.summary()
		s.Files = append(s.Files, fs)
		s.Undecodable += fs.UndecodableTotal
		for _, n := range r.notices {
			notices = append(notices, r.path+": "+n)
		}
		switch {
		case fs.Records > 0 || fs.UndecodableTotal > 0:
		case r.empty != "":
			notices = append(notices, r.path+": read, 0 records: the listing of "+r.empty+" is complete and empty")
		default:
			notices = append(notices, r.path+": no records in it; export it again if there should be some")
		}
	}
	all := tally{tenants: map[string]*marks{}}
	for _, w := range sc.workers {
		for k := range w.tally.kinds {
			all.kinds[k] += w.tally.kinds[k]
			for f := range w.tally.seen[k] {
				all.seen[k][f].merge(w.tally.seen[k][f])
			}
		}
		for t := range w.tally.tenants {
			if t != "" {
				all.tenants[t] = nil
			}
		}
		all.noTime += w.tally.noTime
		all.noHome += w.tally.noHome
		s.Outside += w.tally.outside
		all.hidden += w.tally.hidden
		all.told += w.tally.told
		_, spilled := w.keys.Spilled()
		s.Spilled += spilled
	}
	var period span
	for k := range all.seen {
		if event.Kind(k).Snapshot() {
			continue // objects are as old as they are
		}
		for f := range all.seen[k] {
			period.merge(all.seen[k][f])
		}
	}
	if !period.first.IsZero() {
		s.First, s.Last = &period.first, &period.last
	}
	if sc.asOf.From != "" {
		s.AsOf = &sc.asOf
	}
	seen := map[event.Kind]map[event.Format]bool{}
	for k := range all.kinds {
		if all.kinds[k] == 0 {
			continue
		}
		if !event.Kind(k).Derived() {
			s.Events[event.Kind(k).String()] = all.kinds[k]
		}
		seen[event.Kind(k)] = map[event.Format]bool{}
		for f := range all.seen[k] {
			if all.seen[k][f].n > 0 {
				seen[event.Kind(k)][event.Format(f)] = true
			}
		}
	}
	// That a complete listing is empty is something to know.
	for k := event.User; !sc.Generic && k < event.RoleHolding; k++ {
		if seen[k] == nil && sc.dir.snap.Complete(k) {
			seen[k] = map[event.Format]bool{event.Graph: true}
		}
	}
	tenants := make([]string, 0, len(all.tenants)+1)
	for t := range all.tenants {
		tenants = append(tenants, t)
	}
	if all.noHome > 0 {
		tenants = append(tenants, "")
		notices = append(notices, fmt.Sprintf("%d events carry no tenant; give it with -tenant or home_tenant_id in the baseline", all.noHome))
	}
	if all.noTime > 0 {
		notices = append(notices, fmt.Sprintf("%d events carry no time that can be read: they are matched, but rules on hours and periods cannot place them", all.noTime))
	}
	slices.Sort(tenants)
	s.Rules.Active, s.Rules.Inactive = sc.engine.Activity(seen, tenants)
	if all.hidden > 0 && all.told == 0 { // some sign-ins hide it with a licence too
		unlicensed(s.Rules.Inactive)
	}
	sc.silence(&s.Rules)
	sc.starve(&s.Rules, seen, tenants)
	if s.Rules.Active == nil {
		s.Rules.Active = []string{}
	}
	if s.Rules.Inactive == nil {
		s.Rules.Inactive = []detect.Inactive{}
	}
	s.Rules.Partial = sc.partial(s.Rules.Active)
	notices = append(notices, sc.expected(&all, s.First)...)
	notices = append(notices, doubleCounts(&all)...)
	notices = append(notices, sc.engine.Unresolved(tenants)...)
	if notices == nil {
		notices = []string{}
	}
	s.Notices = notices
	return s, notices
}

// unlicensed tells rules that lack risk data for want of a licence from those
// that lack them for want of an export.
func unlicensed(inactive []detect.Inactive) {
	for i := range inactive {
		if r := &inactive[i]; r.Reason == "no data: no risk_detection events in the input" || r.Reason == "no data: no risky_user events in the input" {
			r.Reason = "not licensed: sign-ins say that their risk is hidden, which Entra ID P2 would show"
		}
	}
}

// doubleCounts warns of exports that overlap in time and share no id by which
// their common records could be told.
func doubleCounts(all *tally) []string {
	var out []string
	for k := range all.seen {
		for f := range all.seen[k] {
			for g := f + 1; g < len(all.seen[k]); g++ {
				a, b := &all.seen[k][f], &all.seen[k][g]
				if a.n == 0 || b.n == 0 || sharedIDs(event.Kind(k), event.Format(f), event.Format(g)) {
					continue
				}
				if a.first.IsZero() || b.first.IsZero() || a.first.After(b.last) || b.first.After(a.last) {
					continue
				}
				from, to := a.first, a.last
				if b.first.After(from) {
					from = b.first
				}
				if b.last.Before(to) {
					to = b.last
				}
				out = append(out, fmt.Sprintf("double counting: %s events came as %s and as %s for %s to %s; these formats share no event id, so the same event counts twice. Scan one of them",
					event.Kind(k), event.Format(f), event.Format(g), from.Format(time.RFC3339), to.Format(time.RFC3339)))
			}
		}
	}
	return out
}

// sharedIDs reports whether an event has the same id in both formats.
func sharedIDs(k event.Kind, a, b event.Format) bool {
	switch k {
	case event.Audit:
		// The portal's CSV has no id, the unified audit log ids of its own.
		return a != event.PortalCSV && b != event.PortalCSV && a != event.O365 && b != event.O365
	case event.Activity, event.KeyVault, event.DomainServices:
		return a != event.Diagnostic && b != event.Diagnostic
	}
	return true
}

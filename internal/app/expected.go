package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// expected compares what was read with what the baseline says should be there:
// expected_log_sources and retention_days.
func (sc *scan) expected(all *tally, first *time.Time) []string {
	if sc.Baseline == nil || sc.Generic {
		return nil
	}
	view := sc.Baseline.View(sc.Tenant, nil)
	var out, silent []string
	names, _ := view.Expand("expected_log_sources")
	for _, name := range names {
		if k, ok := event.KindByName(name); ok && all.kinds[k] == 0 {
			silent = append(silent, k.String())
		}
	}
	if len(silent) > 0 {
		out = append(out, "expected_log_sources: no events of "+strings.Join(silent, ", ")+" in the input")
	}
	days, _ := view.Expand("retention_days")
	if len(days) == 1 && first != nil {
		want, err := strconv.Atoi(days[0])
		var last time.Time
		for k := range all.seen {
			for f := range all.seen[k] {
				if t := all.seen[k][f].last; !event.Kind(k).Snapshot() && t.After(last) {
					last = t
				}
			}
		}
		if have := int(last.Sub(*first) / (24 * time.Hour)); err == nil && have < want && sc.Since.IsZero() {
			out = append(out, fmt.Sprintf("retention_days: the input reaches back %d days before its newest event, not %d; if this is all there is, keep records longer", have, want))
		}
	}
	return out
}

// silence moves rules on derived records that can find nothing, since what they
// look at is not known, from the active ones to the others.
func (sc *scan) silence(rules *RuleSummary) {
	for _, r := range sc.engine.Rules() {
		i := slices.Index(rules.Active, r.Slug)
		if i < 0 || !slices.ContainsFunc(r.Kinds(), event.Kind.Derived) {
			continue
		}
		for _, field := range r.Fields() {
			if why := sc.missing[strings.ToLower(field)]; why != "" {
				rules.Active = slices.Delete(rules.Active, i, i+1)
				rules.Inactive = append(rules.Inactive, detect.Inactive{Rule: r.Slug, Reason: "no data: " + why})
				break
			}
		}
	}
}

// starve moves rules whose column is empty in all records from the active ones to
// the others.
func (sc *scan) starve(rules *RuleSummary, seen map[event.Kind]map[event.Format]bool, tenants []string) {
	if !sc.Columns {
		return
	}
	s := detect.Starving{Engine: sc.engine, Seen: seen, Tenants: tenants}
	for _, w := range sc.workers {
		s.Columns = append(s.Columns, w.columns)
	}
	for i, r := range sc.engine.Rules() {
		at := slices.Index(rules.Active, r.Slug)
		if at < 0 {
			continue
		}
		if why := s.Why(i); why != "" {
			rules.Active = slices.Delete(rules.Active, at, at+1)
			rules.Inactive = append(rules.Inactive, detect.Inactive{Rule: r.Slug, Reason: why})
		}
	}
}

// partial lists the rules on directory objects whose listing lacks its last page.
func (sc *scan) partial(active []string) []string {
	snap := sc.dir.snap
	if snap.Empty() {
		return nil
	}
	var out []string
	for _, r := range sc.engine.Rules() {
		for _, k := range r.Kinds() {
			// Derived records are made of several listings.
			unsure := !snap.Complete(k)
			if k.Derived() {
				unsure = len(snap.Unfinished()) > 0 || k == event.RedirectDomain && sc.unresolved
			}
			if unsure && r.Posture() && slices.Contains(active, r.Slug) {
				out = append(out, r.Slug)
				break
			}
		}
	}
	return out
}

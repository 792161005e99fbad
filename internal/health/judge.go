package health

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// From when on something is worth a word, or somebody's sleep.
const (
	// lasting is how long a source or an outlet may fail by itself.
	lasting = 15 * time.Minute
	// manyLate are so many events too late in this hour and the last.
	manyLate = 100
	// A log that brings less than a tenth of last week's hour, if that was enough
	// to compare with.
	fewer, enough = 10, 100
	// A disk is nearly full below both, and full below both.
	scarceShare, scarceBytes = 10, 20 << 30 // percent
	fullShare, fullBytes     = 2, 1 << 30
)

// Rules of the alerts of the service itself.
const (
	SourceSilent  = "entrawatch-source-silent"
	SourceFailing = "entrawatch-source-failing"
	OutletFailing = "entrawatch-outlet-failing"
	RuleBlind     = "entrawatch-rule-blind"
	DiskFull      = "entrawatch-disk-full"
	LakeDamaged   = "entrawatch-lake-damaged"
	EventsLate    = "entrawatch-events-late"
)

// Judge says of what the parts report how bad it is, at h.Time.
func (h *Health) Judge() {
	h.Reasons = []Reason{}
	for i := range h.Sources {
		h.source(&h.Sources[i])
	}
	h.allFail()
	h.blind()
	h.late()
	for i := range h.Outlets {
		h.outlet(&h.Outlets[i])
	}
	h.store()
	h.disk()
	if h.Started.IsZero() {
		h.add(Reason{State: Red, Part: "service", What: "the service does not run", Hint: "start it, or see in its log why it ended"})
	}
	rank := map[State]int{Red: 0, Yellow: 1}
	slices.SortStableFunc(h.Reasons, func(x, y Reason) int { return cmp.Compare(rank[x.State], rank[y.State]) })
	h.State = Green
	if len(h.Reasons) > 0 {
		h.State = h.Reasons[0].State
	}
}

func (h *Health) add(r Reason) { h.Reasons = append(h.Reasons, r) }

func (h *Health) source(s *Source) {
	for i := range s.Streams {
		h.stream(s, &s.Streams[i])
	}
	if s.Undecodable > 0 {
		h.add(Reason{
			State: Yellow, Part: "source", Name: s.Name,
			What: fmt.Sprintf("records that cannot be read are kept aside: %d in this hour and the last", s.Undecodable),
			Hint: "the log of the service and the quarantine of the state say which and why",
		})
	}
	for i := range s.Logs {
		h.log(s, &s.Logs[i])
	}
}

func (h *Health) stream(s *Source, st *Stream) {
	if st.Problem == "" {
		return
	}
	what := st.Problem
	if st.Name != "" {
		what = st.Name + ": " + what
	}
	r := Reason{State: Yellow, Part: "source", Name: s.Name, What: what, Hint: st.Hint, Since: st.Since, Key: []string{s.Name, st.Name}}
	if st.Final || h.Time.Sub(st.Since) >= lasting {
		r.State, r.Alert = Red, SourceFailing
	}
	h.add(r)
}

func (h *Health) log(s *Source, l *Log) {
	add := func(what, hint string) {
		h.add(Reason{State: Yellow, Part: "source", Name: s.Name, What: l.Kind + ": " + what, Hint: hint})
	}
	switch {
	case !l.Silent.IsZero():
		h.add(Reason{
			State: Yellow, Part: "source", Name: s.Name, Alert: SourceSilent, Since: l.Silent, Key: []string{s.Name, l.Kind},
			What: fmt.Sprintf("%s: nothing has come since %s, longer than is usual at these hours", l.Kind, clock(l.Silent)),
			Hint: "see whether somebody changed the diagnostic settings or the permissions, and whether the log itself has entries",
		})
	case l.WeekBefore >= enough && l.Hour < l.WeekBefore/fewer:
		add(fmt.Sprintf("%d events in the last full hour, %d in that of last week", l.Hour, l.WeekBefore),
			"if this is no holiday, see whether the diagnostic settings still send all of the log")
	}
	if behind := h.Time.Sub(l.LastEvent); h.Lateness > 0 && l.Silent.IsZero() && !l.LastArrival.IsZero() && !l.LastEvent.IsZero() &&
		h.Time.Sub(l.LastArrival) < lasting && behind.Seconds() > h.Lateness {
		add(fmt.Sprintf("the newest event is %s old although events arrive", span(behind)),
			"it catches up after a long pause; if the distance stays, the source brings less than is logged")
	}
	if len(l.Empty) > 0 {
		var fields []string
		for _, c := range l.Empty {
			if !slices.Contains(fields, c.Field) {
				fields = append(fields, c.Field)
			}
		}
		add(fmt.Sprintf("had values before and %s empty now: %s", are(len(fields)), strings.Join(fields, ", ")),
			"see whether the export still sends these fields, and whether a licence has ended")
	}
}

// allFail says that nothing is read at all.
func (h *Health) allFail() {
	failing := 0
	for _, s := range h.Sources {
		if slices.ContainsFunc(h.Reasons, func(r Reason) bool { return r.Alert == SourceFailing && r.Name == s.Name }) {
			failing++
		}
	}
	if failing > 1 && failing == len(h.Sources) {
		h.add(Reason{State: Red, Part: "source", What: "all sources fail", Hint: "see whether the network and the clock of this machine work"})
	}
}

// blind says which rules can find nothing at present, together where they lack the
// same.
func (h *Health) blind() {
	for i, b := range h.Rules.Blind {
		same := func(c Blind) bool { return c.Kind == b.Kind && c.Why == b.Why }
		if slices.IndexFunc(h.Rules.Blind, same) < i {
			continue
		}
		var rules []string
		for _, c := range h.Rules.Blind {
			if same(c) {
				rules = append(rules, c.Rule)
			}
		}
		h.add(Reason{
			State: Yellow, Part: "rules", Name: b.Kind, Alert: RuleBlind, Since: b.Since, Key: []string{b.Kind, b.Why}, Rules: rules,
			What: fmt.Sprintf("%s can find nothing: %s", count(len(rules), "rule"), b.Why),
			Hint: "bring the log or its fields back; until then nobody watches for what these rules find",
		})
	}
}

func (h *Health) late() {
	if h.Rules.Late < manyLate {
		return
	}
	h.add(Reason{
		State: Yellow, Part: "rules", Alert: EventsLate, Since: h.Time.Truncate(time.Hour), Key: []string{"late"},
		What: "many events come later than lateness allows: they are kept, but correlations do not count them",
		Hint: "make lateness longer, or see why the sources bring them so late",
	})
}

func (h *Health) outlet(o *Outlet) {
	if o.Problem == "" {
		return
	}
	r := Reason{
		State: Yellow, Part: "outlet", Name: o.Name, What: "alerts are not delivered: " + o.Problem, Since: o.Since, Key: []string{o.Name},
		Hint: "they wait and are offered again; see whether the receiver works, and what it answered",
	}
	if h.Time.Sub(o.Since) >= lasting {
		r.State, r.Alert = Red, OutletFailing
	}
	h.add(r)
}

func (h *Health) store() {
	s := &h.Store
	if n := len(s.DamagedFiles); n > 0 {
		first := slices.Min(slices.Collect(maps.Keys(s.DamagedFiles)))
		h.add(Reason{
			State: Red, Part: "store", Alert: LakeDamaged, Since: h.Time, Key: []string{"lake"},
			What: count(n, "file") + " of the lake cannot be read: " + first + ": " + s.DamagedFiles[first],
			Hint: "restore it from a copy, or stop the service and let \"entrawatch lake verify -set-aside\" do without; until then what is in it may come twice",
		})
	}
	for _, duty := range slices.Sorted(maps.Keys(s.Duties)) {
		h.add(Reason{State: Yellow, Part: "store", Name: duty, What: "upkeep did not succeed: " + s.Duties[duty], Hint: "see what the message says; it is tried again by itself"})
	}
	if s.Problem == "" {
		return
	}
	r := Reason{State: Red, Part: "store", What: "what arrives cannot be stored: " + s.Problem, Since: s.Since, Hint: "make the data folder, or the database, writable again; the service goes on by itself, and nothing is lost: the sources wait meanwhile"}
	switch {
	case s.Damaged:
		r.Hint = "stop the service and restore a backup of the state; what came since then is read again"
	case s.Full:
		r.Hint = "make room on the disk; the service goes on by itself"
	}
	h.add(r)
}

func (h *Health) disk() {
	d := &h.Disk
	below := func(share, bytes uint64) bool { return d.Free < bytes && d.Free < d.Size/100*share }
	if d.Size == 0 || !below(scarceShare, scarceBytes) {
		return
	}
	r := Reason{
		State: Yellow, Part: "disk", Name: d.Folder, Alert: DiskFull, Since: h.Time, Key: []string{"disk"},
		What: "the disk is nearly full", Hint: "make it larger, or keep events for a shorter time (lake.retention)",
	}
	if below(fullShare, fullBytes) {
		r.State, r.What = Red, "the disk is full but for the last"
	}
	h.add(r)
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span writes a length of time in its two largest units.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return d.Truncate(time.Second).String()
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

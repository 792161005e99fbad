// Package alert turns signals into alerts: what a person should see as one
// thing. It stands behind detect and before every output. It is pure: signals
// in order go in, finished alerts come out.
package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// An Alert is the stable JSON form on which other tools depend.
type Alert struct {
	Schema         int        `json:"schema"`
	ID             string     `json:"id"`
	Rule           string     `json:"rule"`
	RuleID         string     `json:"rule_id"`
	Title          string     `json:"title"`
	Severity       string     `json:"severity"`
	SeverityReason string     `json:"severity_reason"`
	Status         string     `json:"status"`
	Revision       int        `json:"revision"`
	Updated        *time.Time `json:"updated"`
	Guide          []string   `json:"guide"`
	Tags           []string   `json:"tags"`
	Incident       string     `json:"incident"`
	Related        []string   `json:"related"`
	SupersededBy   *string    `json:"superseded_by"`
	// StatusBefore is the status that a superseded or withdrawn alert had.
	StatusBefore string          `json:"status_before,omitempty"`
	Tenant       string          `json:"tenant"`
	First        *time.Time      `json:"first"` // null when the records carry no time
	Last         *time.Time      `json:"last"`
	Count        int             `json:"count"`
	Entities     []detect.Entity `json:"entities"`
	Summary      string          `json:"summary"`
	Evidence     []Evidence      `json:"evidence"`

	// Change says of a posture finding what became of it since an earlier scan:
	// new, standing or resolved; Was is what the earlier scan said instead.
	Change string   `json:"change,omitempty"`
	Was    []string `json:"was,omitempty"`

	// Group is what tells alerts of the rule apart; it is part of the id.
	Group []string `json:"-"`
}

// Evidence is an event that the alert rests on.
type Evidence struct {
	Event  string     `json:"event"`
	Time   *time.Time `json:"time"`
	Source string     `json:"source"`
}

// Levels are the severities, most severe first.
var Levels = []string{"critical", "high", "medium", "low", "informational"}

// Rank is the place of a severity in Levels; unknown ones come last.
func Rank(severity string) int {
	if i := slices.Index(Levels, severity); i >= 0 {
		return i
	}
	return len(Levels)
}

// A Builder folds signals, given in the order of their encoding (tenant, rule,
// group, beginning, identity), into alerts. An alert is an episode: signals of
// one rule and group, each no more than the rule's period after the ones
// before, up to where somebody closed it.
type Builder struct {
	rules []*detect.Rule
	// widespread says why a signal is part of a pattern that concerns many
	// accounts, or nothing.
	widespread func(*detect.Signal) string
	closings   Closings
	emit       func(*Alert) error
	cur        *episode
}

// An episode is an alert that is being made.
type episode struct {
	id     string
	rule   *detect.Rule
	first  detect.Signal
	detail detect.Detail
	seen   map[event.Key]bool // identities counted
	spread string             // why it is widespread

	related []string
	closed  []time.Time     // closings since it began
	over    []detect.Signal // what went on when it was closed
}

// NewBuilder returns a builder that hands each finished alert to emit.
// widespread may be nil.
func NewBuilder(rules []*detect.Rule, widespread func(*detect.Signal) string, emit func(*Alert) error) *Builder {
	return &Builder{rules: rules, widespread: widespread, emit: emit}
}

// Add takes the next signal.
func (b *Builder) Add(s detect.Signal) error {
	for b.cur != nil && (!b.same(b.cur, &s) || b.cur.closedBefore(&s)) {
		if err := b.end(&s); err != nil {
			return err
		}
	}
	if b.cur == nil {
		b.cur = b.begin(&s)
	}
	b.take(b.cur, s)
	return nil
}

// take adds a signal to an alert.
func (b *Builder) take(e *episode, s detect.Signal) {
	if e.closedWithin(&s) {
		e.over = append(e.over, s)
	}
	if b.widespread != nil && e.spread == "" {
		e.spread = b.widespread(&s)
	}
	// Versions of one detection count once, and the worst says how bad it is.
	if e.seen[s.Identity] {
		s.Count, s.Evidence = 0, nil
	} else if len(e.seen) < 1<<16 {
		e.seen[s.Identity] = true
	}
	if e.rule.Correlate != nil {
		e.once(&s)
	}
	e.detail.Merge(&s.Detail)
}

// once leaves out of a finding the events that another one has brought: the
// middle one of three places is part of two journeys. Of findings that do not
// name all their events it is not known which they are.
func (e *episode) once(s *detect.Signal) {
	if s.Count != len(s.Evidence) {
		return
	}
	var fresh []detect.Evidence
	for _, ev := range s.Evidence {
		if e.seen[ev.Key] {
			continue
		}
		if len(e.seen) < 1<<16 {
			e.seen[ev.Key] = true
		}
		fresh = append(fresh, ev)
	}
	s.Evidence, s.Count = fresh, len(fresh)
}

// same reports whether s is of one episode with what e has.
func (b *Builder) same(e *episode, s *detect.Signal) bool {
	return b.rules[s.Rule] == e.rule && s.Tenant == e.first.Tenant && slices.Equal(s.Group, e.first.Group) &&
		s.First.Sub(e.detail.Last) <= e.rule.Period()
}

// Close ends the alert at hand.
func (b *Builder) Close() error {
	for b.cur != nil {
		if err := b.end(nil); err != nil {
			return err
		}
	}
	return nil
}

func (e *episode) alert() *Alert {
	r, d := e.rule, &e.detail
	a := &Alert{
		Schema: 1, Rule: r.Slug, RuleID: r.ID, Title: r.Title, Status: "new", Revision: 1,
		Guide: orEmpty(r.Extra.Guide), Tags: orEmpty(r.Tags), Related: orEmpty(e.related), Tenant: e.first.Tenant,
		First: timeOf(d.First), Last: timeOf(d.Last), Updated: timeOf(d.Last), Count: d.Count,
		Entities: d.Entities, Evidence: []Evidence{}, ID: e.id, Group: e.first.Group,
	}
	if a.Entities == nil {
		a.Entities = []detect.Entity{}
	}
	for _, ev := range d.Evidence {
		a.Evidence = append(a.Evidence, Evidence{Event: hex.EncodeToString(ev.Key[:]), Time: timeOf(ev.Time), Source: ev.Source})
	}
	a.Severity, a.SeverityReason = e.severity()
	a.Summary = summarize(r, d, a)
	return a
}

// severity is the rule's, or what the records say, and rises where the rule
// says so.
func (e *episode) severity() (level, reason string) {
	level, reason = e.rule.Severity(), "level of the rule"
	if from := e.rule.Extra.LevelFrom; from != "" {
		level, reason = detect.LevelOf(e.detail.Severity), reasonOf(from, e.detail.Severity)
	}
	for _, to := range Levels {
		if Rank(to) >= Rank(level) {
			break
		}
		for _, when := range e.rule.Extra.Escalate[to] {
			if why := e.holds(when); why != "" {
				return to, why
			}
		}
	}
	return level, reason
}

// flagReasons say why an alert weighs more, by the names of detect.FlagNames.
var flagReasons = map[string]string{
	"vip": "it concerns an account of vip_accounts", "privileged": "it concerns a privileged account",
	"break_glass": "it concerns a break-glass account",
}

// holds says why a condition of escalate holds, or nothing.
func (e *episode) holds(when string) string {
	if when == detect.Widespread {
		return e.spread
	}
	if i := slices.Index(detect.FlagNames, when); i >= 0 && e.detail.Flags&(1<<i) != 0 {
		return flagReasons[when]
	}
	return ""
}

func reasonOf(field, value string) string {
	switch strings.ToLower(value) {
	case "":
		return field + " is missing in the record, which counts as low"
	case "hidden":
		return field + " is hidden without a P2 licence, which counts as low"
	}
	return field + " of the record is " + value
}

// fingerprint is the alert's id: the same events give the same id. Episodes of
// a group begin more than a period apart; an alert that a closing parted from
// the one before it need not, and has the time of the closing in its id.
func fingerprint(tenant, rule string, group []string, first time.Time, period time.Duration, split time.Time) string {
	h := sha256.New()
	for _, s := range append([]string{tenant, rule}, group...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	if !first.IsZero() {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(floor(first.Unix(), int64(period/time.Second))))
		h.Write(n[:])
	}
	if !split.IsZero() {
		h.Write(binary.BigEndian.AppendUint64([]byte("closed"), uint64(split.UnixNano())))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// floor divides and rounds down, also before 1970.
func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// summarize fills the rule's template. Rules without a template get one that
// says who, where and how often.
func summarize(r *detect.Rule, d *detect.Detail, a *Alert) string {
	out := r.Extra.Summary
	if out == "" {
		out = r.Title + who(a)
	} else {
		out = fill(out, d)
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, out)
}

// fill puts values into the places {…} of a template, in order. Braces in a
// value are no placeholders.
func fill(template string, d *detect.Detail) string {
	var out strings.Builder
	slot := 0
	for _, p := range detect.Placeholders(template) {
		before, rest, _ := strings.Cut(template, "{")
		_, after, _ := strings.Cut(rest, "}")
		out.WriteString(before)
		if p.Special != "" {
			out.WriteString(special(p.Special, d))
		} else {
			var v detect.Distinct
			if slot < len(d.Values) {
				v = d.Values[slot]
			}
			slot++
			if p.Count {
				out.WriteString(howMany(&v))
			} else {
				out.WriteString(listed(&v))
			}
		}
		template = after
	}
	out.WriteString(template)
	return out.String()
}

// special is what a placeholder says of the alert as a whole.
func special(name string, d *detect.Detail) string {
	const clock = "2006-01-02 15:04 UTC"
	switch {
	case name == "count":
		return detect.Whole(float64(d.Count))
	case name == "measure":
		return d.Measure
	case d.First.IsZero():
		return "(unknown)"
	case name == "first":
		return d.First.Format(clock)
	case name == "last":
		return d.Last.Format(clock)
	}
	return detect.SpanText(d.Last.Sub(d.First))
}

// maxListed is how many values a sentence lists.
const maxListed = 3

// listed writes different values: one, or a few and how many there are more.
func listed(v *detect.Distinct) string {
	switch n := v.Len(); {
	case n == 0:
		return "(unknown)"
	case n <= maxListed:
		return strings.Join(v.Texts, ", ")
	default:
		rest := n - maxListed
		more := detect.Whole(float64(rest)) + " more"
		if v.Full() {
			more = "more than " + more
		}
		return strings.Join(v.Texts[:maxListed], ", ") + " and " + more
	}
}

func howMany(v *detect.Distinct) string {
	if v.Full() {
		return "more than " + detect.Whole(float64(v.Len()-1))
	}
	return detect.Whole(float64(v.Len()))
}

func who(a *Alert) string {
	var parts []string
	for _, e := range a.Entities {
		name := e.Name
		if name == "" {
			name = e.ID
		}
		switch e.Type {
		case "user", "service_principal":
			parts = append(parts, name)
		case "ip":
			parts = append(parts, "from "+name)
		case "app":
			parts = append(parts, "in "+name)
		}
		if len(parts) == 4 {
			break
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, " ")
}

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

// MaxEvidence is how many events an alert names; all are counted.
const MaxEvidence = 20

// maxEntities is how many entities an alert names.
const maxEntities = 50

// An Alert is the stable JSON form on which other tools depend.
type Alert struct {
	Schema         int             `json:"schema"`
	ID             string          `json:"id"`
	Rule           string          `json:"rule"`
	RuleID         string          `json:"rule_id"`
	Title          string          `json:"title"`
	Severity       string          `json:"severity"`
	SeverityReason string          `json:"severity_reason"`
	Status         string          `json:"status"`
	Revision       int             `json:"revision"`
	Updated        *time.Time      `json:"updated"`
	Guide          []string        `json:"guide"`
	Tags           []string        `json:"tags"`
	Incident       string          `json:"incident"`
	Related        []string        `json:"related"`
	SupersededBy   *string         `json:"superseded_by"`
	Tenant         string          `json:"tenant"`
	First          *time.Time      `json:"first"` // null when the records carry no time
	Last           *time.Time      `json:"last"`
	Count          int             `json:"count"`
	Entities       []detect.Entity `json:"entities"`
	Summary        string          `json:"summary"`
	Evidence       []Evidence      `json:"evidence"`
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
// group, time, identity), into alerts.
type Builder struct {
	rules []*detect.Rule
	emit  func(*Alert) error

	cur      *Alert
	rule     *detect.Rule
	group    []string
	lastTime time.Time
	seen     map[event.Key]bool // identities counted in cur
	summary  detect.Signal
	fromRec  bool // severity came from the records
}

// NewBuilder returns a builder that hands each finished alert to emit.
func NewBuilder(rules []*detect.Rule, emit func(*Alert) error) *Builder {
	return &Builder{rules: rules, emit: emit}
}

// Add takes the next signal.
func (b *Builder) Add(s detect.Signal) error {
	if b.cur != nil && !b.continues(&s) {
		if err := b.Close(); err != nil {
			return err
		}
	}
	if b.cur == nil {
		b.open(&s)
	}
	b.take(&s)
	return nil
}

// continues reports whether s belongs to the alert at hand: the same tenant,
// rule and group, no more than the rule's period after its last signal.
func (b *Builder) continues(s *detect.Signal) bool {
	return b.rules[s.Rule] == b.rule && s.Tenant == b.cur.Tenant && slices.Equal(s.Group, b.group) &&
		s.Time.Sub(b.lastTime) <= b.rule.Period()
}

func (b *Builder) open(s *detect.Signal) {
	r := b.rules[s.Rule]
	b.rule, b.group = r, s.Group
	b.seen = map[event.Key]bool{}
	b.summary = *s
	b.fromRec = false
	b.cur = &Alert{
		Schema: 1, Rule: r.Slug, RuleID: r.ID, Title: r.Title, Severity: r.Severity(), Status: "new", Revision: 1,
		Guide: orEmpty(r.Extra.Guide), Tags: orEmpty(r.Tags), Related: []string{}, Tenant: s.Tenant,
		First: timeOf(s.Time), Entities: []detect.Entity{}, Evidence: []Evidence{},
		ID: fingerprint(s.Tenant, r.Slug, s.Group, s.Time, r.Period()),
	}
	if r.Extra.LevelFrom == "" {
		b.cur.SeverityReason = "level of the rule"
	}
}

func (b *Builder) take(s *detect.Signal) {
	a := b.cur
	b.lastTime = s.Time
	a.Last, a.Updated = timeOf(s.Time), timeOf(s.Time)
	if from := b.rule.Extra.LevelFrom; from != "" {
		level := levelOf(s.Severity)
		if !b.fromRec || Rank(level) < Rank(a.Severity) {
			a.Severity, a.SeverityReason, b.fromRec = level, reasonOf(from, s.Severity), true
		}
	}
	for _, e := range s.Entities {
		if len(a.Entities) < maxEntities && !slices.Contains(a.Entities, e) {
			a.Entities = append(a.Entities, e)
		}
	}
	// Versions of one detection count once.
	if b.seen[s.Identity] {
		return
	}
	if len(b.seen) < 1<<16 {
		b.seen[s.Identity] = true
	}
	a.Count++
	if len(a.Evidence) < MaxEvidence {
		a.Evidence = append(a.Evidence, Evidence{Event: hex.EncodeToString(s.Key[:]), Time: timeOf(s.Time), Source: s.Source})
	}
}

// Close ends the alert at hand.
func (b *Builder) Close() error {
	if b.cur == nil {
		return nil
	}
	a := b.cur
	b.cur = nil
	a.Summary = summarize(b.rule, &b.summary, a)
	a.Incident = incident(a)
	return b.emit(a)
}

// levelOf turns a risk level of a record into a severity. "hidden" means that
// the tenant has no licence to see it; the guide counts it as low.
func levelOf(level string) string {
	switch l := strings.ToLower(level); l {
	case "critical", "high", "medium", "low", "informational":
		return l
	case "none":
		return "informational"
	}
	return "low"
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

// fingerprint is the alert's id: the same events give the same id.
func fingerprint(tenant, rule string, group []string, first time.Time, period time.Duration) string {
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

// incident joins alerts around one entity on one day: the first user, else the
// first other entity.
func incident(a *Alert) string {
	main := detect.Entity{}
	for _, e := range a.Entities {
		if main.Type == "" || e.Type == "user" && main.Type != "user" {
			main = e
		}
	}
	day := ""
	if a.First != nil {
		day = a.First.Format(time.DateOnly)
	}
	key := main.ID
	if key == "" {
		key = strings.ToLower(main.Name)
	}
	h := sha256.Sum256([]byte(a.Tenant + "\x00" + main.Type + "\x00" + key + "\x00" + day))
	return hex.EncodeToString(h[:8])
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

// summarize fills the rule's template from the first signal. Rules without a
// template get one that says who, where and how often.
func summarize(r *detect.Rule, s *detect.Signal, a *Alert) string {
	out := r.Extra.Summary
	if out == "" {
		out = r.Title + who(a)
	} else {
		out = fill(out, s.Summary)
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
func fill(template string, values []string) string {
	var out strings.Builder
	for _, value := range values {
		before, rest, _ := strings.Cut(template, "{")
		_, after, ok := strings.Cut(rest, "}")
		if !ok {
			break
		}
		if value == "" {
			value = "(unknown)"
		}
		out.WriteString(before)
		out.WriteString(value)
		template = after
	}
	out.WriteString(template)
	return out.String()
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

package detect

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A Matcher matches events, a few at a time. Each goroutine needs its own.
type Matcher struct {
	engine   *Engine
	matchers map[*compiled]*sigma.Matchers
	last     *compiled
	lastM    *sigma.Matchers
	// The tenant of the event before, which most have, and what rules are for it.
	name    string
	sets    *tenantSets
	rec     record          // the event of which hits are made
	recs    [Several]record // those that are matched at a time
	asked   []sigma.Record  // the same
	hits    [Several][]int
	filters *Filters
	hashes  hasher
	places  places
	// Of brief hits: what rules that events satisfy have in common, and hashes of
	// the event's parts and groups.
	verdict  *verdict // of the event before
	verdicts map[string]*verdict
	parts    [maxBrief]uint64
	groups   [maxBrief]uint32
	// What hits are made in.
	entities []Entity
	scratch  []event.Value
	shown    []string
	buf      []byte
}

// NewMatcher returns a matcher.
func (e *Engine) NewMatcher() *Matcher {
	m := e.NewLiveMatcher()
	m.filters = e.newFilters()
	return m
}

// NewLiveMatcher returns a matcher for a Live, which needs no filters.
func (e *Engine) NewLiveMatcher() *Matcher {
	m := &Matcher{engine: e, matchers: map[*compiled]*sigma.Matchers{}, hashes: hasher{seed: e.seed}}
	m.rec.prepare(e)
	for i := range m.recs {
		m.recs[i].prepare(e)
		m.asked = append(m.asked, &m.recs[i])
	}
	return m
}

// Filters are what the matcher has learned of the events so far, for
// Correlator.Use.
func (m *Matcher) Filters() *Filters {
	m.filters.boxes.settle()
	return m.filters
}

// Several is how many events are matched at a time.
const Several = 8

// Match returns the rules, as indexes into Engine.Rules, that an event
// satisfies. The result is valid until the next call.
func (m *Matcher) Match(ev *event.Event) []int { return m.MatchAll([]*event.Event{ev})[0] }

// MatchAll returns what Match does for up to Several events.
func (m *Matcher) MatchAll(evs []*event.Event) [][]int {
	for from, to := 0, 0; from < len(evs); from = to {
		ts := m.tenant(evs[from])
		c := ts.of(evs[from])
		for to = from; to < len(evs) && m.tenant(evs[to]) == ts && ts.of(evs[to]) == c; to++ {
			m.recs[to].begin(evs[to], ts)
			m.hits[to] = m.hits[to][:0]
		}
		if c == nil {
			continue
		}
		if c != m.last {
			sm := m.matchers[c]
			if sm == nil {
				sm = c.set.NewMatchers(Several)
				m.matchers[c] = sm
			}
			m.last, m.lastM = c, sm
		}
		for i, matched := range m.lastM.Match(m.asked[from:to]) {
			for _, r := range matched {
				m.hits[from+i] = append(m.hits[from+i], c.rules[r])
			}
		}
	}
	return m.hits[:len(evs)]
}

// of returns the rules for events such as one; nil if there are none.
func (ts *tenantSets) of(ev *event.Event) *compiled { return ts.sets[ev.Kind][ev.Format] }

// tenant returns what rules are for an event's tenant.
func (m *Matcher) tenant(ev *event.Event) *tenantSets {
	if m.sets == nil || ev.Tenant != m.name {
		m.name, m.sets = strings.Clone(ev.Tenant), m.engine.tenant(ev.Tenant)
	}
	return m.sets
}

func (e *Engine) tenant(id string) *tenantSets {
	if len(e.tenants) > 0 {
		if ts := e.tenants[id]; ts != nil {
			return ts
		}
	}
	return e.other
}

// A record is an event as rules see it: with the baseline's fields, which are
// computed when a rule asks for them.
type record struct {
	e            *event.Event
	facts        facts
	ts           *tenantSets
	first, known int // ids: of baseline fields, of what is known of the user
	texts        []string
	searched     bool
}

var _ sigma.Record = (*record)(nil)

func (r *record) prepare(e *Engine) {
	r.facts.engine, r.first, r.known = e, e.first, e.known
}

func (r *record) begin(e *event.Event, ts *tenantSets) {
	r.e, r.facts.e, r.facts.known, r.facts.view, r.ts = e, e, false, ts.view, ts
	r.texts, r.searched = r.texts[:0], false
}

// Append adds the values of a field to dst.
func (r *record) Append(dst []sigma.FieldValue, field int) []sigma.FieldValue {
	if i := field - r.first; i >= 0 && i < len(r.ts.answers) {
		if v, ok := r.ts.answers[i](&r.facts); ok {
			dst = append(dst, sigma.FieldValue{Kind: sigma.String, Text: v})
		}
		return dst
	}
	if field == r.known {
		return r.appendKnown(dst)
	}
	return r.e.Append(dst, field)
}

// First returns the first value of a field and how many it has.
func (r *record) First(field int) (v sigma.FieldValue, n int) {
	if i := field - r.first; i >= 0 && i < len(r.ts.answers) {
		text, ok := r.ts.answers[i](&r.facts)
		if !ok {
			return v, 0
		}
		return sigma.FieldValue{Kind: sigma.String, Text: text}, 1
	}
	if field != r.known {
		return r.e.First(field)
	}
	if user := r.facts.User(); !user.Stranger {
		return sigma.FieldValue{Kind: sigma.String, Text: user.ID}, 2
	}
	return v, 0
}

// appendKnown adds what answers about the user depend on: nothing for most, whom
// the baseline does not know.
func (r *record) appendKnown(dst []sigma.FieldValue) []sigma.FieldValue {
	user := r.facts.User()
	if user.Stranger {
		return dst
	}
	for _, text := range [...]string{user.ID, user.UPN, r.facts.Country(), r.facts.IP()} {
		dst = append(dst, sigma.FieldValue{Kind: sigma.String, Text: text})
	}
	return dst
}

// Text returns the i-th text for keywords: the record as it stands, and where
// it has escapes also every string in it as it reads.
func (r *record) Text(i int) (string, bool) {
	if !r.searched {
		r.searched = true
		r.texts = append(r.texts, string(r.e.Raw))
		if bytes.IndexByte(r.e.Raw, '\\') >= 0 {
			r.texts = appendStrings(r.texts, string(r.e.Raw))
		}
	}
	if i < len(r.texts) {
		return r.texts[i], true
	}
	return "", false
}

// appendStrings adds the record with one and with two layers of escaping
// taken off, which is how keywords inside JSON inside JSON read.
func appendStrings(dst []string, raw string) []string {
	once := unescape(raw)
	return append(dst, once, unescape(once))
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape takes one layer of JSON's escaping off a text; what is no escape
// stays as it is.
func unescape(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i])
		s = s[i:]
		if c := escapes[s[1]]; c != 0 {
			out.WriteByte(c)
			s = s[2:]
			continue
		}
		r, n := codePoint(s)
		if n == 0 {
			out.WriteByte(s[0])
			s = s[1:]
			continue
		}
		out.WriteRune(r)
		s = s[n:]
	}
}

// codePoint reads an escape such as \u00fc, or two of them for one character, at the start of s;
// n is their length, 0 if there is none.
func codePoint(s string) (r rune, n int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s[6:]); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both, 12
			}
		}
	}
	return r, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

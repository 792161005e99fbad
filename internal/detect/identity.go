package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// What is kept of events belongs to the rules that made it. When these change, it
// is known of which rules it still holds.

// A HitRule says what rule a number in hits means, and how its part is read.
type HitRule struct {
	Slug string `json:"slug"`
	// Hash is another when the rule means something else: its text, what it reads
	// or is read for, or the part of the baseline that it asks.
	Hash  string `json:"hash"`
	Slots int    `json:"slots"`
}

// HitRules describes the rules of the engine, by number. baseline is the text of
// the baseline.
func (e *Engine) HitRules(baseline []byte) []HitRule {
	out := make([]HitRule, len(e.rules))
	asked := sha256.Sum256(baseline)
	for i, r := range e.rules { // inputs stand before what reads them
		h := sha256.New()
		h.Write(r.Source[:])
		if e.asks(r) {
			h.Write(asked[:])
		}
		rs := &e.signals[i]
		fmt.Fprintf(h, "%q %t %t\n", r.Extra.Alert.GroupBy, r.Silent, rs.logons)
		fmt.Fprintf(h, "%t %d\n", rs.level != nil, len(rs.flags))
		for _, s := range rs.slots {
			fmt.Fprintf(h, "%q %t %t\n", s.fields, s.tuple, s.all)
		}
		for j := range e.inputsOf(i) {
			h.Write([]byte(out[j].Hash))
		}
		out[i] = HitRule{Slug: r.Slug, Hash: hex.EncodeToString(h.Sum(nil)[:12]), Slots: len(rs.slots)}
	}
	return out
}

// asks reports whether what a rule finds depends on the baseline.
func (e *Engine) asks(r *Rule) bool {
	if len(r.Extra.Needs) > 0 || len(r.Extra.Escalate) > 0 {
		return true
	}
	if r.Correlate != nil {
		return len(placeholderTexts(r.Correlate)) > 0 || slices.ContainsFunc(conditionFields(r.Correlate), isBaseline) ||
			slices.ContainsFunc(r.Correlate.GroupBy, isBaseline) || strings.Contains(strings.ToLower(r.Extra.Summary), "{baseline.")
	}
	expr, err := r.Match.Expr()
	if err != nil {
		return true
	}
	found := strings.Contains(strings.ToLower(r.Extra.Summary), "baseline.") || slices.ContainsFunc(r.Extra.Alert.GroupBy, isBaseline)
	sigma.Walk(expr, func(n sigma.Node, _ bool) {
		if it, ok := n.(*sigma.Item); ok && (isBaseline(it.Field) || it.Has("expand")) {
			found = true
		}
	})
	return found
}

// Translate turns hits that other rules made into hits of this engine. to says,
// by their numbers, which rule of the engine is the same, or -1. ok is false if
// nothing is left.
func Translate(dst, hits []byte, from []HitRule, to []int) (out []byte, ok bool, err error) {
	d := signalReader{b: hits, borrow: true}
	d.take(d.count(1))
	flags := d.take(1)[0]
	if flags&hitBrief != 0 {
		return dst, false, errSignal // what is kept is not brief
	}
	d.time()
	d.text()
	if flags&hitVersion != 0 {
		d.key()
		d.text()
	}
	if flags&hitLogon != 0 {
		d.take(1)
		d.text()
	}
	for range d.count(3) {
		d.text()
		d.text()
		d.text()
	}
	head := hits[:len(hits)-len(d.b)]
	var parts []byte
	kept := 0
	for range d.count(4) {
		rule := int(d.uvarint())
		if d.bad || rule >= len(from) {
			return dst, false, errSignal
		}
		begin := d.b
		for range d.count(1) {
			d.text()
		}
		d.text()
		d.take(1)
		for range from[rule].Slots {
			for range binary.BigEndian.Uint16(d.take(2)) {
				d.text()
			}
		}
		if d.bad {
			return dst, false, errSignal
		}
		if to[rule] >= 0 {
			kept++
			parts = append(binary.AppendUvarint(parts, uint64(to[rule])), begin[:len(begin)-len(d.b)]...)
		}
	}
	if kept == 0 && flags&hitLogon == 0 {
		return dst, false, nil
	}
	return append(binary.AppendUvarint(append(dst, head...), uint64(kept)), parts...), true, nil
}

// A Refill says what must be read again for rules that are new, or mean something
// else than before: which rules, and for how long back, beyond lateness, events
// of a kind matter to them.
type Refill struct {
	Rules map[int]bool
	Back  map[event.Kind]time.Duration
}

// Refill says what rules need that are not the same as before. same tells it of
// rules, by number. What tells since when something is known is read as far back
// as most says.
//
// Rules that read, or are read by, another one are not the same if that one is
// not. It comes before anything is brought back.
func (l *Live) Refill(same func(rule int) bool, most time.Duration) Refill {
	e := l.c.e
	out := Refill{Rules: map[int]bool{}, Back: map[event.Kind]time.Duration{}}
	l.renewed = make([]bool, len(e.rules))
	for i := range e.rules {
		l.renewed[i] = !same(i)
	}
	above := make([]bool, len(e.rules)) // or some rule that reads it
	for i := len(e.rules) - 1; i >= 0; i-- {
		above[i] = l.renewed[i]
		for _, up := range e.readers[i] {
			above[i] = above[i] || above[up.rule]
		}
	}
	for i, r := range e.rules {
		if r.Match == nil || !above[i] {
			continue
		}
		out.Rules[i] = true
		back := min(l.reach(i), most)
		for _, s := range e.plans[i].sources {
			out.Back[s.kind] = max(out.Back[s.kind], back)
		}
	}
	return out
}

// reach is for how long an event of a rule matters, to the end of what it may be
// part of.
func (l *Live) reach(i int) time.Duration {
	e := l.c.e
	longest := time.Duration(0)
	if r := e.rules[i]; !r.Silent {
		longest = r.Period()
	}
	for _, up := range e.readers[i] {
		span := l.spanOf(up.rule)
		switch e.rules[up.rule].Correlate.Type {
		case "first_seen":
			span = 400 * 24 * time.Hour
		case "period_change":
			span = 16 * 24 * time.Hour
		}
		longest = max(longest, span+l.reach(up.rule))
	}
	return longest
}

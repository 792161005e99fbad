package detect

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"slices"
)

// A Note is what stands for events that are not kept one by one any more. One
// without Body is to be forgotten.
type Note struct{ Name, Body []byte }

// note notes what stands for what a group has had up to cut, and what of that it
// still holds: the hits behind it are not kept for it.
func (l *Live) note(g *liveGroup, cut int64, loose *looseRecs) {
	if g.stage == 0 || g.stage == l.spread() {
		return
	}
	var b []byte
	some := false
	if g.base == nil {
		b = append(b, 0)
	} else {
		b, some = g.base.append(append(b, 1)), true
	}
	b = binary.BigEndian.AppendUint64(b, uint64(g.folded))
	for i, rec := range g.recs {
		at := l.at(g, rec)
		if at == 0 && g.stage == l.alerts() || at > cut {
			break
		}
		// One that is held longer than it might be does not come back with its hits.
		held := g.stage != l.alerts() && (at <= l.oldest(g, cut) || i == 0 && g.pattern.Type == "period_change")
		if loose.has(rec) || !held && !l.standsAlone(g, rec) {
			continue
		}
		b, some = append(binary.AppendUvarint(b, uint64(len(rec))), rec...), true
	}
	name := string(l.noteName(g))
	if !some {
		if g.noted {
			l.notes[name], g.noted = nil, false
		}
		return
	}
	h := maphash.Bytes(l.c.e.seed, b)
	if !g.noted || g.noteHash != h {
		g.noted, g.noteHash = true, h
		l.notes[name] = b
	}
}

// standsAlone reports whether a record cannot be made anew of hits that are kept.
func (l *Live) standsAlone(g *liveGroup, rec []byte) bool {
	if g.stage == l.alerts() || g.pattern.rests() || g.pattern.settles() {
		return true
	}
	return l.c.e.found[g.rule][rec[8+16]]
}

const (
	noteBase  = 'b'
	noteFold  = 'f'
	noteCount = 'c'
	noteCut   = 't' // up to when a tenant's events were noted
)

// noteName names a group by its rule's name: numbers of rules change.
func (l *Live) noteName(g *liveGroup) []byte {
	if g.stage == l.alerts() {
		d := signalReader{b: []byte(g.prefix)}
		tenant := d.sortable()
		slug := l.c.e.rules[int(d.uint32())].Slug
		return append(appendSortable(appendSortable([]byte{noteFold}, slug), tenant), d.b...)
	}
	return append(appendSortable([]byte{noteBase}, l.c.e.rules[g.rule].Slug), g.prefix[4:]...)
}

// Cuts are, by tenant, up to when notes stand for events, in Unix nanoseconds.
func (l *Live) Cuts() map[string]int64 { return maps.Clone(l.cuts) }

// Notes returns what was noted since the last call.
func (l *Live) Notes() []Note {
	var out []Note
	for name, body := range l.notes {
		out = append(out, Note{[]byte(name), body})
	}
	clear(l.notes)
	for tenant, cut := range l.cuts {
		out = append(out, Note{append([]byte{noteCut}, tenant...), binary.BigEndian.AppendUint64(nil, uint64(cut))})
	}
	for key, hours := range l.counted {
		pc := l.c.counts[key.tenant][key.rule]
		for h := range hours {
			out = append(out, Note{l.countName(key, h), pc.hour(h)})
		}
	}
	clear(l.counted)
	slices.SortFunc(out, func(a, b Note) int { return bytes.Compare(a.Name, b.Name) })
	return out
}

func (l *Live) isRenewed(rule int) bool { return l.renewed != nil && l.renewed[rule] }

// ruleOf is the rule of a group of a correlation or of alerts.
func (l *Live) ruleOf(g *liveGroup) int {
	if g.stage != l.alerts() {
		return g.rule
	}
	d := signalReader{b: []byte(g.prefix), borrow: true}
	d.sortable()
	return int(d.uint32())
}

// Restore brings a note back. Notes come before any event. used is false if its
// rule is gone, or is another one now.
func (l *Live) Restore(n Note) (used bool, err error) {
	if len(n.Name) == 0 {
		return false, errSignal
	}
	if n.Name[0] == noteCut {
		d := signalReader{b: n.Body}
		l.cuts[string(n.Name[1:])] = int64(d.uint64())
		if d.bad {
			return true, errSignal
		}
		return true, nil
	}
	d := signalReader{b: n.Name[1:]}
	slug := d.sortable()
	rule := slices.IndexFunc(l.c.e.rules, func(r *Rule) bool { return r.Slug == slug })
	if d.bad || rule < 0 || l.isRenewed(rule) {
		return false, nil
	}
	return true, l.restore(n.Name[0], rule, d, n.Body)
}

// restore brings back a note of a rule. d is at what its name says besides.
func (l *Live) restore(sort byte, rule int, d signalReader, note []byte) error {
	body := signalReader{b: note}
	var g *liveGroup
	var err error
	switch sort {
	case noteBase:
		if l.c.e.rules[rule].Correlate == nil {
			return nil // it was another sort of rule
		}
		prefix := append(binary.BigEndian.AppendUint32(nil, uint32(rule)), d.b...)
		if g, err = l.named(l.c.e.level[rule], prefix); err != nil {
			return err
		}
		if g.pattern == nil {
			delete(l.stages[g.stage].groups, g.prefix)
			return nil
		}
	case noteFold:
		prefix := appendSortable(nil, d.sortable())
		prefix = append(binary.BigEndian.AppendUint32(prefix, uint32(rule)), d.b...)
		if g, err = l.named(l.alerts(), prefix); err != nil {
			return err
		}
	case noteCount:
		return l.restoreCount(rule, d.sortable(), note)
	default:
		return errSignal
	}
	g.noted = true
	if body.take(1)[0] == 1 {
		g.base = body.base()
	}
	g.folded = int64(body.uint64())
	for len(body.b) > 0 && !body.bad {
		g.recs = append(g.recs, bytes.Clone(body.take(body.count(1))))
	}
	if body.bad || d.bad {
		return errSignal
	}
	for _, rec := range g.recs {
		if g.stage != l.alerts() {
			l.entered(g, rec)
		}
	}
	l.touch(g)
	return nil
}

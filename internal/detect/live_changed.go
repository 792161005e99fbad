package detect

import (
	"encoding/binary"
	"iter"
	"slices"
	"strings"
)

// Changed gives the groups whose signals have changed since the last call, as
// the signals of each in the order of their encoding. Signals and their texts
// are valid until the next one.
func (l *Live) Changed(each func(group string, signals iter.Seq2[Signal, error]) error) error {
	fresh := l.fresh
	l.fresh = nil
	slices.SortFunc(fresh, func(a, b *liveGroup) int { return strings.Compare(a.prefix, b.prefix) })
	for _, g := range fresh {
		signals := func(yield func(Signal, error) bool) {
			for rec, err := range g.all() {
				if err != nil {
					yield(Signal{}, err)
					return
				}
				s, err := DecodeSignal(rec)
				if !yield(s, err) || err != nil {
					return
				}
			}
		}
		if err := each(g.prefix, signals); err != nil {
			return err
		}
		if len(g.recs) == 0 {
			delete(l.stages[g.stage].groups, g.prefix)
		}
	}
	return nil
}

// Again has Changed give a group once more.
func (l *Live) Again(group string) {
	if g := l.stages[l.alerts()].groups[group]; g != nil && !slices.Contains(l.fresh, g) {
		l.fresh = append(l.fresh, g)
	}
}

// Gone reports whether there are no signals of a group of alerts although there
// were some: its rule is another one now, and does not find them.
func (l *Live) Gone(group string, rule int) bool {
	return l.isRenewed(rule) && l.stages[l.alerts()].groups[group] == nil
}

// AlertGroup is how Changed names the group of the alerts of a rule, by index.
func AlertGroup(tenant string, rule int, group []string) string {
	b := binary.BigEndian.AppendUint32(appendSortable(nil, tenant), uint32(rule))
	for _, g := range group {
		b = appendSortable(append(b, 1), g)
	}
	return string(append(b, 0))
}

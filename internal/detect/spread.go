package detect

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"time"
)

// A rule that escalates when it is widespread rises while so many accounts as
// thresholds.widespread_accounts says have findings of it within the span
// given there: a value_count over the findings of the rule in the tenant.

// spreadInput is the baseline input behind "widespread".
const spreadInput = "thresholds.widespread_accounts"

type spreadKey struct {
	tenant string
	rule   int
}

// A stretch is a time during which a rule is widespread.
type stretch struct {
	first, last int64
	reason      string
}

// addSpread notes the accounts of a finding.
func (c *Correlator) addSpread(s *Signal) error {
	at, ok := nanos(s.Time)
	if !ok {
		return nil
	}
	b := binary.BigEndian.AppendUint32(c.buf[:0], uint32(s.Rule))
	b = appendSortable(b, s.Tenant)
	b = binary.BigEndian.AppendUint64(b, uint64(at)^1<<63)
	b = append(b, s.Identity[:]...)
	for _, e := range s.Entities {
		if e.Type == "user" {
			b = appendText(b, accountOf(e))
		}
	}
	c.buf = b
	return c.spread.Add(b)
}

func accountOf(e Entity) string {
	if e.ID != "" {
		return e.ID
	}
	return strings.ToLower(e.Name)
}

// finishSpread finds when rules were widespread.
func (c *Correlator) finishSpread() error {
	c.wide = map[spreadKey][]stretch{}
	next, stop := iter.Pull2(c.spread.Sorted())
	defer stop()
	rec, err, ok := next()
	for ok && err == nil {
		n := spreadPrefix(rec)
		prefix := slices.Clone(rec[:n])
		findings := func(yield func([]byte, error) bool) {
			for ; ok && err == nil && bytes.HasPrefix(rec, prefix); rec, err, ok = next() {
				if !yield(rec[n:], nil) {
					return
				}
			}
		}
		key, err := spreadOf(prefix)
		if err == nil {
			err = c.stretches(key, findings)
		}
		if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return c.spread.Close()
}

// spreadPrefix is how much of a record says of which rule and tenant it is.
func spreadPrefix(rec []byte) int { return len(rec) - len(afterSortable(rec[4:])) }

// spreadOf is what such a prefix says.
func spreadOf(prefix []byte) (spreadKey, error) {
	d := signalReader{b: prefix}
	key := spreadKey{rule: int(d.uint32()), tenant: d.sortable()}
	if d.bad {
		return spreadKey{}, errSignal
	}
	return key, nil
}

// stretches finds when one rule was widespread in one tenant. findings are the
// records behind their prefix.
func (c *Correlator) stretches(key spreadKey, findings iter.Seq2[[]byte, error]) error {
	delete(c.wide, key)
	f := filler{view: c.e.tenant(key.tenant).view}
	p := &Pattern{Type: "value_count", Inputs: 1, sources: [][]int{nil}}
	p.Terms = []Term{{"gte", f.number("%" + spreadInput + ".count%")}}
	p.Span = f.span("%" + spreadInput + ".within%")
	members := func(yield func(Member, error) bool) {
		for rec, err := range findings {
			d := signalReader{b: rec}
			m := Member{At: int64(d.uint64() ^ 1<<63), ID: d.key()}
			when := time.Unix(0, m.At).UTC()
			m.Detail = (&Detail{First: when, Last: when, Count: 1}).append(nil)
			for len(d.b) > 0 {
				m.Values = append(m.Values, d.text())
			}
			if !yield(m, err) {
				return
			}
		}
	}
	if f.reason != "" { // nobody says how many are many
		for _, err := range members {
			if err != nil {
				return err
			}
		}
		return nil
	}
	return p.Eval(members, never, func(f *Found) error {
		c.wide[key] = append(c.wide[key], stretch{f.First.UnixNano(), f.Last.UnixNano(), f.Measure + " accounts show the same pattern within " + SpanText(p.Span)})
		return nil
	})
}

// Widespread says why a finding is part of a pattern that concerns many
// accounts; "" if it is not.
func (c *Correlator) Widespread(s *Signal) string {
	at, ok := nanos(s.Time)
	if !ok {
		return ""
	}
	for _, w := range c.wide[spreadKey{s.Tenant, s.Rule}] {
		if at >= w.first && at <= w.last {
			return w.reason
		}
	}
	return ""
}

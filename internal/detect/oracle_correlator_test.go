package detect_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// naive is what the oracle says of the signals of a tenant: for each rule its
// signals, and how many a correlation could not place.
func (w *world) naive(tenant string, until int64) (signs map[*spec][]*sign, leftOut map[string]int) {
	signs, leftOut = map[*spec][]*sign{}, map[string]int{}
	for _, s := range w.specs {
		if s.typ != "" {
			signs[s] = w.correlate(s, signs, until, leftOut)
			continue
		}
		for _, r := range w.records {
			if r.tenant != tenant || !slices.Contains(s.ops, r.fields["op"][0]) || w.filter && slices.Contains(r.fields["host"], "guest") {
				continue
			}
			when := time.Unix(0, r.at).UTC()
			id := event.Key{r.n}
			signs[s] = append(signs[s], &sign{
				rule: s, at: r.at, id: id, leaves: []leaf{{[]*spec{s}, r}}, shown: r.fields[s.shows],
				d: detect.Detail{First: when, Last: when, Count: 1, Evidence: []detect.Evidence{{Key: id, Time: when}}},
			})
		}
	}
	return signs, leftOut
}

// correlate puts the signals of the inputs into groups and looks at each.
func (w *world) correlate(s *spec, signs map[*spec][]*sign, until int64, leftOut map[string]int) []*sign {
	fields := slices.Clone(s.groupBy)
	if s.field != "" {
		fields = append(fields, s.field)
	}
	n := len(s.groupBy)
	groups := map[string][]*mem{}
	names := map[string][]string{}
	for input, in := range s.inputs {
		for _, sg := range signs[in] {
			values := map[string][]string{}
			placed, short := false, false
			seen := map[string]bool{}
			for _, l := range sg.leaves {
				path := append([]*spec{s}, l.path...)
				var own []string
				for _, f := range fields {
					own = append(own, resolve(path, f))
				}
				for _, c := range combinations(l.rec, own) {
					if !complete(c[:n]) {
						continue
					}
					placed = true
					group := detect.Tuple(c[:n]...)
					names[group] = nil
					for _, v := range c[:n] {
						names[group] = append(names[group], *v)
					}
					if id := detect.Tuple(c...); !seen[id] {
						seen[id] = true
						values[group] = append(values[group], "")
						if complete(c[n:]) && s.field != "" {
							values[group][len(values[group])-1] = "=" + *c[n]
						}
					}
				}
			}
			for group, vs := range values {
				m := &mem{Member: detect.Member{At: sg.at, ID: sg.id, Input: input}, d: sg.d, from: sg}
				for _, v := range vs {
					if text, ok := strings.CutPrefix(v, "="); ok {
						m.Values = append(m.Values, text)
					}
				}
				short = short || s.field != "" && m.Values == nil
				groups[group] = append(groups[group], m)
			}
			if !placed || short {
				leftOut[s.name]++
			}
		}
	}
	var out []*sign
	for group, members := range groups {
		sortMembers(members)
		span := time.Duration(s.span) * time.Minute
		c := &trial{until: until, members: members, p: &detect.Pattern{Type: s.typ, Inputs: len(s.inputs), Span: span, Learning: span}}
		if s.typ != "absent" && s.typ != "first_seen" {
			c.p.Terms = []detect.Term{{Op: s.op, Limit: float64(s.limit)}}
		}
		for i, f := range c.naive() {
			out = append(out, s.sign(f, i, group, names[group]))
		}
	}
	return out
}

// sign makes a signal of a finding.
func (s *spec) sign(f finding, i int, group string, names []string) *sign {
	sg := &sign{rule: s, at: f.At, group: names, d: detect.Detail{
		First: time.Unix(0, f.First).UTC(), Last: time.Unix(0, f.Last).UTC(), Count: f.Count, Measure: f.Measure,
	}}
	// Any identity does, as long as it is another for each finding.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %q", s.name, i, group))
	copy(sg.id[:], sum[:])
	for _, m := range f.members {
		if !m.again {
			sg.d.Evidence = append(sg.d.Evidence, m.d.Evidence...)
		}
		for _, l := range m.from.leaves {
			path := append([]*spec{s}, l.path...)
			sg.leaves = append(sg.leaves, leaf{path, l.rec})
			for _, v := range l.rec.fields[resolve(path, s.shows)] {
				if !slices.Contains(sg.shown, v) {
					sg.shown = append(sg.shown, v)
				}
			}
		}
	}
	return sg
}

// answers are what the oracle says of everything.
func (w *world) answers(until int64) (out []answer, leftOut map[string]int) {
	leftOut = map[string]int{}
	for _, tenant := range []string{"t1", "t2"} {
		signs, left := w.naive(tenant, until)
		for name, n := range left {
			leftOut[name] += n
		}
		for s, list := range signs {
			if s.silent {
				continue
			}
			for _, sg := range list {
				a := answer{
					Rule: s.name, Tenant: tenant, Group: sg.group, At: time.Unix(0, sg.at).UTC(), First: sg.d.First, Last: sg.d.Last,
					Count: sg.d.Count, Shown: slices.Sorted(slices.Values(sg.shown)), Measure: sg.d.Measure,
				}
				for _, e := range sg.d.Evidence {
					a.Evidence = append(a.Evidence, hex.EncodeToString(e.Key[:1]))
				}
				out = append(out, a.tidy())
			}
		}
	}
	return out, leftOut
}

// tidy leaves out of an answer what is a matter of the order of findings that
// hold at one moment.
func (a answer) tidy() answer {
	slices.Sort(a.Evidence)
	if a.Count > detect.MaxEvidence || len(a.Evidence) > detect.MaxEvidence {
		a.Evidence = nil
	}
	return a
}

// agree compares answers in any order.
func agree(want, got []answer) string {
	texts := func(as []answer) []string {
		var out []string
		for _, a := range as {
			out = append(out, fmt.Sprintf("%+v", a))
		}
		slices.Sort(out)
		return out
	}
	a, b := texts(want), texts(got)
	if slices.Equal(a, b) { // saves what go-cmp takes
		return ""
	}
	return gocmp.Diff(a, b)
}

// A hit is what one record means to the rules: as it is added, in full, and if
// no rule were satisfied.
type hit struct {
	key       event.Key
	rec, full []byte
	part      []byte // those of the rules that rec is brief about
	bare      []byte
	rules     []int // these rules
	number    int   // in the order of matching
	at        int64 // when it happened
	tenant    string
}

// hits are those of all records, with what the matcher knows of all of them.
type hits struct {
	list    []hit
	full    bool // nothing is brief
	again   int  // how many were read again
	mixed   int  // how many are brief for some of their rules only
	filters *detect.Filters
	apart   *detect.Matcher
}

func (h *hits) each(add func(event.Key, []byte) error) error {
	for _, x := range h.list {
		rec := x.rec
		if h.full {
			rec = x.full
		}
		if err := add(x.key, rec); err != nil {
			return err
		}
	}
	return nil
}

// read gives the hits of a record that were brief. Its place is its number.
func (h *hits) read(key event.Key, place, source []byte, rules []int) ([]byte, error) {
	h.again++
	i := int(binary.BigEndian.Uint32(place))
	at := slices.IndexFunc(h.list, func(x hit) bool { return x.key == key })
	if string(source) != "record" || at < 0 || h.list[at].number != i || len(rules) > 0 && !slices.Equal(rules, h.list[at].rules) {
		return nil, fmt.Errorf("%x is not at place %d", key, i)
	}
	if len(rules) == 0 {
		return h.list[at].bare, nil
	}
	return h.list[at].part, nil
}

// hits matches the records and encodes what comes of them.
func (w *world) hits(e *detect.Engine) *hits {
	ids := map[string]int{}
	for _, f := range []string{"op", "acct", "host", "amount", "door", "person"} {
		ids[f] = e.Schema.Resolve(event.Generic, f).ID
	}
	ev, m := event.New(e.Schema), e.NewMatcher()
	out := &hits{filters: m.Filters()}
	for _, r := range w.records {
		ev.Reset(event.Generic, 0, event.JSONLines, []byte("{}"))
		ev.Key, ev.Identity = event.Key{r.n}, event.Key{r.n}
		ev.Time, ev.Tenant = time.Unix(0, r.at).UTC(), r.tenant
		for name, values := range r.fields {
			for i, v := range values {
				ev.Put(ids[name], 0, event.Value{Kind: sigma.String, Text: v}, i)
			}
		}
		out.take(m, ev)
	}
	return out
}

// take adds the hits of an event, if it has some.
func (h *hits) take(m *detect.Matcher, ev *event.Event) {
	rules := slices.Clone(m.Match(ev))
	place := binary.BigEndian.AppendUint32(nil, uint32(len(h.list)))
	if len(h.list)%5 == 3 {
		place = nil // it stands where it cannot be read again
	}
	rec, rest, done := m.Brief(nil, rules, ev, []byte("record"), place)
	brief := slices.DeleteFunc(slices.Clone(rules), func(r int) bool { return slices.Contains(rest, r) })
	if !done {
		if len(brief) > 0 {
			h.mixed++
		}
		rec = m.Hits(rec, rest, ev, []byte("record"))
	}
	if len(rec) > 0 {
		// What filters know must not depend on what is read again.
		if h.apart == nil {
			h.apart = m.Apart()
		}
		full := h.apart.Hits(nil, rules, ev, []byte("record"))
		part := h.apart.Hits(nil, brief, ev, []byte("record"))
		bare := h.apart.Hits(nil, nil, ev, []byte("record"))
		h.list = append(h.list, hit{ev.Key, rec, full, part, bare, brief, len(h.list), ev.Time.UnixNano(), ev.Tenant})
	}
}

// correlated takes hits through a correlator; the result is sorted. With
// filters, what cannot matter is left out, and the result must be the same.
func correlated(t testing.TB, e *detect.Engine, h *hits, until detect.Watermark, filtered bool) ([][]byte, *detect.Correlator) {
	t.Helper()
	var out [][]byte
	c := e.NewCorrelator(detect.NewMemory, func(s *detect.Signal) error { out = append(out, s.Append(nil)); return nil })
	if filtered {
		c.Use(detect.Input{Filters: h.filters, Again: h.each, Read: h.read})
	}
	h.full = !filtered
	if err := h.each(c.AddHits); err != nil {
		t.Fatal(err)
	}
	if err := c.Finish(until); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out, bytes.Compare)
	return out, c
}

// check compares correlator and oracle and reports how many findings of
// correlations there are by level.
func (w *world) check(t testing.TB, e *detect.Engine, text string, rng *rand.Rand) (levels [4]int) {
	t.Helper()
	h := w.hits(e)
	until := int64(1_793_600_000+60*20) * 1e9
	mark := func(string, event.Kind) (int64, bool) { return until, true }
	encoded, c := correlated(t, e, h, mark, false)
	rng.Shuffle(len(h.list), func(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] })
	if again, _ := correlated(t, e, h, mark, true); !slices.EqualFunc(encoded, again, bytes.Equal) {
		t.Fatalf("the same events in another order, with what cannot matter left out, give something else\n%s%s", text, w.show())
	}
	var got []answer
	for _, b := range encoded {
		s, err := detect.DecodeSignal(b)
		if err != nil {
			t.Fatal(err)
		}
		spec := w.specs[slices.IndexFunc(w.specs, func(o *spec) bool { return o.name == e.Rules()[s.Rule].Slug })]
		a := answer{Rule: spec.name, Tenant: s.Tenant, At: s.Time, First: s.First, Last: s.Last, Count: s.Count, Measure: s.Measure}
		if spec.typ != "" {
			a.Group = s.Group
			levels[spec.level]++
		}
		a.Shown = slices.Sorted(slices.Values(s.Values[0].Texts))
		for _, ev := range s.Evidence {
			a.Evidence = append(a.Evidence, hex.EncodeToString(ev.Key[:1]))
		}
		got = append(got, a.tidy())
	}
	want, leftOut := w.answers(until)
	if diff := agree(want, got); diff != "" {
		t.Fatalf("-oracle +engine\n%s\n%s%s", diff, text, w.show())
	}
	out := map[string]int{}
	for rule, n := range c.LeftOut {
		out[e.Rules()[rule].Slug] = n
	}
	if !maps.Equal(leftOut, out) {
		t.Fatalf("left out: %v, by the engine %v\n%s%s", leftOut, out, text, w.show())
	}
	return levels
}

func (w *world) show() string {
	var b strings.Builder
	for _, r := range w.records {
		fmt.Fprintf(&b, "  %02x %s %s %q\n", r.n, time.Unix(0, r.at).UTC().Format("15:04"), r.tenant, r.fields)
	}
	return b.String()
}

func TestCorrelatorAgainstOracle(t *testing.T) {
	var levels [4]int
	const worlds, each = 200, 20
	for seed := range cases(worlds) {
		rng := rand.New(rand.NewPCG(7, uint64(seed)))
		w := makeWorld(&dice{rng: rng})
		text := w.text()
		e := load(t, text, detect.Config{Generic: true})
		for range each {
			w.makeRecords(&dice{rng: rng})
			for level, n := range w.check(t, e, text, rng) {
				levels[level] += n
			}
		}
	}
	t.Logf("findings by level: %v", levels[1:])
	if slices.Min(levels[1:]) < cases(worlds)*each/20 {
		t.Errorf("findings by level: %v; that tests little", levels[1:])
	}
}

func FuzzCorrelator(f *testing.F) {
	for seed := range 8 {
		rng := rand.New(rand.NewPCG(1, uint64(seed)))
		b := make([]byte, 400)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &dice{b: b}
		w := makeWorld(d)
		w.makeRecords(d)
		text := w.text()
		w.check(t, load(t, text, detect.Config{Generic: true}), text, rand.New(rand.NewPCG(1, 2)))
	})
}

package detect_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// The oracle says a second time, as simply as can be, what correlations mean:
// it looks at all members for every window and shares nothing with the engine
// but the types of values. Tests compare the two on generated cases.

// A mem is a member with its detail at hand.
type mem struct {
	detect.Member
	d detect.Detail
	// again: another member of the same moment is the same event. It may add
	// values, but no event.
	again bool
	from  *sign // in chains
}

// A finding is what the oracle says and what is compared.
type finding struct {
	At          int64
	First, Last int64
	Count       int
	Evidence    []string
	Values      []values // by slot
	Measure     string
	Severity    string
	Flags       detect.Flags
	Entities    []detect.Entity

	members []*mem // for chains; not compared
}

// values are different texts: the first of them, and how many.
type values struct {
	Texts []string
	N     int
}

// say makes a finding of members.
func say(p *detect.Pattern, all []bool, sources [][]int, at int64, members []*mem, measure string) finding {
	f := finding{At: at, Measure: measure, members: members, Values: make([]values, len(all))}
	first := true
	for _, m := range members {
		for s := range all {
			if from := sources[m.Input][s]; from >= 0 && from < len(m.d.Values) {
				for _, text := range m.d.Values[from].Texts {
					if !slices.Contains(f.Values[s].Texts, text) {
						f.Values[s].Texts = append(f.Values[s].Texts, text)
					}
				}
			}
		}
		if m.again {
			continue
		}
		f.Count += m.d.Count
		f.Flags |= m.d.Flags
		if first || m.d.First.UnixNano() < f.First {
			f.First = m.d.First.UnixNano()
		}
		if first || m.d.Last.UnixNano() > f.Last {
			f.Last = m.d.Last.UnixNano()
		}
		// A level that is missing counts as low.
		if first || m.d.Severity == "high" {
			f.Severity = m.d.Severity
		}
		first = false
		for _, e := range m.d.Evidence {
			if len(f.Evidence) < 20 {
				f.Evidence = append(f.Evidence, fmt.Sprintf("%x %d", e.Key[:4], e.Time.UnixNano()))
			}
		}
		for _, e := range m.d.Entities {
			if !slices.Contains(f.Entities, e) {
				f.Entities = append(f.Entities, e)
			}
		}
	}
	for s := range all {
		v := &f.Values[s]
		if v.N = len(v.Texts); !all[s] {
			v.Texts = v.Texts[:min(8, v.N)]
		}
	}
	return f
}

// said turns what the engine found into the same shape.
func said(f *detect.Found) finding {
	out := finding{
		At: f.At, First: f.First.UnixNano(), Last: f.Last.UnixNano(), Count: f.Count, Measure: f.Measure,
		Severity: f.Severity, Flags: f.Flags, Entities: f.Entities, Values: make([]values, len(f.Values)),
	}
	for _, e := range f.Evidence {
		out.Evidence = append(out.Evidence, fmt.Sprintf("%x %d", e.Key[:4], e.Time.UnixNano()))
	}
	for i := range f.Values {
		out.Values[i] = values{f.Values[i].Texts, f.Values[i].Len()}
	}
	return out
}

// A trial is a generated group.
type trial struct {
	p       *detect.Pattern
	all     []bool
	sources [][]int
	// percentile in hundredths, so that the oracle need not round.
	percentile int64
	members    []*mem
	until      int64
}

// distinct leaves out what does not count: of the versions of one identity all
// but the first, of the members that are one event for several rules all but
// the first where events are counted. counts says which members count at all.
func (c *trial) distinct(counts func(*mem) bool) []*mem {
	type identity struct {
		id    event.Key
		input int
	}
	byRule := slices.Contains([]string{"temporal", "temporal_ordered", "absent", "value_count", "first_seen"}, c.p.Type)
	var out []*mem
	seen := map[identity]bool{}
	for _, m := range c.members {
		id := identity{id: m.ID}
		if byRule {
			id.input = m.Input
		}
		if !counts(m) {
			if c.p.Type == "first_seen" && (!c.p.Versioned || !seen[id]) {
				out = append(out, m) // it tells how long the group is known
			}
			continue
		}
		if c.p.Versioned && seen[id] {
			continue
		}
		same := slices.ContainsFunc(out, func(o *mem) bool { return o.ID == m.ID && o.At == m.At && counts(o) })
		if same && !byRule {
			continue
		}
		if same {
			copied := *m
			copied.again = true
			m = &copied
		}
		seen[id] = true
		out = append(out, m)
	}
	return out
}

// naive is what the oracle says of a trial.
func (c *trial) naive() []finding {
	switch c.p.Type {
	case "first_seen":
		return c.firstSeen()
	case "period_change":
		return c.periodChange()
	case "travel":
		return c.travel()
	case "absent":
		return c.absent()
	}
	return c.windows()
}

// engine is what the engine says.
func (c *trial) engine() ([]finding, error) {
	var out []finding
	members := func(yield func(detect.Member, error) bool) {
		var buf []byte
		for i := range c.members {
			m := c.members[i].Member
			buf = append(buf[:0], c.members[i].d.Encode()...) // valid until the next
			m.Detail = buf
			m.Values = slices.Clone(m.Values)
			if !yield(m, nil) {
				return
			}
		}
	}
	subs := map[string]bool{}
	err := c.p.Eval(members, c.until, func(f *detect.Found) error {
		if id := fmt.Sprint(f.At, f.Sub); subs[id] {
			return fmt.Errorf("two findings are %q", id)
		} else {
			subs[id] = true
		}
		out = append(out, said(f))
		return nil
	})
	return out, err
}

func (c *trial) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %d, span %d, terms %v, percentile %v, learning %d, minimum %v, zone %v, versioned %t, until %d, slots %v from %v\n", c.p.Type, c.p.Inputs,
		c.p.Span, c.p.Terms, c.p.Percentile, c.p.Learning, c.p.Minimum, c.p.Zone, c.p.Versioned, c.until, c.all, c.sources)
	for _, m := range c.members {
		fmt.Fprintf(&b, "  %d %s id %x input %d values %q place %v texts %v\n", m.At, time.Unix(0, m.At).In(zoneOf(c.p)).Format(time.RFC3339), m.ID[:2], m.Input, m.Values, m.Place, m.d.Values)
	}
	return b.String()
}

func zoneOf(p *detect.Pattern) *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

// check compares engine and oracle and reports how many findings there are.
func (c *trial) check(t testing.TB) int {
	t.Helper()
	want := c.naive()
	got, err := c.engine()
	if err != nil {
		t.Fatalf("%v\n%s", err, c)
	}
	if !same(want, got) {
		t.Fatalf("-oracle +engine\n%s%s", gocmp.Diff(want, got, cmpopts.IgnoreUnexported(finding{})), c)
	}
	return len(got)
}

// same is what go-cmp would say, but a hundred times faster.
func same(a, b []finding) bool {
	return slices.EqualFunc(a, b, func(a, b finding) bool {
		return a.At == b.At && a.First == b.First && a.Last == b.Last && a.Count == b.Count && a.Measure == b.Measure &&
			a.Severity == b.Severity && a.Flags == b.Flags && slices.Equal(a.Evidence, b.Evidence) && slices.Equal(a.Entities, b.Entities) &&
			slices.EqualFunc(a.Values, b.Values, func(a, b values) bool { return a.N == b.N && slices.Equal(a.Texts, b.Texts) })
	})
}

// A dice makes choices: from the bytes of a fuzzer, or at random.
type dice struct {
	b   []byte
	rng *rand.Rand
}

// roll returns a number below n, which is at most 256; 0 once the bytes are
// used up.
func (d *dice) roll(n int) int {
	if d.rng != nil {
		return d.rng.IntN(n)
	}
	if len(d.b) == 0 {
		return 0
	}
	x := int(d.b[0]) % n
	d.b = d.b[1:]
	return x
}

func pick[T any](d *dice, from ...T) T { return from[d.roll(len(from))] }

// types are all that correlations can be, with the share of cases in which
// something is to be found.
var types = []struct {
	name  string
	share float64
}{
	{"event_count", .3},
	{"value_count", .3},
	{"temporal", .3},
	{"temporal_ordered", .3},
	{"value_sum", .3},
	{"value_avg", .3},
	{"value_percentile", .3},
	{"first_seen", .3},
	{"period_change", .2},
	{"travel", .2},
	{"absent", .2},
}

// cases is how many trials of a type a run of the tests makes.
func cases(most int) int {
	if testing.Short() {
		return most / 20
	}
	return most
}

func TestPatternAgainstOracle(t *testing.T) {
	for i, typ := range types {
		t.Run(typ.name, func(t *testing.T) {
			n, found, several := cases(10_000), 0, 0
			for seed := range n {
				c := makeTrial(&dice{rng: rand.New(rand.NewPCG(uint64(i), uint64(seed)))}, typ.name)
				switch k := c.check(t); {
				case k > 1:
					several++
					fallthrough
				case k == 1:
					found++
				}
			}
			t.Logf("%d cases, %d with findings, %d with several", n, found, several)
			if float64(found) < typ.share*float64(n) || several == 0 {
				t.Errorf("%d of %d cases have findings, %d several: that tests little", found, n, several)
			}
		})
	}
}

func fuzzTypes(f *testing.F, names ...string) {
	for i := range names {
		for seed := range 8 {
			rng := rand.New(rand.NewPCG(uint64(i), uint64(seed)))
			b := make([]byte, 300)
			for j := range b {
				b[j] = byte(rng.Uint32())
			}
			b[0] = byte(i)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &dice{b: b}
		makeTrial(d, pick(d, names...)).check(t)
	})
}

func FuzzPatternCounts(f *testing.F)   { fuzzTypes(f, "event_count", "value_count") }
func FuzzPatternTemporal(f *testing.F) { fuzzTypes(f, "temporal", "temporal_ordered") }
func FuzzPatternNumbers(f *testing.F) {
	fuzzTypes(f, "value_sum", "value_avg", "value_percentile")
}
func FuzzPatternSequences(f *testing.F) { fuzzTypes(f, "first_seen", "absent", "travel") }
func FuzzPatternPeriod(f *testing.F)    { fuzzTypes(f, "period_change") }

var errStop = errors.New("stop")

// TestPatternStops: an error of whoever takes the findings, or gives the
// members, comes back.
func TestPatternStops(t *testing.T) {
	for i, typ := range types {
		for seed := range 50 {
			c := makeTrial(&dice{rng: rand.New(rand.NewPCG(uint64(i), uint64(seed)))}, typ.name)
			if len(c.naive()) == 0 {
				continue
			}
			members := func(yield func(detect.Member, error) bool) {
				for _, m := range c.members {
					one := m.Member
					if one.Detail = m.d.Encode(); !yield(one, nil) {
						return
					}
				}
			}
			if err := c.p.Eval(members, c.until, func(*detect.Found) error { return errStop }); err != errStop {
				t.Fatalf("%s: the error of emit became %v", typ.name, err)
			}
			broken := func(yield func(detect.Member, error) bool) { yield(detect.Member{}, errStop) }
			if err := c.p.Eval(broken, math.MaxInt64, func(*detect.Found) error { return nil }); err != errStop {
				t.Fatalf("%s: the error of a member became %v", typ.name, err)
			}
		}
	}
}

// sortMembers puts members in the order in which Eval gets them.
func sortMembers(ms []*mem) {
	slices.SortStableFunc(ms, func(a, b *mem) int {
		return cmp.Or(cmp.Compare(a.At, b.At), slices.Compare(a.ID[:], b.ID[:]), cmp.Compare(a.Input, b.Input))
	})
}

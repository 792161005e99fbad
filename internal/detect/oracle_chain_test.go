package detect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A spec is a rule or a correlation, from which the text for the engine is
// written and by which the oracle works.
type spec struct {
	name string
	// Of a rule: the operations that it matches.
	ops []string
	// Of a correlation.
	typ      string
	inputs   []*spec
	groupBy  []string
	aliases  map[string]map[string]string // alias, rule, field
	span     int                          // minutes
	field    string
	op       string
	limit    int
	generate bool
	shows    string // field of the sentence
	level    int
	silent   bool
}

// A rec is a record: its fields, and when it happened.
type rec struct {
	tenant string
	at     int64
	n      byte
	fields map[string][]string
}

// A sign is a signal as the oracle sees it.
type sign struct {
	rule   *spec
	at     int64
	id     event.Key
	group  []string
	d      detect.Detail
	leaves []leaf
	shown  []string
}

// A leaf is a record below a signal, and the rules on the way down to it.
type leaf struct {
	path []*spec
	rec  *rec
}

// A world is a set of rules and records.
type world struct {
	specs   []*spec
	filter  bool // guests are left out of every rule
	records []*rec
}

func makeWorld(d *dice) *world {
	w := &world{filter: d.roll(4) == 0}
	for i := range 3 {
		s := &spec{name: fmt.Sprintf("b%d", i), ops: []string{pick(d, "a", "b", "c")}, shows: "host"}
		if d.roll(2) == 0 {
			s.ops = append(s.ops, pick(d, "d", "e"))
		}
		w.specs = append(w.specs, s)
	}
	for i := range 1 + d.roll(5) {
		w.specs = append(w.specs, w.makeCorrelation(d, fmt.Sprintf("c%d", i)))
	}
	for _, s := range w.specs {
		for _, in := range s.inputs {
			in.silent = true
		}
	}
	for _, s := range w.specs {
		for _, in := range s.inputs {
			in.silent = in.silent && !s.generate
		}
	}
	return w
}

// makeRecords makes other records for the same rules.
func (w *world) makeRecords(d *dice) {
	w.records = nil
	spread := 2 + d.roll(14)
	for n := range 3 + d.roll(14) {
		r := &rec{tenant: pick(d, "t1", "t1", "t1", "t2"), n: byte(n), at: (1_793_600_000 + 60*int64(d.roll(spread))) * 1e9, fields: map[string][]string{}}
		r.fields["op"] = []string{pick(d, "a", "b", "c", "d", "e")}
		for _, f := range []struct {
			name string
			from []string
		}{{"acct", []string{"Ann", "ann", "bob", "\x00c"}}, {"host", []string{"h1", "h2", "guest"}}, {"amount", []string{"1", "2", "0.5", "x"}}} {
			for range pick(d, 1, 1, 1, 1, 0, 2) {
				if v := pick(d, f.from...); !slices.ContainsFunc(r.fields[f.name], func(o string) bool { return strings.EqualFold(o, v) }) {
					r.fields[f.name] = append(r.fields[f.name], v)
				}
			}
		}
		w.records = append(w.records, r)
	}
}

func (w *world) makeCorrelation(d *dice, name string) *spec {
	s := &spec{name: name, span: 1 + d.roll(6), op: pick(d, "gte", "gte", "gt", "lt", "eq"), generate: d.roll(4) == 0}
	for range 1 + d.roll(3) {
		in := w.specs[d.roll(len(w.specs))]
		if d.roll(2) == 0 {
			in = w.specs[len(w.specs)-1] // chains
		}
		if in.level < 3 && !slices.Contains(s.inputs, in) {
			s.inputs = append(s.inputs, in)
			s.level = max(s.level, in.level+1)
		}
	}
	if s.inputs == nil {
		s.inputs, s.level = w.specs[:1], 1
	}
	s.typ = pick(d, "event_count", "event_count", "value_count", "temporal", "temporal_ordered", "absent", "value_sum", "first_seen")
	if s.level > 1 && (s.typ == "value_sum" || s.typ == "first_seen") {
		s.typ = "event_count" // of findings at one moment the first counts, and which it is a hash says
	}
	if s.typ == "absent" && len(s.inputs) < 2 {
		s.typ = "value_count"
	}
	s.groupBy = pick(d, []string{"host"}, []string{"acct"}, []string{"host", "acct"}, nil, []string{"who"}, []string{"who", "host"})
	s.shows = pick(d, "host", "acct", "who")
	if s.limit = 1 + d.roll(2); s.op == "lt" {
		s.limit++
	}
	switch s.typ {
	case "value_count", "first_seen":
		s.field = pick(d, "acct", "host", "who")
	case "value_sum":
		s.field = "amount"
	case "temporal", "temporal_ordered":
		s.limit = min(s.limit, len(s.inputs))
		if s.op == "gt" {
			s.op = "gte"
		}
	}
	s.aliases = map[string]map[string]string{"who": {}}
	for _, below := range s.below() {
		if below.level == 0 || d.roll(3) == 0 {
			s.aliases["who"][below.name] = pick(d, "acct", "host")
		}
	}
	return s
}

// below are the rules that a correlation reads, and those that these read.
func (s *spec) below() []*spec {
	var out []*spec
	for _, in := range s.inputs {
		for _, r := range append(in.below(), in) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// text writes the rules as files have them.
func (w *world) text() string {
	var b strings.Builder
	for i, s := range w.specs {
		if i > 0 {
			b.WriteString("---\n")
		}
		fmt.Fprintf(&b, "title: %s\nid: 00000000-0000-4000-8000-%012d\nname: %s\nlevel: low\ncustom: {entrawatch: {summary: 'It was {%s}.'}}\n", s.name, i, s.name, s.shows)
		if s.typ == "" {
			fmt.Fprintf(&b, "logsource: {product: x}\ndetection:\n  selection: {op: [%s]}\n  condition: selection\n", strings.Join(s.ops, ", "))
			continue
		}
		var names []string
		for _, in := range s.inputs {
			names = append(names, in.name)
		}
		fmt.Fprintf(&b, "correlation:\n  type: %s\n  rules: [%s]\n  group-by: [%s]\n  generate: %t\n", s.typ, strings.Join(names, ", "), strings.Join(s.groupBy, ", "), s.generate)
		fmt.Fprintf(&b, "  aliases:\n    who: {")
		for rule, field := range s.aliases["who"] {
			fmt.Fprintf(&b, "%s: %s, ", rule, field)
		}
		fmt.Fprintf(&b, "}\n")
		switch s.typ {
		case "first_seen":
			fmt.Fprintf(&b, "  condition: {field: %s}\n  learning: %dm\n", s.field, s.span)
		case "absent":
			fmt.Fprintf(&b, "  timespan: %dm\n", s.span)
		case "value_count", "value_sum":
			fmt.Fprintf(&b, "  timespan: %dm\n  condition: {field: %s, %s: %d}\n", s.span, s.field, s.op, s.limit)
		default:
			fmt.Fprintf(&b, "  timespan: %dm\n  condition: {%s: %d}\n", s.span, s.op, s.limit)
		}
	}
	if w.filter {
		b.WriteString("---\ntitle: No guests\nlogsource: {product: x}\nfilter:\n  rules: any\n  guest: {host: guest}\n  condition: not guest\n")
	}
	return b.String()
}

// load compiles rules.
func load(t testing.TB, text string, c detect.Config) *detect.Engine {
	t.Helper()
	var lib detect.Library
	if err := lib.Add(fstest.MapFS{"rules.yml": {Data: []byte(text)}}, ".", "", false); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := lib.Finish(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	c.Rules = lib.Rules
	e, err := detect.New(c)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return e
}

// resolve turns a name that the first rule of a path uses into that of the
// record's field at its end.
func resolve(path []*spec, name string) string {
	var alias map[string]string
	for i := 0; i+1 < len(path); i++ {
		if a := path[i].aliases[name]; alias == nil && a != nil {
			alias = a
		}
		if field, ok := alias[path[i+1].name]; ok {
			name, alias = field, nil
		}
	}
	return name
}

// combinations are what a record has for some fields: one list for each choice
// of values, nil where there is none. They are in lower case.
func combinations(r *rec, fields []string) [][]*string {
	out := [][]*string{nil}
	for _, f := range fields {
		values := []*string{}
		for _, v := range r.fields[f] {
			v = strings.ToLower(v)
			values = append(values, &v)
		}
		if len(values) == 0 {
			values = append(values, nil)
		}
		var next [][]*string
		for _, have := range out {
			for _, v := range values {
				next = append(next, append(slices.Clone(have), v))
			}
		}
		out = next
	}
	return out
}

func complete(values []*string) bool { return !slices.Contains(values, nil) }

// An answer is what alerts and people get.
type answer struct {
	Rule, Tenant    string
	Group           []string
	At, First, Last time.Time
	Count           int
	Evidence        []string
	Shown           []string
	Measure         string
}

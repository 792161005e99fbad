package lake

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
)

// maxText is how many bytes of a text a column holds. The record has all of it.
// Bounds of columns stand in full in a file's footer, so that without a limit an
// attacker could choose its size.
const maxText = 8 << 10

// Columns lists the fields that must be decoded for rows to be complete.
func Columns(schema *event.Schema) [event.NumKinds][]int {
	var out [event.NumKinds][]int
	for k := event.Kind(1); k < event.NumKinds; k++ {
		t := newTable(schema, k)
		for _, id := range t.fields {
			if id >= 0 {
				out[k] = append(out[k], id)
			}
		}
		for _, id := range []int{t.user, t.name, t.actor, t.actorName, t.app} {
			if id >= 0 {
				out[k] = append(out[k], id)
			}
		}
	}
	return out
}

// A table is how events of one kind become rows.
type table struct {
	columns []column.Column
	fields  []int // of the column; -1 = set by Add itself
	user    int   // fields that say whose the event is, or -1
	name    int
	actor   int
	// actorName counts where there is no actor.
	actorName int
	app       int
	// policy and result are what the column of policies is made of.
	policy, result int
	// groups are the lists that are filled together: indexes of columns.
	groups [][]int
	at     places
}

// places are where the columns stand that Add sets.
type places struct {
	when, received, key, tenant, kind, sub, format, origin, id, actor, user, app, raw, exact, policies int
}

func placesOf(columns []column.Column) places {
	at := map[string]int{}
	for i := range columns {
		at[columns[i].Name] = i
	}
	return places{
		at[column.When], at[column.Received], at[column.Key], at[column.Tenant], at[column.Kind], at[column.Sub], at[column.Format], at[column.Origin],
		at[column.ID], at[column.Actor], at[column.User], at[column.App], at[column.Raw], at[column.Exact], at[column.Policies],
	}
}

func newTable(schema *event.Schema, k event.Kind) *table {
	t := &table{columns: column.Of(k), at: placesOf(column.Of(k))}
	field := func(name string) int {
		if name == "" {
			return -1
		}
		if f := schema.Lookup(k, name); f != nil && f.Name == name {
			return f.ID
		}
		return -1
	}
	t.user, t.name = field("user.id"), field("user.name")
	t.actor, t.actorName = field("actor.id"), field("actor.name")
	t.app = field(column.AppField(k))
	t.policy, t.result = -1, -1
	if k == event.Signin {
		t.policy, t.result = event.FPolicyName, event.FPolicyResult
	}
	groups := map[string]int{}
	for i := range t.columns {
		c := &t.columns[i]
		t.fields = append(t.fields, field(c.Field))
		if c.Group == "" {
			continue
		}
		g, ok := groups[c.Group]
		if !ok {
			g = len(t.groups)
			groups[c.Group] = g
			t.groups = append(t.groups, nil)
		}
		t.groups[g] = append(t.groups[g], i)
	}
	return t
}

// Rows are the events of a micro-batch on their way into the lake. One goroutine
// fills them; several Rows may be filled at the same time.
type Rows struct {
	// Received is when the events added from now on were received; zero = not
	// known.
	Received time.Time

	schema *event.Schema
	tables [event.NumKinds]*table
	rows   []row
	cells  []cell
	elems  []cell
	nums   []int64
	text   []byte
	buf    []byte
}

// A row is one event. Its cells, one for each column of its kind, stand one
// behind the other.
type row struct {
	key     event.Key
	tenant  cell
	user    cell
	raw     cell  // as it came
	time    int64 // microseconds; noTime
	first   int   // of its cells
	used    columnSet
	kind    event.Kind
	format  event.Format
	dropped bool
}

// A columnSet says which columns hold something.
type columnSet [4]uint64

func (s *columnSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// noTime stands for an event without a time.
const noTime = math.MinInt64

// A cell is a value: where its text stands, or its number, or the elements of its
// list. The type of the column says which.
type cell struct {
	at uint32
	n  int32 // length of the text or of the list; null
}

const null = -1

// maxRows is how many bytes of text rows hold, so that a cell can say where one
// stands. Whoever fills rows writes them long before.
const maxRows = math.MaxUint32

var nothing = cell{n: null}

// NewRows returns rows for events of a schema.
func NewRows(schema *event.Schema) *Rows { return &Rows{schema: schema} }

// Len is how many events were added, also those that were dropped.
func (r *Rows) Len() int { return len(r.rows) }

// Bytes is about how much memory the rows take.
func (r *Rows) Bytes() int {
	return len(r.text) + 8*(len(r.cells)+len(r.elems)+len(r.nums)) + 128*len(r.rows)
}

// Key is the key of the i-th event.
func (r *Rows) Key(i int) event.Key { return r.rows[i].key }

// Kind is the kind of the i-th event.
func (r *Rows) Kind(i int) event.Kind { return r.rows[i].kind }

// Tenant is the tenant of the i-th event.
func (r *Rows) Tenant(i int) string { return string(r.span(r.rows[i].tenant)) }

// Day is the day of the i-th event, as files call it.
func (r *Rows) Day(i int) string { return dayOf(r.rows[i].time) }

// Format is the format in which the i-th event's record came.
func (r *Rows) Format(i int) event.Format { return r.rows[i].format }

// Raw is the i-th event's record.
func (r *Rows) Raw(i int) []byte { return r.span(r.rows[i].raw) }

// Drop leaves the i-th event out.
func (r *Rows) Drop(i int) { r.rows[i].dropped = true }

// Reset forgets the events and keeps the memory.
func (r *Rows) Reset() {
	r.rows, r.cells, r.elems, r.nums, r.text = r.rows[:0], r.cells[:0], r.elems[:0], r.nums[:0], r.text[:0]
}

func (r *Rows) span(c cell) []byte {
	if c.n <= 0 {
		return nil
	}
	return r.text[c.at : int64(c.at)+int64(c.n)]
}

// Add copies what rows need of an event and returns its number. origin says
// where its record stood.
func (r *Rows) Add(ev *event.Event, origin string) int {
	t := r.tables[ev.Kind]
	if t == nil {
		t = newTable(r.schema, ev.Kind)
		r.tables[ev.Kind] = t
	}
	first := len(r.cells)
	for i := range t.columns {
		c := nothing
		if id := t.fields[i]; id >= 0 && t.columns[i].Group == "" {
			if t.columns[i].List {
				c = r.list(ev, id, t.columns[i].Type)
			} else {
				c = r.value(ev.Text(id), t.columns[i].Type)
			}
		}
		r.cells = append(r.cells, c)
	}
	for _, g := range t.groups {
		r.group(ev, t, g, r.cells[first:])
	}
	rw := row{key: ev.Key, kind: ev.Kind, format: ev.Format, first: first, time: noTime}
	set := func(column int, c cell) cell {
		r.cells[first+column] = c
		return c
	}
	at := &t.at
	if !ev.Time.IsZero() {
		rw.time = ev.Time.UnixMicro()
		set(at.when, r.number(rw.time))
	}
	if !r.Received.IsZero() {
		set(at.received, r.number(r.Received.UnixMicro()))
	}
	r.buf = hex.AppendEncode(r.buf[:0], ev.Key[:])
	set(at.key, r.copy(r.buf))
	rw.tenant = set(at.tenant, r.store(ev.Tenant))
	set(at.kind, r.store(ev.Kind.String()))
	set(at.sub, r.some(ev.Sub.String()))
	set(at.format, r.store(ev.Format.String()))
	set(at.origin, r.store(origin))
	set(at.id, r.some(ev.ID))
	actor := r.some(either(text(ev, t.actor), strings.ToLower(text(ev, t.actorName))))
	set(at.actor, actor)
	rw.user = r.some(either(text(ev, t.user), strings.ToLower(text(ev, t.name))))
	if rw.user.n <= 0 {
		rw.user = actor
	}
	set(at.user, rw.user)
	set(at.app, r.some(text(ev, t.app)))
	if t.policy >= 0 {
		if r.buf = appendPolicies(r.buf[:0], ev, t.policy, t.result); len(r.buf) > 0 {
			set(at.policies, r.copy(r.buf))
		}
	}
	if utf8.Valid(ev.Raw) {
		rw.raw = set(at.raw, r.copy(ev.Raw))
	} else {
		rw.raw = set(at.exact, r.copy(ev.Raw))
		from := len(r.text)
		r.text = append(r.text, strings.ToValidUTF8(string(ev.Raw), string(utf8.RuneError))...)
		set(at.raw, r.since(from))
	}
	for i, c := range r.cells[first:] {
		if c.n >= 0 {
			rw.used[i/64] |= 1 << (i % 64)
		}
	}
	r.rows = append(r.rows, rw)
	return len(r.rows) - 1
}

func text(ev *event.Event, field int) string {
	if field < 0 {
		return ""
	}
	return ev.Text(field)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// copy keeps bytes as they are.
func (r *Rows) copy(b []byte) cell {
	from := len(r.text)
	r.text = append(r.text, b...)
	return r.since(from)
}

// since is the text that was added last, from an offset on.
func (r *Rows) since(from int) cell {
	if len(r.text) > maxRows {
		panic("lake: more rows than can be held were added without being written")
	}
	return cell{uint32(from), int32(len(r.text) - from)}
}

// number keeps a number.
func (r *Rows) number(n int64) cell {
	r.nums = append(r.nums, n)
	return cell{at: uint32(len(r.nums) - 1)}
}

// store keeps a text in a form that every reader takes: valid UTF-8, and not
// longer than columns are.
func (r *Rows) store(s string) cell {
	if len(s) > maxText {
		s = s[:maxText]
		for i := 1; i < utf8.UTFMax && i < len(s); i++ {
			// A rune that was cut in two goes.
			if utf8.RuneStart(s[len(s)-i]) {
				if !utf8.FullRuneInString(s[len(s)-i:]) {
					s = s[:len(s)-i]
				}
				break
			}
		}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	from := len(r.text)
	r.text = append(r.text, s...)
	return r.since(from)
}

// some is store, with nothing for an empty text.
func (r *Rows) some(s string) cell {
	if s == "" {
		return nothing
	}
	return r.store(s)
}

// value keeps a value of a type; what cannot be read as one is nothing, and
// stands in the record.
func (r *Rows) value(s string, typ column.Type) cell {
	if s == "" {
		return nothing
	}
	switch typ {
	case column.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return r.number(n)
		}
	case column.Float:
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return r.number(int64(math.Float64bits(f)))
		}
	case column.Bool:
		switch {
		case s == "1" || strings.EqualFold(s, "true"):
			return cell{at: 1}
		case s == "0" || strings.EqualFold(s, "false"):
			return cell{}
		}
	case column.Time:
		if t, ok := decode.ParseTime(s); ok {
			return r.number(t.UnixMicro())
		}
	default:
		return r.store(s)
	}
	return nothing
}

// list keeps all values of a field.
func (r *Rows) list(ev *event.Event, field int, typ column.Type) cell {
	from := len(r.elems)
	for _, v := range ev.All(field) {
		// An empty array is no value.
		if v.Text == "" || v.Text == "[]" {
			continue
		}
		r.elems = append(r.elems, r.value(v.Text, typ))
	}
	if len(r.elems) == from {
		return nothing
	}
	return cell{uint32(from), int32(len(r.elems) - from)}
}

// group keeps the values of fields below one array, element by element.
func (r *Rows) group(ev *event.Event, t *table, columns []int, cells []cell) {
	n := 0
	for _, i := range columns {
		if t.fields[i] >= 0 {
			n = max(n, ev.Elems(t.fields[i]))
		}
	}
	if n == 0 {
		return
	}
	for _, i := range columns {
		if t.fields[i] < 0 {
			continue
		}
		from := len(r.elems)
		for range n {
			r.elems = append(r.elems, nothing)
		}
		r.elements(ev, t.fields[i], t.columns[i].Type, r.elems[from:])
		cells[i] = cell{uint32(from), int32(n)}
	}
}

// elements puts the values of a field into the places of their elements, several
// of one element as one text.
func (r *Rows) elements(ev *event.Event, field int, typ column.Type, out []cell) {
	at, several := -1, false
	r.buf = r.buf[:0]
	put := func() {
		if several {
			out[at] = r.value(string(r.buf), typ)
		}
	}
	for elem, v := range ev.All(field) {
		if elem < 0 || elem >= len(out) || v.Text == "" || v.Text == "[]" {
			continue
		}
		if elem != at {
			put()
			at, several = elem, false
			out[at] = r.value(v.Text, typ)
			r.buf = append(r.buf[:0], v.Text...)
			continue
		}
		r.buf = append(append(r.buf, ", "...), v.Text...)
		several = true
	}
	put()
}

// appendPolicies writes policies with their results as JSON.
func appendPolicies(dst []byte, ev *event.Event, policy, result int) []byte {
	n := max(ev.Elems(policy), ev.Elems(result))
	for i := range n {
		if i == 0 {
			dst = append(dst, "[["...)
		} else {
			dst = append(dst, ",["...)
		}
		dst = appendQuoted(dst, ev.TextAt(policy, i))
		dst = append(dst, ',')
		dst = append(appendQuoted(dst, ev.TextAt(result, i)), ']')
	}
	if n > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// appendQuoted writes a text as JSON does; "" is null.
func appendQuoted(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(dst, "null"...) // no text is refused
			}
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

package lake

import (
	"encoding/hex"
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
	// groups are the lists that are filled together: indexes of columns.
	groups [][]int
	// at is where the columns that Add sets stand.
	at map[string]int
}

func newTable(schema *event.Schema, k event.Kind) *table {
	t := &table{columns: column.Of(k), at: map[string]int{}}
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
	groups := map[string]int{}
	for i := range t.columns {
		c := &t.columns[i]
		t.fields = append(t.fields, field(c.Field))
		t.at[c.Name] = i
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
	kind    event.Kind
	format  event.Format
	dropped bool
}

// noTime stands for an event without a time.
const noTime = math.MinInt64

// A cell is a value: where its text stands, a number, or which elements are its
// list's. The type of the column says which.
type cell struct {
	v int64
	n int32 // length of the text or of the list; null
}

const null = -1

var nothing = cell{n: null}

// NewRows returns rows for events of a schema.
func NewRows(schema *event.Schema) *Rows { return &Rows{schema: schema} }

// Len is how many events were added, also those that were dropped.
func (r *Rows) Len() int { return len(r.rows) }

// Bytes is about how much memory the rows take.
func (r *Rows) Bytes() int { return len(r.text) + 16*(len(r.cells)+len(r.elems)) + 112*len(r.rows) }

// Key is the key of the i-th event.
func (r *Rows) Key(i int) event.Key { return r.rows[i].key }

// Kind, Tenant and Day say in which files the i-th event belongs.
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
	r.rows, r.cells, r.elems, r.text = r.rows[:0], r.cells[:0], r.elems[:0], r.text[:0]
}

func (r *Rows) span(c cell) []byte {
	if c.n <= 0 {
		return nil
	}
	return r.text[c.v : c.v+int64(c.n)]
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
	set := func(name string, c cell) cell {
		r.cells[first+t.at[name]] = c
		return c
	}
	if !ev.Time.IsZero() {
		rw.time = ev.Time.UnixMicro()
		set(column.When, cell{v: rw.time})
	}
	if !r.Received.IsZero() {
		set(column.Received, cell{v: r.Received.UnixMicro()})
	}
	r.buf = hex.AppendEncode(r.buf[:0], ev.Key[:])
	set(column.Key, r.copy(r.buf))
	rw.tenant = set(column.Tenant, r.store(ev.Tenant))
	set(column.Kind, r.store(ev.Kind.String()))
	set(column.Sub, r.some(ev.Sub.String()))
	set(column.Format, r.store(ev.Format.String()))
	set(column.Origin, r.store(origin))
	set(column.ID, r.some(ev.ID))
	actor := r.some(first2(text(ev, t.actor), strings.ToLower(text(ev, t.actorName))))
	set(column.Actor, actor)
	rw.user = r.some(first2(text(ev, t.user), strings.ToLower(text(ev, t.name))))
	if rw.user.n <= 0 {
		rw.user = actor
	}
	set(column.User, rw.user)
	set(column.App, r.some(text(ev, t.app)))
	if utf8.Valid(ev.Raw) {
		rw.raw = set(column.Raw, r.copy(ev.Raw))
	} else {
		rw.raw = set(column.Exact, r.copy(ev.Raw))
		at := len(r.text)
		r.text = append(r.text, strings.ToValidUTF8(string(ev.Raw), string(utf8.RuneError))...)
		set(column.Raw, cell{int64(at), int32(len(r.text) - at)})
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

func first2(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// copy keeps bytes as they are.
func (r *Rows) copy(b []byte) cell {
	at := len(r.text)
	r.text = append(r.text, b...)
	return cell{int64(at), int32(len(b))}
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
	at := len(r.text)
	r.text = append(r.text, s...)
	return cell{int64(at), int32(len(s))}
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
			return cell{v: n}
		}
	case column.Float:
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return cell{v: int64(math.Float64bits(f))}
		}
	case column.Bool:
		switch {
		case s == "1" || strings.EqualFold(s, "true"):
			return cell{v: 1}
		case s == "0" || strings.EqualFold(s, "false"):
			return cell{}
		}
	case column.Time:
		if t, ok := decode.ParseTime(s); ok {
			return cell{v: t.UnixMicro()}
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
	return cell{int64(from), int32(len(r.elems) - from)}
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
		cells[i] = cell{int64(from), int32(n)}
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

package event

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/sigma"
)

// TestNotedValuesAreThoseThatArePut asks an event for values that were noted and
// one for the same values that were Put, in any order and in every way.
func TestNotedValuesAreThoseThatArePut(t *testing.T) {
	schema := NewSchema()
	fields := []int{FUPN, FUserID, FAppID}
	const data = "abnull"
	whats := []struct {
		at, end uint32
		what    What
		value   Value
	}{
		{0, 1, What(sigma.String), text("a")},
		{1, 2, What(sigma.String), text("b")},
		{1, 1, What(sigma.String), text("")},
		{2, 6, What(sigma.Null), null},
		{0, 2, Special, text("ab")},
	}
	var places []Place
	for _, f := range fields {
		for rank := range uint8(3) {
			places = append(places, Place{Field: uint16(f), Rank: rank, Plain: rank < 2})
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		lazy, eager := New(schema), New(schema)
		for range rapid.IntRange(1, 2).Draw(t, "records") {
			lazy.Reset(Signin, Interactive, Graph, nil)
			eager.Reset(Signin, Interactive, Graph, nil)
			var notes []Note
			var are []Value
			for range rapid.IntRange(0, 8).Draw(t, "notes") {
				w := rapid.SampledFrom(whats).Draw(t, "what")
				notes = append(notes, Note{
					At: w.at, End: w.end, What: w.what, Elem: rapid.Int32Range(-1, 2).Draw(t, "elem"),
					Place: uint16(rapid.IntRange(0, len(places)-1).Draw(t, "place")),
				})
				are = append(are, w.value)
			}
			put := func(e *Event, i int) {
				p := places[notes[i].Place]
				e.Put(int(p.Field), p.Rank, are[i], int(notes[i].Elem))
			}
			for i := range notes {
				put(eager, i)
			}
			lazy.Noted([]byte(data), notes, places)
			for i := lazy.Defer(0); i < len(notes); i = lazy.Defer(i + 1) {
				put(lazy, i)
			}
			for range rapid.IntRange(1, 6).Draw(t, "questions") {
				f := rapid.SampledFrom(fields).Draw(t, "field")
				ask := rapid.SampledFrom(questions).Draw(t, "question")
				if got, want := ask.of(lazy, f), ask.of(eager, f); !slices.Equal(got, want) {
					t.Fatalf("%s: %v, want %v", ask.name, got, want)
				}
			}
		}
	})
}

var questions = []struct {
	name string
	of   func(e *Event, field int) []any
}{
	{"First", func(e *Event, f int) []any { v, n := e.First(f); return []any{v, n} }},
	{"Append", func(e *Event, f int) (out []any) {
		for _, v := range e.Append(nil, f) {
			out = append(out, v)
		}
		return out
	}},
	{"Text", func(e *Event, f int) []any { return []any{e.Text(f)} }},
	{"One", func(e *Event, f int) []any { v, ok := e.One(f); return []any{v, ok} }},
	{"Value", func(e *Event, f int) []any { v, ok := e.Value(f, 1); return []any{v, ok} }},
	{"TextAt", func(e *Event, f int) []any { return []any{e.TextAt(f, 0), e.TextAt(f, 1)} }},
	{"Elems", func(e *Event, f int) []any { return []any{e.Elems(f)} }},
	{"All", func(e *Event, f int) (out []any) {
		for i, v := range e.All(f) {
			out = append(out, i, v)
		}
		return out
	}},
}

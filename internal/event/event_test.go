package event

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/sigma"
)

func text(s string) Value { return Value{Kind: sigma.String, Text: s} }

var null = Value{Kind: sigma.Null}

// values lists a field's values; nil when it has none.
func values(e *Event, field int) []string {
	var out []string
	for i := 0; ; i++ {
		v, ok := e.Value(field, i)
		if !ok {
			return out
		}
		if v.Kind == sigma.Null {
			v.Text = "null"
		}
		out = append(out, v.Text)
	}
}

func TestPut(t *testing.T) {
	type put struct {
		rank uint8
		v    Value
		elem int
	}
	tests := []struct {
		name string
		puts []put
		want []string
	}{
		{"nothing", nil, nil},
		{"one", []put{{0, text("a"), -1}}, []string{"a"}},
		{"a better path replaces", []put{{1, text("worse"), -1}, {0, text("better"), -1}}, []string{"better"}},
		{"a worse path does not", []put{{0, text("better"), -1}, {1, text("worse"), -1}}, []string{"better"}},
		{"the best of three", []put{{1, text("b"), -1}, {2, text("c"), -1}, {0, text("a"), -1}}, []string{"a"}},
		{"empty does not replace", []put{{1, text("worse"), -1}, {0, text(""), -1}}, []string{"worse"}},
		{"null does not replace", []put{{1, text("worse"), -1}, {0, null, -1}}, []string{"worse"}},
		{"something replaces empty", []put{{0, text(""), -1}, {1, text("worse"), -1}}, []string{"worse"}},
		{"something replaces null", []put{{0, null, -1}, {1, text("worse"), -1}}, []string{"worse"}},
		{"the better of two empty ones", []put{{1, null, -1}, {0, text(""), -1}}, []string{""}},
		{"empty of a worse path adds nothing", []put{{0, null, -1}, {1, text(""), -1}}, []string{"null"}},
		{"a key twice: the last", []put{{0, text("a"), -1}, {0, text("b"), -1}}, []string{"b"}},
		{"a key twice: the last, even if empty", []put{{0, text("a"), -1}, {0, text(""), -1}}, []string{""}},
		{"elements", []put{{0, text("a"), 0}, {0, text("b"), 1}, {0, null, 2}}, []string{"a", "b", "null"}},
		{"several in one element", []put{{0, text("a"), 0}, {0, text("b"), 0}}, []string{"a", "b"}},
		{"elements of a better path", []put{{1, text("x"), 0}, {1, text("y"), 1}, {0, text("a"), 0}, {0, text("b"), 1}}, []string{"a", "b"}},
		{"elements of a worse path", []put{{0, text("a"), 0}, {1, text("x"), 0}, {1, text("y"), 1}}, []string{"a"}},
		{"a better array whose first is empty", []put{{1, text("x"), 0}, {0, text(""), 0}, {0, text("b"), 1}}, []string{"b"}},
		{"an array and then a scalar", []put{{0, text("a"), 0}, {0, text("b"), 1}, {0, text("c"), -1}}, []string{"c"}},
	}
	e := New(NewSchema())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e.Reset(Signin, Interactive, Graph, nil)
			for _, p := range tt.puts {
				e.Put(FAppName, p.rank, p.v, p.elem)
			}
			if diff := cmp.Diff(tt.want, values(e, FAppName)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			e.Reset(Signin, Interactive, Graph, nil)
			if got := values(e, FAppName); got != nil {
				t.Errorf("%q after Reset", got)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	e := New(NewSchema())
	e.Reset(Audit, SubNone, Graph, nil)
	e.Put(FTargetName, 0, null, 0)
	e.Put(FTargetName, 0, text("b"), 1)
	e.Put(FTargetName, 0, text("d"), 3)
	if got := e.Text(FTargetName); got != "b" {
		t.Errorf("Text is %q", got)
	}
	var at []string
	for i := range e.Elems(FTargetName) + 1 {
		at = append(at, e.TextAt(FTargetName, i))
	}
	if diff := cmp.Diff([]string{"", "b", "", "d", ""}, at); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if e.Text(FTargetUPN) != "" || e.Elems(FTargetUPN) != 0 {
		t.Error("a field without values has some")
	}
	if e.Get("targetresources.displayname") != "b" || e.Get("targetResources.displayName") != "b" || e.Get("made.up") != "" {
		t.Error("Get finds no field by its name")
	}
}

// TestScratch: room that was given out stays as it was, however much more is
// asked for.
func TestScratch(t *testing.T) {
	e := New(NewSchema())
	var all []string
	var rooms [][]byte
	for i := range 200 {
		want := strings.Repeat(fmt.Sprint(i), i)
		rooms, all = append(rooms, append(e.Scratch(len(want)), want...)), append(all, want)
	}
	for i, room := range rooms {
		if string(room) != all[i] {
			t.Fatalf("room %d was overwritten", i)
		}
	}
}

func TestSource(t *testing.T) {
	for want, s := range map[string]Source{"a.json:12": {"a.json", 12, -1}, "a.json:12[0]": {"a.json", 12, 0}} {
		if got := s.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestReadingAllocatesNothing: reading fields, computed ones as well, is done
// for every event and must not make work for the garbage collector.
func TestReadingAllocatesNothing(t *testing.T) {
	s := NewSchema()
	ids := map[int]bool{}
	for _, name := range []string{
		"status.errorCode", "userPrincipalName", "outcome", "ip", "country", "legacyClient", "signInType", "mfaDenied",
		"user.id", "user.name", "actor.type", "actor.id", "actor.name", "blockingPolicy",
	} {
		ids[s.Resolve(Signin, name).ID] = true
	}
	e := New(s)
	sum := 0
	read := func() {
		e.Reset(Signin, Interactive, Graph, nil)
		e.Put(FErrorCode, 0, Value{Kind: sigma.Number, Text: "50126"}, -1)
		e.Put(FUPN, 0, text("alice@contoso.com"), -1)
		e.Put(FUserID, 0, text("e1e22fbc-7c97-5fc6-abfa-cff20f704e4b"), -1)
		e.Put(FRawIP, 0, text("203.0.113.24"), -1)
		e.Put(FRawCountry, 0, text("SE"), -1)
		e.Put(FClientApp, 0, text("Browser"), -1)
		e.Put(FPolicyName, 0, text("Require MFA"), 0)
		e.Put(FPolicyResult, 0, text("failure"), 0)
		for id := range ids {
			for i := 0; ; i++ {
				v, ok := e.Value(id, i)
				if !ok {
					break
				}
				sum += len(v.Text)
			}
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 || sum == 0 {
		t.Errorf("%v allocations for each event", n)
	}
}

// Values read one after the other are found without starting over, which must
// not change what is found.
func TestListsInAnyOrder(t *testing.T) {
	type put struct {
		text string
		null bool
		elem int
	}
	rapid.Check(t, func(t *rapid.T) {
		e := New(NewSchema())
		e.Reset(Audit, 0, Graph, nil)
		var puts []put
		for i := range rapid.IntRange(0, 12).Draw(t, "values") {
			p := put{text: strconv.Itoa(i), null: rapid.Bool().Draw(t, "null"), elem: rapid.IntRange(0, 4).Draw(t, "element")}
			if rapid.IntRange(0, 3).Draw(t, "order") > 0 && i > 0 {
				p.elem = max(p.elem, puts[i-1].elem)
			}
			puts = append(puts, p)
			v := Value{Kind: sigma.String, Text: p.text}
			if p.null {
				v = null
			}
			e.Put(FTargetID, 1, v, p.elem)
		}
		for range 20 {
			i := rapid.IntRange(0, 13).Draw(t, "asked")
			text, elems := "", 0
			for _, p := range puts {
				elems = max(elems, p.elem+1)
				if p.elem == i && !p.null && text == "" {
					text = p.text
				}
			}
			if got := e.TextAt(FTargetID, i); got != text {
				t.Fatalf("TextAt(%d) of %v is %q, want %q", i, puts, got, text)
			}
			if got := e.Elems(FTargetID); got != elems {
				t.Fatalf("Elems of %v is %d, want %d", puts, got, elems)
			}
			v, ok := e.Value(FTargetID, i)
			if ok != (i < len(puts)) || ok && !puts[i].null && v.Text != puts[i].text {
				t.Fatalf("Value(%d) of %v is %v, %v", i, puts, v, ok)
			}
		}
	})
}

// A record of 16 MiB may name a million targets. Walking from the start for
// each of them would take hours.
func TestLongListsAreReadInOneWalk(t *testing.T) {
	const many = 1_000_000
	e := New(NewSchema())
	e.Reset(Audit, 0, Graph, nil)
	for i := range many {
		e.Put(FTargetID, 0, Value{Kind: sigma.String, Text: "x"}, i)
	}
	if e.Elems(FTargetID) != many || len(e.Append(nil, FTargetID)) != many {
		t.Fatal("values are missing")
	}
	for i := range many {
		if _, ok := e.Value(FTargetID, i); !ok || e.TextAt(FTargetID, i) != "x" || e.TextAt(FTargetID, i) != "x" {
			t.Fatalf("value %d is missing", i)
		}
	}
}

package sigma_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/entrawatch/entrawatch/sigma"
)

const doorRules = `
title: Door forced at night
id: 6f9619ff-8b86-4011-b42d-00cf4fc964ff
logsource: {product: door}
level: high
detection:
  selection:
    action|startswith: force
    hour|gte: 22
  filter_guard:
    person|expand: '%guards%'
  condition: selection and not 1 of filter_*
---
title: Unknown badge
logsource: {product: door}
level: low
detection:
  selection:
    badge: null
  condition: selection
`

// event is a record backed by a map. Fields are known by their number in fields.
type event map[string]any

var fields = []string{"action", "hour", "person", "badge"}

func (e event) Append(dst []sigma.FieldValue, field int) []sigma.FieldValue {
	v, ok := e[fields[field]]
	if !ok {
		return dst
	}
	switch v := v.(type) {
	case nil:
		return append(dst, sigma.FieldValue{Kind: sigma.Null})
	case int:
		return append(dst, sigma.FieldValue{Kind: sigma.Number, Text: fmt.Sprint(v)})
	default:
		return append(dst, sigma.FieldValue{Kind: sigma.String, Text: fmt.Sprint(v)})
	}
}

// First is Append for fields that have one value, as all of the event have.
func (e event) First(field int) (v sigma.FieldValue, n int) {
	if values := e.Append(nil, field); len(values) > 0 {
		return values[0], 1
	}
	return v, 0
}

// Text offers all of the event to keywords.
func (e event) Text(i int) (string, bool) { return fmt.Sprint(map[string]any(e)), i == 0 }

func resolve(field string) (sigma.Ref, bool) {
	for i, f := range fields {
		if f == field {
			return sigma.Ref{ID: i}, true
		}
	}
	return sigma.Ref{}, false
}

func expand(placeholder string) ([]string, bool) {
	if placeholder == "guards" {
		return []string{"ann", "guard-*"}, true
	}
	return nil, false
}

func Example() {
	docs, err := sigma.Parse("doors.yml", []byte(doorRules))
	if err != nil {
		log.Fatal(err)
	}
	var rules []*sigma.Rule
	for _, d := range docs {
		if r, ok := d.(*sigma.Rule); ok {
			rules = append(rules, r)
		}
	}
	set, err := sigma.Compile(rules, sigma.Options{Resolve: resolve, Expand: expand})
	if err != nil {
		log.Fatal(err)
	}
	m := set.NewMatcher()
	for _, e := range []event{
		{"action": "Forced", "hour": 23, "person": "bob", "badge": 17},
		{"action": "forced", "hour": 23, "person": "Guard-7", "badge": 18},
		{"action": "open", "hour": 9, "person": "bob"},
	} {
		for _, i := range m.Match(e) {
			r := set.Rules()[i]
			fmt.Printf("%s (%s): %s at %d\n", r.Title, r.Level, e["person"], e["hour"])
		}
	}
	// Output:
	// Door forced at night (high): bob at 23
	// Unknown badge (low): bob at 9
}

func ExampleParse() {
	docs, err := sigma.Parse("doors.yml", []byte(`
title: Sound
logsource: {product: door}
detection: {selection: {action: open}, condition: selection}
---
title: Faulty
logsource: {product: door}
level: hihg
detection:
  selection:
    action|contain: open
  condition: selektion
`))
	fmt.Println(len(docs), "sound")
	fmt.Println(err)
	// Output:
	// 1 sound
	// doors.yml:8: unknown level "hihg"; did you mean "high"?
	// doors.yml:11: field "action": unknown modifier "contain"; did you mean "contains"?
	// doors.yml:12: the condition names search "selektion", which does not exist; did you mean "selection"?
}

func ExampleCompile_errors() {
	docs, err := sigma.Parse("doors.yml", []byte(doorRules))
	if err != nil {
		log.Fatal(err)
	}
	rules := []*sigma.Rule{docs[0].(*sigma.Rule), docs[1].(*sigma.Rule)}
	set, err := sigma.Compile(rules, sigma.Options{Resolve: resolve}) // no Expand
	var re *sigma.RuleError
	if errors.As(err, &re) {
		fmt.Printf("%q is inactive: %v\n", re.Rule.Title, re.Err)
	}
	fmt.Println(len(set.Rules()), "compiled")
	// Output:
	// "Door forced at night" is inactive: doors.yml:11: placeholder %guards% of field "person" has no values
	// 1 compiled
}

func ExampleRule_Map() {
	docs, err := sigma.Parse("doors.yml", []byte(doorRules))
	if err != nil {
		log.Fatal(err)
	}
	// These records have no hour but a time, and say "burst" for "force".
	r := docs[0].(*sigma.Rule).Map(func(it *sigma.Item) sigma.Node {
		renamed := *it
		switch it.Field {
		case "hour":
			renamed.Field = "time"
			renamed.Modifiers = append([]string{"hour"}, it.Modifiers...)
			return &renamed
		case "action":
			renamed.Values = []sigma.Value{sigma.Text("burst*")}
			return sigma.Or{it, &renamed}
		}
		return nil // as it is
	})
	n, err := r.Expr()
	if err != nil {
		log.Fatal(err)
	}
	sigma.Walk(n, func(n sigma.Node, negated bool) {
		if it, ok := n.(*sigma.Item); ok {
			fmt.Println(it.Field, it.Modifiers, it.Values[0].Text, negated)
		}
	})
	// Output:
	// action [startswith] force false
	// action [startswith] burst* false
	// time [hour gte] 22 false
	// person [expand] %guards% true
}

func ExampleSatisfiable() {
	docs, err := sigma.Parse("doors.yml", []byte(doorRules))
	if err != nil {
		log.Fatal(err)
	}
	n, err := docs[0].(*sigma.Rule).Expr()
	if err != nil {
		log.Fatal(err)
	}
	for _, absent := range []string{"action", "person", "badge"} {
		ok, missing, unguarded := sigma.Satisfiable(n, func(field string) bool { return field != absent })
		fmt.Println("without", absent, ok, missing, unguarded)
	}
	// Output:
	// without action false [action] []
	// without person true [] [person]
	// without badge true [] []
}

func ExampleEval() {
	n := sigma.And{
		&sigma.Item{Field: "action", Modifiers: []string{"contains"}, Values: []sigma.Value{sigma.Literal("50%*")}},
		sigma.Not{X: &sigma.Item{Field: "person", Values: []sigma.Value{sigma.Text("guard-*")}}},
	}
	ok, err := sigma.Eval(n, sigma.Options{Resolve: resolve}, event{"action": "opened 50%*", "person": "bob"})
	fmt.Println(ok, err)
	// Output: true <nil>
}

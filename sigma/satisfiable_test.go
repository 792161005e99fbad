package sigma

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestSatisfiable checks rules over fields a and b, which exist, and x, y and z,
// which do not.
func TestSatisfiable(t *testing.T) {
	has := func(field string) bool { return field < "x" }
	for _, tt := range []struct {
		detection          string
		ok                 bool
		missing, unguarded []string
	}{
		{"s: {a: 1}\ncondition: s", true, nil, nil},
		{"s: {x: 1}\ncondition: s", false, []string{"x"}, nil},
		{"s: {a: 1, x: 1, y: 1}\ncondition: s", false, []string{"x", "y"}, nil},
		{"s: [{a: 1}, {x: 1}]\ncondition: s", true, nil, nil},
		{"s: [{y: 1}, {x: 1}]\ncondition: s", false, []string{"x", "y"}, nil},
		{"s: {a: 1}\nf: {x: 1}\ncondition: s and not f", true, nil, []string{"x"}},
		{"s: {a: 1}\nf: {b: 1, x: 1}\ncondition: s and not f", true, nil, []string{"x"}},
		{"s: {a: 1}\nf1: {b: 1}\nf2: {x: 1}\ncondition: s and not 1 of f*", true, nil, []string{"x"}},
		{"s: {a: 1}\nf1: {b: 1}\nf2: {x: 1}\ncondition: s and not all of f*", true, nil, []string{"x"}},
		{"s: {x: 1}\nf: {y: 1}\ncondition: s and not f", false, []string{"x"}, nil},
		{"s: [{a: 1}]\nt: {x: 1}\nf: {y: 1}\ncondition: s or (t and not f)", true, nil, nil},
		{"f: {x: 1}\ncondition: not not f", false, []string{"x"}, nil},
		{"s: {x: null}\ncondition: s", true, nil, nil},
		{"s: {x: null}\ncondition: not s", false, []string{"x"}, nil},
		{"s: {x|neq: null}\ncondition: s", false, []string{"x"}, nil},
		{"s: {x|exists: true}\ncondition: s", false, []string{"x"}, nil},
		{"s: {x|exists: false}\ncondition: s", true, nil, nil},
		{"s: {x|exists: false}\ncondition: not s", false, []string{"x"}, nil},
		{"s: {a: 1, x|neq: 2}\ncondition: s", true, nil, []string{"x"}},
		{"s: {x|neq: 2}\ncondition: not s", false, []string{"x"}, nil},
		{"s: {a|fieldref: x}\ncondition: s", false, []string{"x"}, nil},
		{"s: {a|fieldref: [x, b]}\ncondition: s", true, nil, nil},
		{"s: {a|fieldref|all: [x, b]}\ncondition: s", false, []string{"x"}, nil},
		{"s: {z|fieldref: [x, y]}\ncondition: s", false, []string{"x", "y", "z"}, nil},
		{"s: {x|expand: '%p%'}\ncondition: s", false, []string{"x"}, nil},
		{"s: [keyword]\ncondition: s", true, nil, nil},
		{"s: {a: 1}\nf: {b: 1}\ng: {x: 1}\ncondition: s and not (f and not g)", true, nil, nil},
	} {
		n, err := parseRule(t, tt.detection).Expr()
		if err != nil {
			t.Fatal(err)
		}
		ok, missing, unguarded := Satisfiable(n, has)
		if ok != tt.ok || !cmp.Equal(missing, tt.missing, cmpopts.EquateEmpty()) || !cmp.Equal(unguarded, tt.unguarded, cmpopts.EquateEmpty()) {
			t.Errorf("%s\ngives %v, missing %v, unguarded %v", tt.detection, ok, missing, unguarded)
		}
	}
}

// TestUnsatisfiableNeverMatches holds the analysis against evaluation.
func TestUnsatisfiableNeverMatches(t *testing.T) {
	opt := testOptions()
	rapid.Check(t, func(t *rapid.T) {
		n := nodeGen(3).Draw(t, "rule")
		rec := recordGen().Draw(t, "record")
		absent := map[string]bool{"nowhere": true}
		for i, name := range fieldNames {
			if rapid.Bool().Draw(t, "absent") {
				absent[name] = true
				delete(rec.fields, i*7)
			}
		}
		ok, missing, _ := Satisfiable(n, func(field string) bool { return !absent[field] })
		got, err := Eval(n, opt, rec)
		if err != nil {
			t.Fatal(err)
		}
		if got && !ok {
			t.Fatalf("%s matches %v but is said to need %v", show(n), rec, missing)
		}
	})
}

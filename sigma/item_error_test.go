package sigma

import (
	"errors"
	"strings"
	"testing"
)

// TestItemErrors checks what is refused, and that the message and its hint say
// so.
func TestItemErrors(t *testing.T) {
	for _, tt := range []struct{ item, msg, hint string }{
		{`a|contain: x`, `unknown modifier "contain"`, `"contains"`},
		{`a|Contains: x`, `unknown modifier "Contains"`, `"contains"`},
		{`a|frobnicate: x`, `unknown modifier "frobnicate"`, ``},
		{`a|: x`, `unknown modifier ""`, ``},
		{`a|contains|contains: x`, "given twice", ""},
		{`a|contains|startswith: x`, "exclude each other", "narrower"},
		{`a|startswith|endswith: x`, "exclude each other", "pattern"},
		{`a|gt|lt: 5`, "exclude each other", "two entries"},
		{`a|base64|base64offset: x`, "exclude each other", ""},
		{`a|wide|utf16be: x`, "exclude each other", ""},
		{`a|hour|minute: 5`, "exclude each other", ""},
		{`a|re|cased: x`, "do not go together", "re|i"},
		{`a|re|base64: x`, "do not go together", ""},
		{`a|re|cidr: x`, "do not go together", ""},
		{`a|re|gt: 5`, "do not go together", ""},
		{`a|cidr|contains: 10.0.0.0/8`, "do not go together", ""},
		{`a|cidr|cased: 10.0.0.0/8`, "do not go together", "no case"},
		{`a|gt|contains: 5`, "do not go together", ""},
		{`a|gt|neq: 5`, "do not go together", "lte instead of gt"},
		{`a|gt|fieldref: b`, "do not go together", ""},
		{`a|exists|contains: true`, "do not go together", ""},
		{`a|exists|neq: true`, "do not go together", "exists: false"},
		{`a|exists|all: [true, false]`, "do not go together", ""},
		{`a|fieldref|expand: '%one%'`, "do not go together", "cannot name a field"},
		{`a|fieldref|base64: b`, "do not go together", ""},
		{`a|i: x`, `modifier "i" without re`, "re|i"},
		{`a|i|re: x`, `modifier "re" after "i"`, "re|i"},
		{`a|contains|base64: x`, `modifier "base64" after "contains"`, "base64|contains"},
		{`a|base64|wide: x`, `modifier "wide" after "base64"`, "wide|base64"},
		{`a|base64|windash: x`, `modifier "windash" after "base64"`, ""},
		{`a: []`, "no value", "null"},
		{`a: [x, null]`, "null in a list", "search of its own"},
		{`a|contains: null`, "null takes no modifier", ""},
		{`a|contains: true`, "is no text", "quotes"},
		{`a|expand: 5`, "is no text", ""},
		{`a|exists: 'true'`, "takes true or false", "without quotes"},
		{`a|exists: [true, false]`, "one value", ""},
		{`a|gt: '5'`, "is no number", "without quotes"},
		{`a|gt: x`, "is no number", ""},
		{`a|hour: 24`, "hour 24 does not exist", "from 0 to 23"},
		{`a|month: 0`, "month 0 does not exist", ""},
		{`a|minute: 1.5`, "does not exist", ""},
		{`a|re: '('`, "regular expression", ""},
		{`a|re: 'a)b('`, "regular expression", ""},
		{`a|re: '(?=x)'`, "regular expression", "look-around"},
		{`a|re: '(a)\1'`, "regular expression", "back-references"},
		{`a|re: 'a{1001}'`, "regular expression", "1000"},
		{`a|re: ''`, "is no regular expression", ""},
		{`a|re: null`, "null takes no modifier", ""},
		{`a|re: [null, x]`, "is no regular expression", ""},
		{`a|cidr: 10.0.0.0/33`, "is not a network", "10.0.0.0/8"},
		{`a|cidr: 10.0.0.1/8`, "bits set", "10.0.0.0/8"},
		{`a|cidr: '10.*'`, "is not a network", ""},
		{`a|cidr: 10`, "is not a network", ""},
		{`a|base64: 'x*'`, "wildcards", `\*`},
		{`a|base64offset: x`, "too short", ""},
		{`a|windash|base64: ' -a -b -c -d -e -f'`, "dashes", ""},
		{`a|fieldref: 'b*'`, "name of a field", ""},
		{`a|fieldref: 5`, "name of a field", ""},
		{`'|exists': true`, "needs a field", ""},
		{`'|cidr': 10.0.0.0/8`, "needs a field", ""},
		{`'|gt': 5`, "needs a field", ""},
		{`'|all': [x, '']`, "empty keyword", ""},
		{`'': null`, "null is no keyword", ""},
		{`a: {b: c}`, "mapping for a value", "dots"},
		{`a: [x, [y]]`, "a list among its values", "flat"},
	} {
		data := "title: test\nlogsource: {product: test}\ndetection:\n  s:\n    " + tt.item + "\n  condition: s\n"
		docs, err := Parse("f.yml", []byte(data))
		var e *Error
		if len(docs) != 0 || !errors.As(err, &e) {
			t.Errorf("%s: no error", tt.item)
			continue
		}
		if e.File != "f.yml" || e.Line != 5 || !strings.Contains(e.Msg, tt.msg) || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%s: %v, want %q and hint %q in line 5", tt.item, e, tt.msg, tt.hint)
		}
	}
}

// TestEveryPairOfModifiers makes sure that each pair is either accepted or
// refused with a hint, and that no accepted one is refused by the compiler.
func TestEveryPairOfModifiers(t *testing.T) {
	samples := []Value{{String, "abcd"}, {Number, "5"}, {Bool, "true"}, {String, "10.0.0.0/8"}, {String, "b"}, {String, "%one%"}}
	for _, m1 := range knownModifiers() {
		for _, m2 := range knownModifiers() {
			accepted := 0
			for _, v := range samples {
				it := &Item{Field: "a", Modifiers: []string{m1, m2}, Values: []Value{v, v}}
				if m1 == "exists" || m2 == "exists" {
					it.Values = it.Values[:1]
				}
				_, _, hint := checkModifiers(it)
				_, err := newTest(it, "", testOptions().Expand)
				if err == nil {
					accepted++
					if _, err := Compile([]*Rule{ruleOf(it)}, testOptions()); err != nil {
						t.Errorf("%s|%s: %v", m1, m2, err)
					}
				} else if _, msg, _ := checkModifiers(it); msg != "" && hint == "" {
					t.Errorf("%s|%s: %q has no hint", m1, m2, msg)
				}
			}
			set, msg, _ := checkModifiers(&Item{Modifiers: []string{m1, m2}})
			if msg == "" && accepted == 0 && set.class[existing] == "" {
				t.Errorf("%s|%s is accepted but takes none of the values", m1, m2)
			}
		}
	}
}

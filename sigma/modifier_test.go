package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// parseRule parses a rule of which only the detection is given.
func parseRule(t *testing.T, detection string) *Rule {
	t.Helper()
	head := "title: test\nlogsource: {product: test}\ndetection:\n"
	docs, err := Parse("test.yml", []byte(head+indent(detection)))
	if err != nil {
		t.Fatalf("%s\n%v", detection, err)
	}
	return docs[0].(*Rule)
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

// matches evaluates a rule in both ways, which must agree.
func matches(t *testing.T, r *Rule, rec Record) bool {
	t.Helper()
	opt := testOptions()
	n, err := r.Expr()
	if err != nil {
		t.Fatal(err)
	}
	want, err := Eval(n, opt, rec)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Compile([]*Rule{r}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(set.NewMatcher().Match(rec)) == 1; got != want {
		t.Errorf("Match says %v, Eval %v", got, want)
	}
	return want
}

// values makes the values of a field: nil is null, the rest what it looks like.
func values(vs ...any) []FieldValue {
	var out []FieldValue
	for _, v := range vs {
		switch v := v.(type) {
		case nil:
			out = append(out, FieldValue{Kind: Null})
		case string:
			out = append(out, FieldValue{String, v})
		case bool:
			out = append(out, FieldValue{Bool, fmt.Sprint(v)})
		default:
			out = append(out, FieldValue{Number, fmt.Sprint(v)})
		}
	}
	return out
}

// num is a number with its spelling.
type num string

func (n num) String() string { return string(n) }

type list = []any

// TestItem checks an entry of a search against values of field a: yes lists
// values, or lists of values, that match it, no those that do not. Field b holds
// "Kelvin" and 5, c is missing.
func TestItem(t *testing.T) {
	missing := list{}
	for _, tt := range []struct {
		item    string
		yes, no list
	}{
		// Plain values.
		{`a: Value`, list{"Value", "value", "VALUE", list{"x", "value"}}, list{"", "values", "avalue", nil, missing, true}},
		{`a: [x, 'y']`, list{"x", "Y", list{"z", "y"}}, list{"z", "x y", missing}},
		{`a: 'straße'`, list{"STRAßE", "straẞe"}, list{"strasse"}},
		{`a: 'ΣΊΣΥΦΟΣ'`, list{"σίσυφος"}, list{"σισυφος"}},
		{`a: task`, list{"TASK", "tas\u212a", "taſk"}, list{"tasks"}},
		{`a: ''`, list{""}, list{" ", nil, missing}},

		// Wildcards and escapes.
		{`a: 'a*c'`, list{"ac", "abc", "A--C", "acc"}, list{"ab", "abcd", "xac"}},
		{`a: 'a?c'`, list{"abc", "aéc", "a世c"}, list{"ac", "abbc"}},
		{`a: '*'`, list{"", "x", 5}, list{nil, missing}},
		{`a: '?*'`, list{"x", "xy"}, list{"", nil}},
		{`a: '*b*'`, list{"b", "abc"}, list{"", "a"}},
		{`a: '\*'`, list{"*"}, list{"x", `\*`, ""}},
		{`a: 'a\?'`, list{"a?"}, list{"ab"}},
		{`a: 'a\\*'`, list{`a\`, `a\b`}, list{"ab", "a*"}},
		{`a: 'a\\\*'`, list{`a\*`}, list{`a\b`, "a*"}},
		{`a: 'C:\Windows\x.exe'`, list{`c:\windows\X.EXE`}, list{`C:Windowsx.exe`}},
		{`a: 'C:\\Windows'`, list{`C:\Windows`}, list{`C:\\Windows`}},
		{`a: 'x\\\\y'`, list{`x\\y`}, list{`x\y`}},
		{`a: 'x\\\y'`, list{`x\\y`}, list{`x\y`}},
		{`a: 'dir\'`, list{`DIR\`}, list{"dir"}},
		{`a: '%name%'`, list{"%NAME%"}, list{"name"}},

		// Numbers, booleans, null.
		{`a: 50057`, list{50057, "50057", num("50057.0"), num("5.0057e4")}, list{50058, "50057.0", "050057", nil}},
		{`a: '50057'`, list{50057, "50057", num("50057.0")}, list{5005, "0"}},
		{`a: 1.50`, list{num("1.5"), num("1.50"), "1.5", "1.50"}, list{"1.500", 15}},
		{`a: 0x10`, list{16, "16", "0X10"}, list{10}},
		{`a: 007`, list{7, "7", "007", num("7.0")}, list{"07"}},
		{`a: -0`, list{0, num("-0"), num("0.0"), "-0"}, list{"00"}},
		{`a: 12345678901234567890`, list{num("12345678901234567890")}, list{num("12345678901234567891")}},
		{`a: 0`, list{0, "0"}, list{"", false, nil, missing}},
		{`a: true`, list{true, "true", "True", "TRUE"}, list{false, "1", 1, missing}},
		{`a: 'False'`, list{false, "false"}, list{true, 0}},
		{`a: null`, list{nil, missing, list{"x", nil}}, list{"", "null", 0}},
		{`a:`, list{nil, missing}, list{"x"}},
		{`a: 'null'`, list{"null", "NULL"}, list{nil, missing}},
		{`a: NO`, list{"NO", "no"}, list{false}},
		{`a: 2026-11-02`, list{"2026-11-02"}, list{"2026-11-02T00:00:00Z"}},
		{`a: .inf`, list{".inf"}, list{"inf"}},
		{`a|neq: null`, list{"x", ""}, list{nil, missing, list{"x", nil}}},

		// Position.
		{`a|contains: 'B'`, list{"b", "abc", "BB"}, list{"", "ac"}},
		{`a|contains: ''`, list{"", "x"}, list{nil, missing}},
		{`a|contains: [x, yy]`, list{"axa", "yyy"}, list{"y"}},
		{`a|contains: 'a*b'`, list{"xaxbx", "ab"}, list{"ba"}},
		{`a|contains: 'a\*b'`, list{"xa*bx"}, list{"axb"}},
		{`a|contains: '*x*'`, list{"x", "axb"}, list{"y"}},
		{`a|contains: 50`, list{1500, "x50"}, list{5}},
		{`a|startswith: 'Ab'`, list{"ab", "ABC"}, list{"a", "xab"}},
		{`a|startswith: '?b'`, list{"ab", "ébx"}, list{"b", "aab"}},
		{`a|startswith: 'kk'`, list{"\u212aK!"}, list{"k\u212b"}},
		{`a|endswith: '.EXE'`, list{"a.exe", ".exe"}, list{"exe", "a.exe "}},
		{`a|endswith: '\'`, list{`x\`}, list{"x"}},
		{`a|endswith: 'ask'`, list{"TA\u017f\u212a"}, list{"as"}},

		// Case.
		{`a|cased: Value`, list{"Value"}, list{"value", "VALUE"}},
		{`a|cased: 'V*e'`, list{"Value", "Ve"}, list{"value", "VE"}},
		{`a|contains|cased: [B, É]`, list{"aBc", "É"}, list{"abc", "é"}},
		{`a|cased|endswith: 'k'`, list{"ok"}, list{"oK", "o\u212a"}},
		{`a|cased: ''`, list{""}, list{"x", nil}},

		// all, neq, exists.
		{`a|contains|all: [x, y]`, list{"xy", "y-X", list{"x", "y"}}, list{"x", "y", missing}},
		{`a|all: [x, y]`, list{list{"x", "Y"}, list{"y", "z", "x"}}, list{"x", "xy", list{"x", "z"}}},
		{`a|neq: x`, list{"y", "", nil, missing, list{"y", "z"}}, list{"x", "X", list{"y", "x"}}},
		{`a|neq: [x, y]`, list{"z"}, list{"x", "y"}},
		{`a|contains|all|neq: [x, y]`, list{"x", "z", missing}, list{"xy"}},
		{`a|neq: 5`, list{4, "x"}, list{5, "5"}},
		{`a|exists: true`, list{"x", "", nil}, list{missing}},
		{`a|exists: false`, list{missing}, list{"", nil}},
		{`a|exists: yes`, list{"x"}, list{missing}},
		{`nowhere|exists: false`, list{"x", missing}, nil},
		{`nowhere: null`, list{"x"}, nil},
		{`nowhere: x`, nil, list{"x"}},
		{`nowhere|neq: x`, list{"x"}, nil},

		// Regular expressions.
		{`a|re: 'b+'`, list{"b", "abbc"}, list{"B", "ac", nil}},
		{`a|re: '^a.c$'`, list{"abc"}, list{"abcd", "a\nc", "ABC"}},
		{`a|re|i: '^A.C$'`, list{"abc", "ABC"}, list{"ac"}},
		{`a|re|m: '^b$'`, list{"b", "a\nb\nc"}, list{"ab"}},
		{`a|re|s: 'a.c'`, list{"a\nc"}, list{"ac"}},
		{`a|re|i|m|s: '^B.C$'`, list{"a\nb\nc\nd"}, list{"a\nxb\nc"}},
		{`a|re|ignorecase: 'B'`, list{"abc"}, list{"a"}},
		{`a|re: ['x', 'y$']`, list{"xz", "zy"}, list{"yz"}},
		{`a|re|all: ['x', 'y$']`, list{"xy"}, list{"x", "y"}},
		{`a|re: '\d{3}'`, list{123, "a123"}, list{12}},
		{`a|re|neq: 'b'`, list{"a", missing}, list{"abc"}},
		{`a|re|startswith: 'b|c'`, list{"bx", "cx"}, list{"xb", "xc"}},
		{`a|re|endswith: 'b|c'`, list{"xb", "xc"}, list{"bx", "cx"}},
		{`a|re|contains: 'b|c'`, list{"xbx"}, list{"x"}},
		{`a|re: 'a\*'`, list{"a*"}, list{"aa"}},

		// Networks.
		{`a|cidr: 10.0.0.0/8`, list{"10.1.2.3", "::ffff:10.1.2.3", list{"x", "10.0.0.0"}}, list{"11.0.0.1", "10.1.2.3:443", "x", "", nil, missing, 10}},
		{`a|cidr: [192.168.0.0/16, '2001:db8::/32']`, list{"192.168.255.255", "2001:DB8::1", "2001:db8::1%eth0"}, list{"192.169.0.0", "2001:db9::"}},
		{`a|cidr: '::ffff:10.0.0.0/104'`, list{"10.1.2.3"}, list{"11.1.2.3"}},
		{`a|cidr: [10.0.0.0/16, 10.0.0.0/8, 9.0.0.0/8]`, list{"10.200.0.1", "9.9.9.9"}, list{"8.0.0.1"}},
		{`a|cidr: 10.1.2.3`, list{"10.1.2.3"}, list{"10.1.2.4"}},
		{`a|cidr: 0.0.0.0/0`, list{"1.2.3.4"}, list{"::1", "1.2.3", "01.2.3.4", "1.2.3.4.5"}},
		{`a|cidr: ::/0`, list{"::", "1:2:3:4:5:6:7:8", "::1.2.3.4"}, list{"1.2.3.4", "1:2", ":::", "1::2::3"}},
		{`a|cidr|neq: 10.0.0.0/8`, list{"11.0.0.1", "x", missing}, list{"10.0.0.1"}},

		// Encodings. YWJj is base64 of "abc".
		{`a|base64: abc`, list{"YWJj"}, list{"YWJjZA==", "abc"}},
		{`a|base64|contains: abc`, list{"xYWJjx"}, list{"abc"}},
		{`a|base64|cased: abc`, list{"YWJj"}, list{"ywjj"}},
		{`a|base64: 'a\*'`, list{"YSo="}, list{"YSpc"}},
		{`a|base64offset|contains: http`, list{"aHR0cA==", "eGh0dHA=", "eHhodHRw", "eHh4aHR0cHh4"}, list{"http", "aHR0"}},
		{`a|wide: ab`, list{"a\x00b\x00"}, list{"ab"}},
		{`a|utf16le|contains: ab`, list{"xa\x00B\x00"}, list{"ab"}},
		{`a|utf16be: ab`, list{"\x00a\x00b"}, list{"a\x00b\x00"}},
		{`a|utf16: a`, list{"\xff\xfea\x00"}, list{"a\x00"}},
		{`a|wide|base64: abc`, list{"YQBiAGMA"}, list{"YWJj"}},
		{`a|wide|contains: 'a*b'`, list{"a\x00xxb\x00"}, list{"ab"}},
		{`a|wide|base64offset|contains: ping`, list{"cABpAG4AZw", "xwAGkAbgBnA", "AAcABpAG4AZwA="}, list{"ping"}},
		// Encodings may begin or end inside of what a text has as one character;
		// stars take whole ones.
		{`a|wide|contains: '겂'`, list{"\x82\xac"}, list{"€"}},
		{`a|utf16be|cased|contains: '懅'`, list{"aſ", "a\xc5"}, list{"as"}},

		// Dashes.
		{`a|windash|contains: ' -f'`, list{"x -f", "x /F", "x –f", "x —f", "x ―f"}, list{"x f", "x-f"}},
		{`a|contains|windash: [' /a ', -b]`, list{" -a ", "―B"}, list{"a"}},
		{`a|windash: -param-name`, list{"/param-name", "–PARAM-NAME"}, list{"/param/name"}},
		{`a|windash|startswith: '--x'`, list{"--x", "-/x"}, list{"//x"}},
		{`a|windash|base64: -a`, list{"LWE=", "L2E=", "4oCTYQ=="}, list{"K2E="}},

		// Other fields.
		{`a|fieldref: b`, list{"kelvin", "\u212aELVIN", 5, "5", num("5.0")}, list{"kelvi", "", nil, missing}},
		{`a|fieldref: c`, nil, list{"x", nil, missing}},
		{`a|fieldref: nowhere`, nil, list{"x"}},
		{`a|fieldref: [c, b]`, list{"kelvin"}, list{"x"}},
		{`a|fieldref|all: [c, b]`, nil, list{"kelvin"}},
		{`a|fieldref|neq: b`, list{"x", missing}, list{"Kelvin", list{"x", "5"}}},
		{`a|fieldref|startswith: b`, list{"kelvins", "55"}, list{"akelvin"}},
		{`a|fieldref|endswith: b`, list{"akelvin"}, list{"kelvins"}},
		{`a|fieldref|contains: b`, list{"akelvins", "1.5e3"}, list{"elvin"}},
		{`a|fieldref|cased: b`, list{"Kelvin"}, list{"kelvin"}},

		// Comparison.
		{`a|gt: 5`, list{6, "6", num("5.1"), "1e3", list{1, 7}}, list{5, 4, "x", "", nil, missing, true, "0x10"}},
		{`a|gte: 5`, list{5, "5.0"}, list{num("4.99")}},
		{`a|lt: -1.5`, list{-2}, list{num("-1.5"), 0}},
		{`a|lte: 5`, list{5, -1}, list{6}},
		{`a|gt: 9007199254740992`, list{num("9007199254740993")}, list{num("9007199254740992")}},
		{`a|lt: 9007199254740993`, list{num("9007199254740992")}, list{num("9007199254740993")}},
		{`a|gt: [100, 5]`, list{6}, list{5}},
		{`a|gt|all: [100, 5]`, list{101}, list{6}},

		// Times.
		{`a|hour: 8`, list{"2026-11-02T08:15:04Z", "2026-11-02 08:15:04.123", "2026-11-02T08:15:04+05:00"}, list{"2026-11-02T18:15:04Z", "2026-11-02", "08:15", 8}},
		{`a|hour|gte: 22`, list{"2026-11-02T23:00:00Z"}, list{"2026-11-02T21:59:59Z"}},
		{`a|hour: [8, 9]`, list{"2026-11-02T09:15:04Z"}, list{"2026-11-02T10:15:04Z"}},
		{`a|minute|lt: 15`, list{"2026-11-02T08:14"}, list{"2026-11-02T08:15"}},
		{`a|day: 2`, list{"2026-11-02"}, list{"2026-11-12", "2026-13-02"}},
		{`a|week: 1`, list{"2025-12-29", "2026-01-04T00:00:00Z"}, list{"2026-01-05"}},
		{`a|month: 11`, list{"2026-11-02"}, list{"2026-10-02"}},
		{`a|year|gt: 2025`, list{"2026-11-02"}, list{"2025-11-02"}},
		{`a|year|neq: 2025`, list{"2026-11-02", missing}, list{"2025-11-02"}},

		// Placeholders: one = k, two = Sk and a*, none has no values.
		{`a|expand: '%one%'`, list{"K"}, list{"%one%"}},
		{`a|expand: '%two%'`, list{"sk", "a", "abc"}, list{"k", "ba"}},
		{`a|expand: 'x%one%y%two%'`, list{"xkysk", "xkya!"}, list{"xky"}},
		{`a|expand: '%none%'`, nil, list{"", "x", nil}},
		{`a|expand: ['%none%', z]`, list{"z"}, list{"x"}},
		{`a|expand|neq: '%none%'`, list{"x", missing}, nil},
		{`a|contains|expand: '%one%'`, list{"xkx"}, list{"x"}},
		{`a|expand|startswith: '%one%'`, list{"kx"}, list{"xk"}},
		{`a|expand|all|contains: ['%two%', x]`, list{"skx", "ax"}, list{"sk", "x"}},
		{`a|expand: '\%plain%one%'`, list{"%plaink"}, list{"plaink"}},
		{`a|expand: '100%'`, list{"100%"}, list{"100"}},
		{`a|expand: '\\%one%'`, list{`\k`}, list{"k"}},
		{`a|re|expand: '^%one%$'`, list{"k"}, list{"K", "kk"}},
		{`a|cidr|expand: '%nets%'`, list{"10.0.0.1", "::1"}, list{"11.0.0.1"}},
		{`a|expand|gte: '%numbers%'`, list{5}, list{4}},
	} {
		r := parseRule(t, "s:\n  "+tt.item+"\ncondition: s")
		check := func(v any, want bool) {
			many, ok := v.(list)
			if !ok {
				many = list{v}
			}
			rec := &testRecord{fields: map[int][]FieldValue{0: values(many...), 7: values("Kelvin", 5)}}
			if got := matches(t, r, rec); got != want {
				t.Errorf("%s with %q is %v, want %v", tt.item, many, got, want)
			}
		}
		for _, v := range tt.yes {
			check(v, true)
		}
		for _, v := range tt.no {
			check(v, false)
		}
	}
}

// TestKeywords checks searches without fields against texts.
func TestKeywords(t *testing.T) {
	for _, tt := range []struct {
		search  string
		yes, no []string
	}{
		{`s: evil`, []string{"an EVIL thing"}, []string{"good", ""}},
		{`s: [evil, 50057]`, []string{"devilish", "code 50057."}, []string{"5005"}},
		{"s:\n- 'a*b'\n- true", []string{"xaxbx", "is true"}, []string{"ba"}},
		{`s: {'|all': [one, two]}`, []string{"two and one"}, []string{"one"}},
		{`s: {'|cased': Evil}`, []string{"Evil"}, []string{"evil"}},
		{`s: {'|re': '^e.*l$'}`, []string{"evil"}, []string{"an evil"}},
		{`s: {'|startswith': an}`, []string{"an evil"}, []string{"can"}},
		{`s: {'|expand': '%one%'}`, []string{"xkx"}, []string{"x"}},
		{`s: {'|neq': evil}`, []string{"good"}, []string{"evil"}},
		{"s:\n- evil\n- a: x", []string{"evil"}, []string{"good"}},
	} {
		r := parseRule(t, tt.search+"\ncondition: s")
		for _, text := range tt.yes {
			if !matches(t, r, &testRecord{texts: []string{"first", text}}) {
				t.Errorf("%s does not match %q", tt.search, text)
			}
		}
		for _, text := range tt.no {
			if matches(t, r, &testRecord{texts: []string{text}}) {
				t.Errorf("%s matches %q", tt.search, text)
			}
		}
	}
}

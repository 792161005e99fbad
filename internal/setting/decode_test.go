package setting

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// A kitchen has a key of every type.
type kitchen struct {
	Text    string            `yaml:"text"`
	On      bool              `yaml:"on_off"`
	Count   int               `yaml:"count"`
	Small   int8              `yaml:"small"`
	Share   float64           `yaml:"share"`
	Wait    time.Duration     `yaml:"wait"`
	Since   time.Time         `yaml:"since"`
	Room    Size              `yaml:"room"`
	File    Path              `yaml:"file"`
	Key     Secret            `yaml:"key"`
	Address URL               `yaml:"address"`
	List    []string          `yaml:"list"`
	Keys    []Secret          `yaml:"keys"`
	Headers map[string]Secret `yaml:"headers"`
	Auth    *auth             `yaml:"auth"`
	Items   []auth            `yaml:"items"`
	common  `yaml:",inline"`
	Skipped string `yaml:"-"`
}

type auth struct {
	Tenant string `yaml:"tenant"`
	Secret Secret `yaml:"secret"`
}

type common struct {
	Poll time.Duration `yaml:"poll"`
}

func newKitchen() *kitchen {
	return &kitchen{On: true, Wait: time.Second, Headers: map[string]Secret{}, common: common{Poll: time.Minute}}
}

func parse(t testing.TB, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0]
}

// lines writes faults as config does, without the name of the file.
func lines(faults []Fault) string {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, "%d: %s: %s", f.Line, f.Key, f.What)
		if f.Hint != "" {
			b.WriteString("; " + f.Hint)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestDecode(t *testing.T) {
	got := newKitchen()
	faults := Decode(parse(t, `
text: 0123
on_off: false
count: -12
small: 127
share: 0.5
wait: 90s
since: 2026-11-02T08:00:00Z
room: 64MiB
file: a/b
key: {file: k}
address: https://example.com/x
list: [no, 12, 2026-11-02]
keys: [{env: A}, {env: B}]
headers: {X-Key: {env: C}}
auth: {tenant: t}
items: [{tenant: a}, {}]
poll: 2w
`), got, "")
	if len(faults) > 0 {
		t.Fatal(lines(faults))
	}
	want := newKitchen()
	*want = kitchen{
		Text: "0123", Count: -12, Small: 127, Share: 0.5, Wait: 90 * time.Second, Since: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC),
		Room: 64 << 20, File: "a/b", Key: Secret{File: "k"}, Address: PlainURL("https://example.com/x"), List: []string{"no", "12", "2026-11-02"},
		Keys: []Secret{{Env: "A"}, {Env: "B"}}, Headers: map[string]Secret{"X-Key": {Env: "C"}}, Auth: &auth{Tenant: "t"},
		Items: []auth{{Tenant: "a"}, {}}, common: common{Poll: 14 * 24 * time.Hour},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(kitchen{}, Secret{}, URL{})); diff != "" {
		t.Error(diff)
	}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"txt: a", "1: s.txt: unknown key; did you mean text?"},
		{"a.b c: 1", `1: s."a.b c": unknown key; known: `},
		{"text: a\ntext: b", "2: s.text: given twice, first in line 1"},
		{"text:", "1: s.text: has no value; write one, or remove the key"},
		{"text: ''", "1: s.text: is empty; write a value, or remove the key"},
		{"text: [a]", "1: s.text: want one value, got a list"},
		{`text: "a\nb"`, "1: s.text: has a line break or another control character in it; write it on one line"},
		{"text: !!binary YQ==", "1: s.text: YAML tags such as !!binary are not supported; remove it"},
		{"on_off: no", `1: s.on_off: want true or false, got "no"; write false`},
		{"on_off: on", `1: s.on_off: want true or false, got "on"; write true`},
		{"on_off: 'true'", `1: s.on_off: want true or false, got "true"; remove the quotes`},
		{"count: 010", `1: s.count: want a whole number, got "010"; write it with the digits`},
		{"count: 0x10", `1: s.count: want a whole number, got "0x10"; write it with the digits`},
		{"count: 1_000", `1: s.count: want a whole number, got "1_000"; write it with the digits`},
		{"count: 1.5", `1: s.count: want a whole number, got "1.5"`},
		{"count: '5'", `1: s.count: want a whole number, got the text "5"; remove the quotes`},
		{"count: 99999999999999999999", `1: s.count: "99999999999999999999" is too large`},
		{"small: 128", `1: s.small: "128" is too large`},
		{"share: .inf", `1: s.share: want a number, got ".inf"`},
		{"share: a", `1: s.share: want a number, got "a"`},
		{"wait: 90", `1: s.wait: "90" is not a span of time; write a number and ms, s, m, h, d or w, like 90s, 10m, 24h, 14d`},
		{"wait: 1h30m", `1: s.wait: "1h30m" is not a span of time`},
		{"wait: -5s", `1: s.wait: "-5s" is not a span of time`},
		{"wait: 999999d", "1: s.wait: 999999d is longer than 20 years"},
		{"room: 64MB", `1: s.room: "64MB" is not a size; write a number and B, KiB, MiB, GiB or TiB, like 64MiB`},
		{"room: 999999999999TiB", "1: s.room: 999999999999TiB is too large"},
		{"list: a", `1: s.list: want a list, got "a"; write [a]`},
		{"list:", "1: s.list: want a list, got nothing; write [] if there is none"},
		{"list: [a, [b]]", "1: s.list[1]: want one value, got a list"},
		{"auth: [a]", "1: s.auth: want keys with values, got a list"},
		{"auth:\n  tenant: a\n  secrt: b", "3: s.auth.secrt: unknown key; did you mean secret?"},
		{"items:\n- tenant: a\n- tenat: b", "3: s.items[1].tenat: unknown key; did you mean tenant?"},
		{"? [a]\n: b", "1: s: a key is not a name"},
		{"a", `1: s: want keys with values, got a text that is not shown`},
	} {
		got := lines(Decode(parse(t, tc.in), newKitchen(), "s"))
		if !strings.HasPrefix(got, tc.want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s\ngot  %swant %s", tc.in, got, tc.want)
		}
	}
}

// TestAllFaults: one does not hide another.
func TestAllFaults(t *testing.T) {
	got := lines(Decode(parse(t, "count: a\nwait: b\nauth: {x: 1}\nitems: [{tenant: []}, c]\nkey: d"), newKitchen(), ""))
	if strings.Count(got, "\n") != 6 {
		t.Error(got)
	}
}

// TestSecretsAreNotShown: whatever is wrong where a secret belongs, its text is
// in no message.
func TestSecretsAreNotShown(t *testing.T) {
	for _, in := range []string{
		"key: hunter2", "key: 'hunter2'", "key: {hunter2: a}", "key: {hunter2}", "key: [hunter2]", "key: {file: [hunter2]}",
		"key: {env: hunter2!}", "key: {file: a, env: hunter2}", "key: !hunter2 x", "key: |\n  hunter2\n",
		"keys: hunter2", "keys: [hunter2]", "keys: {file: a}", "headers: hunter2", "headers: {a: hunter2}",
		"auth: hunter2", "auth: {secret: hunter2}", "items: hunter2", "items: [hunter2]",
		"address: https://a:hunter2@example.com/", "address: https://example.com/?sig=hunter2", "address: hunter2", "address: [hunter2]", "address: {hunter2: a}",
		"a: &a hunter2\nkey: *a", "<<: hunter2",
	} {
		k := newKitchen()
		faults := Decode(parse(t, in), k, "")
		if len(faults) == 0 {
			t.Errorf("%s: accepted", in)
		}
		if text := lines(faults); strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", in, text)
		}
	}
	for _, s := range []any{NewSecret("hunter2"), auth{Secret: NewSecret("hunter2")}, URL{Secret: NewSecret("https://example.com/hunter2?hunter2")}} {
		node, err := yaml.Marshal(Node(s))
		if text := fmt.Sprintf("%v %+v %#v %s %v", s, s, s, node, err); strings.Contains(text, "hunter2") {
			t.Errorf("shown: %s", text)
		}
	}
}

func TestSecretHook(t *testing.T) {
	k := newKitchen()
	d := Decoder{
		Path: func(p string) string { return "/etc/" + p },
		Secret: func(s *Secret, line int) *Problem {
			if s.Env == "MISSING" {
				return &Problem{What: "is not set", Hint: "set it"}
			}
			s.Fill(fmt.Sprint(s.File, s.Env, line))
			return nil
		},
	}
	d.Decode(parse(t, "key: {file: k}\nkeys:\n- {env: A}\n- {env: MISSING}\nheaders: {a: {env: B}}\naddress: {env: C}\nfile: f"), k, "")
	if got := lines(d.Faults); got != "4: keys[1]: is not set; set it\n" {
		t.Error(got)
	}
	got := []string{k.Key.Text(), k.Keys[0].Text(), k.Headers["a"].Text(), k.Address.Text(), string(k.File)}
	if diff := cmp.Diff([]string{"/etc/k1", "A3", "B5", "C6", "/etc/f"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestReferences(t *testing.T) {
	k := newKitchen()
	faults := Decode(parse(t, `
auth: &a {tenant: x, secret: {env: A}}
items:
- *a
- {<<: *a, tenant: y}
- <<: [{tenant: z}, *a]
`), k, "")
	if len(faults) > 0 {
		t.Fatal(lines(faults))
	}
	want := []auth{{"x", Secret{Env: "A"}}, {"y", Secret{Env: "A"}}, {"z", Secret{Env: "A"}}}
	if diff := cmp.Diff(want, k.Items, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Error(diff)
	}
}

// TestBombs: a few lines that stand for millions of values, or for themselves,
// end soon and with one fault.
func TestBombs(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 {tenant: x}\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d {<<: [*a%d, *a%d, *a%d]}\n", i, i, i-1, i-1, i-1)
	}
	for name, in := range map[string]string{
		"merged":  laughs.String() + "auth: *a29\n",
		"itself":  "auth: &a {<<: *a}\n",
		"itself2": "items: &a [*a]\nauth: {<<: *a}\n",
		"long":    "list: [" + strings.Repeat("a,", 30_000) + "]\n",
		"deep":    "items: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n",
	} {
		n := parse(t, in)
		begun := time.Now()
		faults := Decode(n, newKitchen(), "")
		if len(faults) == 0 || len(faults) > 100 {
			t.Errorf("%s: %d faults", name, len(faults))
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func TestReport(t *testing.T) {
	var d Decoder
	d.Decode(parse(t, "auth:\n  tenant: []\nitems:\n- tenant: a"), newKitchen(), "s")
	d.Faults = d.Faults[:1]
	d.Report("s", []Problem{{Key: "auth.tenant", What: "not told again"}, {Key: "auth.tenant[0].x", What: "nor that"}, {Key: "auth.secret", What: "is missing"}, {Key: "items[0].secret", What: "too"}, {What: "all"}})
	want := "2: s.auth.tenant: want one value, got a list\n2: s.auth.secret: is missing\n4: s.items[0].secret: too\n1: s: all\n"
	if got := lines(d.Faults); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNode(t *testing.T) {
	k := newKitchen()
	k.Text, k.List, k.Room, k.Auth, k.Key = "no", []string{"12", "a: b"}, 1536, &auth{Tenant: "t"}, Secret{File: "/k", text: "hunter2"}
	text, err := yaml.Marshal(Node(k))
	if err != nil {
		t.Fatal(err)
	}
	want := `text: no
on_off: true
count: 0
small: 0
share: 0
wait: 1s
since: "0001-01-01T00:00:00Z"
room: 1536B
key: {file: /k}
list: ["12", 'a: b']
auth:
    tenant: t
poll: 1m
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestFormat(t *testing.T) {
	for want, d := range map[string]time.Duration{"0s": 0, "1500ms": 1500 * time.Millisecond, "90s": 90 * time.Second, "1h": time.Hour, "25h": 25 * time.Hour, "14d": 14 * 24 * time.Hour} {
		if got := FormatSpan(d); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for want, s := range map[string]Size{"0B": 0, "1B": 1, "1KiB": 1024, "1025B": 1025, "3GiB": 3 << 30, "2TiB": 2 << 40, "9223372036854775807B": math.MaxInt64} {
		if got := s.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSupported(t *testing.T) {
	if err := Supported(reflect.TypeFor[*kitchen]()); err != nil {
		t.Error(err)
	}
	type inner struct{ Port uint16 }
	if err := Supported(reflect.TypeFor[struct{ In []inner }]()); err == nil || err.Error() != "in: port: uint16 cannot be read from a configuration" {
		t.Error(err)
	}
}

func TestURL(t *testing.T) {
	for _, tc := range []struct {
		u    URL
		want string
	}{
		{PlainURL("https://example.com/a"), "https://example.com/a"},
		{PlainURL("https://u:p@example.com/a?b=c#d"), "https://example.com/a?…"},
		{URL{Secret: NewSecret("https://u:p@example.com/a?b=c")}, "https://example.com/…"},
		{URL{Secret: NewSecret("nonsense")}, "<address>"},
		{URL{}, "<address>"},
	} {
		if got := tc.u.String(); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}

// FuzzDecode: whatever is read without fault is written as the same again, and
// faults have lines.
func FuzzDecode(f *testing.F) {
	f.Add("text: a\non_off: false\nwait: 5s\nroom: 2GiB\nkeys: [{env: A}]\nauth: {tenant: t}\nitems: [{}]")
	f.Add("auth: &a {<<: *a}\nlist: [no, ~, !!str 1]\naddress: {file: x}")
	f.Add("share: 1e3\nsince: 2026-11-02T08:00:00.5Z\nheaders: {a: {file: b}, <<: {c: {env: D}}}")
	f.Fuzz(func(t *testing.T, in string) {
		var doc yaml.Node
		if yaml.Unmarshal([]byte(in), &doc) != nil || len(doc.Content) == 0 {
			return
		}
		k := newKitchen()
		faults := Decode(doc.Content[0], k, "")
		for _, f := range faults {
			if f.Line < 1 || f.What == "" {
				t.Errorf("fault %+v", f)
			}
		}
		if len(faults) > 0 {
			return
		}
		text, err := yaml.Marshal(Node(k))
		if err != nil {
			t.Fatal(err)
		}
		again := newKitchen()
		if faults := Decode(parse(t, string(text)), again, ""); len(faults) > 0 {
			t.Fatalf("%s\n%s", lines(faults), text)
		}
		if diff := cmp.Diff(k, again, cmp.AllowUnexported(kitchen{}, Secret{}, URL{}), cmp.Transformer("nil", func(l []auth) []auth { return append([]auth{}, l...) })); diff != "" {
			t.Errorf("%s\n%s", diff, text)
		}
	})
}

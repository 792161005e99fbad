package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/notify/webhook"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// environment is what the tests have as such.
func environment(name string) (string, bool) {
	text, ok := map[string]string{"HOOK": "0123456789abcdef", "EMPTY": ""}[name]
	return text, ok
}

// read reads a configuration in a folder with a few other files.
func read(t testing.TB, text string) (*Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{
		"entrawatch.yaml": text, "baseline.yaml": "", "rules/a.yml": "", "secret": "a secret of 24 bytes....\r\n", "empty": "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := Read(filepath.Join(dir, "entrawatch.yaml"), environment)
	return cfg, dir, err
}

func TestDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "{}"} {
		cfg, dir, err := read(t, text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		want := Default()
		want.Data = setting.Path(filepath.Join(dir, "entrawatch-data"))
		want.Notices = cfg.Notices
		if diff := cmp.Diff(want, cfg); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if len(cfg.Notices) != 3 || !strings.HasSuffix(cfg.Notices[1], ": sources: there are none: nothing will be read") {
			t.Errorf("notices: %q", cfg.Notices)
		}
	}
}

func TestRead(t *testing.T) {
	_, _, err := read(t, `
tenant: 4bbb79f7-5724-4c9e-95f3-de075f6ec090
baseline: baseline.yaml
rules: [rules]
data: /var/lib/entrawatch
listen: "[::1]:80"
state: {sqlite: }
lake: {retention: {signin: 90d}, flush: 2s}
lateness: 2d
delay: 1h
outlets:
- stdout: {}
- file: {path: alerts.jsonl}
- name: soc
  webhook: {url: https://soc.contoso.com/a, secrets: [{file: secret}, {env: HOOK}]}
- {webhook: {url: {env: HOOK}, secrets: [{env: HOOK}]}}
`)
	if err == nil || !strings.HasSuffix(err.Error(), "entrawatch.yaml:16: outlets[3].webhook.url: is not an address; write it like https://host/path") {
		t.Fatal(err)
	}
	cfg, dir, err := read(t, `
tenant: 4BBB79F7-5724-4C9E-95F3-DE075F6EC090
baseline: baseline.yaml
rules: [rules]
data: /var/lib/entrawatch
lake: {retention: {signin: 90d}, flush: 2s}
delay: 1h
outlets:
- file: {path: alerts.jsonl}
- name: soc
  webhook: {url: https://soc.contoso.com/a, secrets: [{file: secret}, {env: HOOK}]}
`)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Tenant != "4bbb79f7-5724-4c9e-95f3-de075f6ec090" {
		t.Errorf("tenant %s", cfg.Tenant)
	}
	if cfg.Baseline != setting.Path(filepath.Join(dir, "baseline.yaml")) || cfg.Data != "/var/lib/entrawatch" {
		t.Errorf("paths %q and %q", cfg.Baseline, cfg.Data)
	}
	if got := []time.Duration{cfg.Lake.Retention.For(event.Signin), cfg.Lake.Retention.For(event.Audit), cfg.Delay.For(event.Audit)}; !cmp.Equal(got, []time.Duration{90 * day, 400 * day, time.Hour}) {
		t.Errorf("spans %v", got)
	}
	if cfg.Outlets[0].Label() != "file" || cfg.Outlets[1].Label() != "soc" {
		t.Errorf("names %q and %q", cfg.Outlets[0].Label(), cfg.Outlets[1].Label())
	}
	hook := cfg.Outlets[1].Section.(*webhook.Config)
	if hook.Secrets[0].Text() != "a secret of 24 bytes...." || hook.Secrets[1].Text() != "0123456789abcdef" || hook.Timeout != 10*time.Second {
		t.Errorf("%d secrets, timeout %s", len(hook.Secrets), hook.Timeout)
	}
	if text := fmt.Sprintf("%+v %#v", cfg, hook); strings.Contains(text, "24 bytes") {
		t.Errorf("a secret is shown: %s", text)
	}
}

// TestErrors: what is wrong, all at once, with lines.
func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want []string // of what Read says, in order, without the file
	}{
		{"tenent: a\ndelay: {sigin: 5m}\nlake: {flsh: 1s}", []string{
			"1: tenent: unknown key; did you mean tenant?",
			"2: delay.sigin: unknown kind of event; did you mean signin?",
			"3: lake.flsh: unknown key; did you mean flush?",
		}},
		{"tenant: contoso.com", []string{`1: tenant: "contoso.com" is not the id of a tenant, such as`}},
		{"baseline: nosuch.yaml\nrules: [rules, nosuch, secret]\ndata: secret", []string{
			"1: baseline: DIR/nosuch.yaml: no such file",
			"2: rules[1]: DIR/nosuch: no such file",
			"2: rules[2]: DIR/secret: is not a folder; name the folder that it is in",
			"3: data: DIR/secret: is not a folder",
		}},
		{"listen: 8070", []string{`1: listen: "8070" is not an address with a port; write it like 127.0.0.1:8070`}},
		{"listen: :http", []string{`1: listen: "http" is not a port from 1 to 65535`}},
		{"lateness: 1h\ndelay: 6h", []string{"2: delay.default: 6h is longer than lateness (1h): nothing can be awaited longer than it may be late"}},
		{"lateness: 2d\nlake:\n  retention:\n    default: 36h\n    signin: 1d", []string{
			"4: lake.retention.default: 36h is not a number of whole days; write it like 90d",
			"5: lake.retention.signin: 1d is shorter than lateness (2d)",
		}},
		{"lateness: 0s\nlake: {flush: 1h}", []string{
			"1: lateness: 0s is not from 1m to 30d",
			"1: delay.default: 15m is longer than lateness (0s)",
			"2: lake.flush: 1h is not from 1s to 10m",
		}},
		{"delay: soon\nlake: {retention: [1d]}", []string{
			`1: delay: "soon" is not a span of time; write a number`,
			"2: lake.retention: want keys with values, got a list",
		}},
		{"state: {mysql: {}}", []string{"1: state.mysql: unknown kind of store; known: sqlite"}},
		{"state: sqlite", []string{`1: state: want a key with a section, got the text "sqlite"; write sqlite: {}`}},
		{"outlets:\n- stdout\n- stdot: {}\n- {}\n- name: a\n- {stdout: {}, file: {path: a}}\n- {name: A b, stdout: {}}", []string{
			"2: outlets[0]: want a key with a section, got the text",
			"3: outlets[1].stdot: unknown kind of outlet; did you mean stdout?",
			"4: outlets[2]: does not say which kind of outlet it is; known: stdout, file, webhook",
			"5: outlets[3]: does not say which kind of outlet it is",
			"6: outlets[4].file: is a second kind of outlet beside stdout",
			`7: outlets[5].name: "A b" is not a name; use a-z`,
		}},
		{"outlets:\n- file: {path: a}\n- file: {path: b}", []string{`3: outlets[1]: outlets[0] is called file, too; give it another name with "name: …"`}},
		{"outlets:\n- webhook: {}", []string{
			"2: outlets[0].webhook.url: is missing",
			"2: outlets[0].webhook.secrets: is missing",
		}},
		{"outlets:\n- webhook:\n    url: http://soc.contoso.com/\n    secrets: [{env: NOSUCH}, {env: EMPTY}, {file: nosuch}, {file: empty}, {file: rules}]\n    ca: secret\n    timeout: 0s", []string{
			"3: outlets[0].webhook.url: is not encrypted",
			"4: outlets[0].webhook.secrets[0]: the environment variable NOSUCH is not set; set it for the service",
			"4: outlets[0].webhook.secrets[1]: the environment variable EMPTY is empty",
			"4: outlets[0].webhook.secrets[2]: DIR/nosuch: no such file",
			"4: outlets[0].webhook.secrets[3]: DIR/empty: is empty",
			"4: outlets[0].webhook.secrets[4]: DIR/rules: is not a file",
			"5: outlets[0].webhook.ca: DIR/secret: holds no certificate in PEM",
			"6: outlets[0].webhook.timeout: 0s is not from 1s to 5m",
		}},
		{"sources:\n- kafkaesque: {}", []string{"2: sources[0].kafkaesque: "}},
		{"a: b: c", []string{"1: mapping values are not allowed in this context"}},
		{"\n\ndata: @x", []string{"3: found character that cannot start any token; indent with blanks"}},
		{"data: a\n---\ndata: b", []string{"2: the file holds more than one document; keep one"}},
		{"[]", []string{"1: want keys with values, got a list"}},
	} {
		_, dir, err := read(t, tc.in)
		if err == nil {
			t.Errorf("%s\nwas accepted", tc.in)
			continue
		}
		got := strings.Split(strings.ReplaceAll(err.Error(), dir, "DIR"), "\n")
		if len(got) != len(tc.want) {
			t.Errorf("%s\n%d errors:\n%s", tc.in, len(got), strings.Join(got, "\n"))
			continue
		}
		for i, want := range tc.want {
			if text := strings.TrimPrefix(got[i], "DIR/entrawatch.yaml:"); !strings.HasPrefix(text, want) {
				t.Errorf("%s\ngot  %s\nwant %s", tc.in, text, want)
			}
		}
	}
}

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "is not a file", filepath.Join(dir, "nosuch"): "no such file", big: "is larger than 1048576 bytes"} {
		if _, err := Read(path, environment); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestReadableSecret: a file that everybody can read is used, and told of.
func TestReadableSecret(t *testing.T) {
	dir := t.TempDir()
	secret, path := filepath.Join(dir, "secret"), filepath.Join(dir, "entrawatch.yaml")
	const text = "baseline: secret\noutlets:\n- webhook:\n    url: https://soc.contoso.com/\n    secrets: [{file: secret}]\n"
	for mode, want := range map[os.FileMode]int{0o644: 1, 0o640: 0} {
		for name, data := range map[string]string{secret: "0123456789abcdef", path: text} {
			if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(secret, mode); err != nil {
			t.Fatal(err)
		}
		cfg, err := Read(path, environment)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range cfg.Notices {
			if strings.Contains(n, "entrawatch.yaml:5: ") && strings.Contains(n, "secret can be read by every user of the machine; chmod o-rwx ") {
				got = append(got, n)
			}
		}
		if len(got) != want {
			t.Errorf("%o: notices %q", mode, cfg.Notices)
		}
	}
}

// A probe is a section that no version has.
type probe struct {
	Topic string `yaml:"topic"`
}

func (p *probe) Problems() []setting.Problem {
	if p.Topic == "" {
		return []setting.Problem{{Key: "topic", What: "is missing"}}
	}
	return nil
}

// TestItem reads an item by a table of another kind.
func TestItem(t *testing.T) {
	kinds := []Kind{{"probe", func() setting.Section { return &probe{Topic: "logs"} }}}
	for in, want := range map[string]string{
		"probe: {topic: a}":             "probe a",
		"{probe: {}, name: b}":          "b logs",
		"probe:":                        "probe logs",
		"{probe: {topic: []}, name: c}": "1: s.probe.topic: want one value",
		"name: d":                       "1: s: does not say which kind of source it is; known: probe",
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(in), &doc); err != nil {
			t.Fatal(err)
		}
		var d setting.Decoder
		var i Item
		i.read(&d, doc.Content[0], "s", "source", kinds, true)
		got := ""
		if len(d.Faults) > 0 {
			got = fmt.Sprintf("%d: %s: %s; %s", d.Faults[0].Line, d.Faults[0].Key, d.Faults[0].What, d.Faults[0].Hint)
		} else {
			got = i.Label() + " " + i.Section.(*probe).Topic
		}
		if !strings.HasPrefix(got, want) || len(d.Faults) > 1 {
			t.Errorf("%s: %s, want %s (%d faults)", in, got, want, len(d.Faults))
		}
	}
}

// TestShown: what config show prints is a configuration that means the same.
func TestShown(t *testing.T) {
	cfg, dir, err := read(t, "baseline: baseline.yaml\ndelay: {signin: 1m}\noutlets:\n- {name: soc, webhook: {url: https://soc.contoso.com/a, secrets: [{file: secret}]}}\n- stdout: {}\n")
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(setting.Node(cfg))
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse("again.yaml", dir, text, environment)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cfg.Notices, again.Notices = nil, nil
	if diff := cmp.Diff(cfg, again, cmp.AllowUnexported(setting.Secret{}, setting.URL{})); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
}

// TestKinds: every kind of section can be read and written, and what is written
// of its defaults means them.
func TestKinds(t *testing.T) {
	for _, k := range slices.Concat(SourceKinds(), StoreKinds(), OutletKinds()) {
		section, again := k.New(), k.New()
		if k.New() == section && reflect.TypeOf(section).Elem().Size() > 0 {
			t.Errorf("%s: New returns the same section twice", k.Name)
		}
		text, err := yaml.Marshal(setting.Node(section))
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		if faults := setting.Decode(doc.Content[0], again, k.Name); len(faults) > 0 {
			t.Errorf("%s: %v\n%s", k.Name, faults, text)
		}
		if !reflect.DeepEqual(section, again) {
			t.Errorf("%s: %+v became %+v", k.Name, section, again)
		}
		if err := setting.Supported(reflect.TypeOf(section)); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
	for _, k := range OutletKinds() {
		if _, err := (Outlet{Item{Kind: k.Name, Section: k.New()}}).Open(io.Discard); err != nil {
			t.Errorf("outlet %s: %v", k.Name, err)
		}
	}
}

// TestStarting: the file that init writes is right as it is, and with all of its
// keys: none of them is unknown.
func TestStarting(t *testing.T) {
	cfg, dir, err := read(t, string(Starting()))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Data = setting.Path(filepath.Join(dir, "entrawatch-data"))
	want.Notices, want.Outlets = cfg.Notices, cfg.Outlets
	if diff := cmp.Diff(want, cfg); diff != "" || len(cfg.Outlets) != 1 || cfg.Outlets[0].Kind != "stdout" {
		t.Error(diff)
	}
	keys := 0
	whole := regexp.MustCompile(`(?m)^( *)# (( *)(- )?[a-z_]+:( .*)?)$`).ReplaceAllStringFunc(string(Starting()), func(line string) string {
		keys++
		return strings.Replace(line, "# ", "", 1)
	})
	if keys < 15 {
		t.Errorf("only %d keys are commented out", keys)
	}
	_, _, err = read(t, whole)
	for line := range strings.SplitSeq(fmt.Sprint(err), "\n") {
		for _, bad := range []string{"unknown", "want ", "mapping", "could not find", "did not find"} {
			if strings.Contains(line, bad) {
				t.Errorf("%s\n%s", line, whole)
			}
		}
	}
}

// FuzzRead: no text makes reading fail other than by an error with lines.
func FuzzRead(f *testing.F) {
	f.Add(string(Starting()))
	f.Add("state: {sqlite: }\ndelay: 1h\nlake: {retention: {<<: {signin: 90d}}}\noutlets: [{webhook: {url: {env: HOOK}}}]")
	f.Fuzz(func(t *testing.T, in string) {
		cfg, err := parse("f.yaml", "/nosuch", []byte(in), environment)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("%v, %v", cfg, err)
		}
		if err == nil {
			return
		}
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			if e.(*Error).Line < 1 || e.(*Error).What == "" {
				t.Errorf("%v", e)
			}
		}
	})
}

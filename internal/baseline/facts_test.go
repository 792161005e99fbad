package baseline

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as in main: the zones of the tests do not depend on the machine
)

// facts is a record made by hand.
type facts struct {
	user, actor          Principal
	targets              []Principal
	country, ip          string
	deviceID, deviceName string
	time                 time.Time
	app, appName         string
	resource, resName    string
	home, resTenant      string
	activity             string
	client, protocol     string
	now, old             map[string][]string
}

func (f facts) User() Principal            { return f.user }
func (f facts) Actor() Principal           { return f.actor }
func (f facts) Country() string            { return f.country }
func (f facts) IP() string                 { return f.ip }
func (f facts) DeviceID() string           { return f.deviceID }
func (f facts) DeviceName() string         { return f.deviceName }
func (f facts) Time() time.Time            { return f.time }
func (f facts) App() (string, string)      { return f.app, f.appName }
func (f facts) Resource() (string, string) { return f.resource, f.resName }
func (f facts) HomeTenant() string         { return f.home }
func (f facts) ResourceTenant() string     { return f.resTenant }
func (f facts) Activity() string           { return f.activity }
func (f facts) ClientApp() string          { return f.client }
func (f facts) Protocol() string           { return f.protocol }

func (f facts) Target(i int) (Principal, bool) {
	if i >= len(f.targets) {
		return Principal{}, false
	}
	return f.targets[i], true
}

func (f facts) Property(name string, i int) (string, bool)    { return pick(f.now, name, i) }
func (f facts) PropertyOld(name string, i int) (string, bool) { return pick(f.old, name, i) }

func pick(m map[string][]string, name string, i int) (string, bool) {
	for k, v := range m {
		if strings.EqualFold(k, name) && i < len(v) {
			return v[i], true
		}
	}
	return "", false
}

var _ Facts = facts{}

func user(upn string) Principal { return Principal{UPN: upn, Type: "user"} }

func appNamed(name string) Principal {
	return Principal{Name: name, App: true, Type: "serviceprincipal"}
}

// mustParse reads a baseline that has no errors.
func mustParse(t testing.TB, text string) *Baseline {
	t.Helper()
	b, err := Parse("baseline.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustView(t testing.TB, text string, dir *Directory) *View {
	t.Helper()
	return mustParse(t, text).View("", dir)
}

// fieldNamed finds a field of the table.
func fieldNamed(t testing.TB, name string) Field {
	t.Helper()
	for _, f := range Fields() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no field %s", name)
	return Field{}
}

// absent stands for a field without an answer in tables of wanted values.
const absent = "(absent)"

// fieldCase is one record and the value that a field then has.
type fieldCase struct {
	name  string
	field string
	in    facts
	want  string
}

func runFieldCases(t *testing.T, v *View, cases []fieldCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(strings.TrimPrefix(c.field, "baseline.")+"/"+c.name, func(t *testing.T) {
			got, ok := fieldNamed(t, c.field).Compute(v, c.in)
			if !ok {
				got = absent
			}
			if got != c.want {
				t.Errorf("%s = %s, want %s", c.field, got, c.want)
			}
		})
	}
}

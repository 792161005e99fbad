package stdout

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/printable"
)

func TestText(t *testing.T) {
	const alice = `"entities":[{"type":"ip","name":"203.0.113.7"},{"type":"user","id":"1","name":"alice@contoso.com"}]`
	for _, c := range []struct{ name, alert, want string }{
		{"new", `{"rule":"mfa-fraud-alert","severity":"high","status":"new","revision":1,"first":"2026-11-02T08:15:04.1Z","last":"2026-11-02T08:15:04Z","count":1,"summary":"The second factor of alice@contoso.com was refused at a sign-in from 203.0.113.7 in DE: ask the user, and reset the password if they did not try to sign in.",` + alice + `}`, `high     2026-11-02 08:15:04 mfa-fraud-alert
         The second factor of alice@contoso.com was refused at a sign-in from
         203.0.113.7 in DE: ask the user, and reset the password if they did not
         try to sign in.
`},
		{
			"grown", `{"rule":"mfa-fraud-alert","severity":"medium","status":"new","revision":2,"first":"2026-11-02T08:15:04Z","last":"2026-11-02T08:20:00Z","count":12,"summary":"…",` + alice + `}`,
			"medium   2026-11-02 08:15:04 mfa-fraud-alert, alice@contoso.com: now ×12 until\n         08:20:00\n",
		},
		{
			"superseded", `{"rule":"r","severity":"low","status":"superseded","superseded_by":"x","revision":3,"first":"2026-11-02T08:15:04Z","entities":[{"type":"app","id":"7"}]}`,
			"low      2026-11-02 08:15:04 r, 7: is now part of another alert\n",
		},
		{
			"withdrawn", `{"rule":"r","severity":"informational","status":"withdrawn","revision":3,"first":null,"entities":[]}`,
			"info     no time given r: withdrawn, what came later explains it\n",
		},
		{
			"closed", `{"rule":"r","severity":"low","status":"closed","revision":3,"first":"2026-11-02T08:15:04Z"}`,
			"low      2026-11-02 08:15:04 r: closed\n",
		},
		{
			"hostile", `{"rule":"r\u001b[2J","severity":"high","revision":1,"first":"2026-11-02T08:15:04Z","summary":"a\u001b]0;owned\u0007 user\nlow 2026 \u202ebad"}`,
			"high     2026-11-02 08:15:04 r[2J\n         a]0;owned user low 2026 bad\n",
		},
	} {
		var out bytes.Buffer
		s, err := (&Config{Format: "text"}).Open(&out)
		if err != nil {
			t.Fatal(err)
		}
		if retry, err := s.Notify(t.Context(), []byte(c.alert), "a", 1); retry || err != nil {
			t.Error(retry, err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
		for line := range strings.Lines(out.String()) {
			if n := printable.Columns(strings.TrimSuffix(line, "\n")); n > textWidth {
				t.Errorf("%s: a line of %d columns", c.name, n)
			}
		}
	}
	s, _ := (&Config{Format: "text"}).Open(&bytes.Buffer{})
	if retry, err := s.Notify(t.Context(), []byte(`{"rule":`), "a", 1); retry || err == nil {
		t.Error(retry, err)
	}
}

func TestColour(t *testing.T) {
	line, err := paint(true).text([]byte(`{"rule":"r","severity":"high","revision":1,"first":"2026-11-02T08:15:04Z","summary":"s"}`))
	if want := "\x1b[1;31mhigh     2026-11-02 08:15:04 r\x1b[0m\n         s\n"; string(line) != want || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	if paintOn(&bytes.Buffer{}) {
		t.Error("colour where there is no terminal")
	}
}

func TestProblems(t *testing.T) {
	if p := (&Config{Format: "csv"}).Problems(); len(p) != 1 || p[0].Key != "format" || p[0].Hint == "" {
		t.Error(p)
	}
	if p := Default().Problems(); len(p) != 0 {
		t.Error(p)
	}
}

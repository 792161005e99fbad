package simulate

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func write(t testing.TB, f event.Format, l Layout, recs ...Record) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Write(&buf, f, l, recs); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// written returns one record in a format, parsed.
func written(t testing.TB, f event.Format, l Layout, r Record) Record {
	t.Helper()
	v, err := parseJSON(string(write(t, f, l, r)))
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := v.([]any); ok {
		v = a[0]
	}
	return Record{Fields: v.(map[string]any)}
}

func readCSV(t testing.TB, raw []byte) [][]string {
	t.Helper()
	text, ok := strings.CutPrefix(string(raw), byteOrderMark)
	if !ok {
		t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll() // and all rows are equally long
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEveryBaseInEveryFormat(t *testing.T) {
	for _, name := range BaseNames() {
		r := base(t, name)
		if len(r.Formats()) == 0 {
			t.Errorf("%s exists in no format", name)
		}
		for _, f := range r.Formats() {
			for _, l := range Layouts(f) {
				t.Run(name+"/"+f.String()+"/"+l.String(), func(t *testing.T) {
					raw := write(t, f, l, r, r.WithID("b6a0d9f1-33c2-4c57-9d8e-1f2a3b4c5d00"))
					if l == CSV {
						if rows := readCSV(t, raw); len(rows) != 3 {
							t.Errorf("%d rows for a header and two records", len(rows))
						}
						return
					}
					if n := countRecords(t, raw, l); n != 2 {
						t.Errorf("%d records of two", n)
					}
				})
			}
		}
		if diff := cmp.Diff(base(t, name), r); diff != "" {
			t.Errorf("writing changed %s:\n%s", name, diff)
		}
	}
}

func countRecords(t *testing.T, raw []byte, l Layout) (n int) {
	t.Helper()
	if l == NDJSON && bytes.Count(raw, []byte("\n")) != 2 {
		t.Error("not one record a line")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	for {
		var v any
		if err := dec.Decode(&v); err == io.EOF {
			return n
		} else if err != nil {
			t.Fatal(err)
		}
		switch v := v.(type) {
		case []any:
			n += len(v)
		case map[string]any:
			inner := append(append(list(v["records"]), list(v["value"])...), list(dig(firstOf(v["tables"]), "rows"))...)
			if n += len(inner); inner == nil {
				n++
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	signin, app, audit, vault := base(t, "signin"), base(t, "signin-service-principal"), base(t, "audit-add-user"), base(t, "keyvault-secret-get")
	tests := []struct {
		f    event.Format
		l    Layout
		recs []Record
	}{
		{event.Graph, NDJSON, []Record{vault}},
		{event.O365, NDJSON, []Record{app}},
		{event.ResourceManager, Array, []Record{signin}},
		{event.Diagnostic, CSV, []Record{signin}},
		{event.PortalCSV, NDJSON, []Record{signin}},
		{event.PortalCSV, CSV, []Record{signin, audit}},
		{event.PortalCSV, CSV, []Record{signin, app}},
		{event.PortalCSV, CSV, nil},
		{event.Graph, Page, []Record{signin, audit}},
		{event.JSONLines, NDJSON, []Record{signin}},
	}
	for _, tt := range tests {
		if err := Write(io.Discard, tt.f, tt.l, tt.recs); err == nil {
			t.Errorf("%s %s of %d records succeeded", tt.f, tt.l, len(tt.recs))
		}
	}
}

func TestFormatsOfSubs(t *testing.T) {
	r := base(t, "signin")
	r.Sub = event.ADFS
	if diff := cmp.Diff([]event.Format{event.Diagnostic, event.Graph, event.LogAnalytics}, r.Formats()); diff != "" {
		t.Error(diff)
	}
	if f := base(t, "signin-managed-identity").Formats(); slices.Contains(f, event.O365) {
		t.Errorf("managed identities are in %v", f)
	}
}

func TestDiagnosticBatches(t *testing.T) {
	recs := make([]Record, 2*BatchSize+1)
	for i := range recs {
		recs[i] = base(t, "signin")
	}
	lines := strings.Split(strings.TrimSpace(string(write(t, event.Diagnostic, Page, recs...))), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[2], `{"records":[{"time":`) {
		t.Errorf("%d lines, the last %.60s", len(lines), lines[len(lines)-1])
	}
}

func TestGraphPage(t *testing.T) {
	tests := map[string]string{
		"signin": "auditLogs/signIns", "audit-consent": "auditLogs/directoryAudits", "risky-user": "identityProtection/riskyUsers",
		"provisioning": "auditLogs/provisioning", "user": "users", "group": "groups(members())",
		"role-assignment":  "roleManagement/directory/roleAssignments(principal(),roleDefinition())",
		"role-eligibility": "roleManagement/directory/roleEligibilityScheduleInstances(principal(),roleDefinition())",
		"named-location":   "identity/conditionalAccess/namedLocations",
	}
	for name, want := range tests {
		page := written(t, event.Graph, Page, base(t, name))
		if got := page.Fields["@odata.context"]; got != graphRoot+want {
			t.Errorf("%s: context %v", name, got)
		}
		first, _ := page.Get("value.0")
		if diff := cmp.Diff(any(base(t, name).Fields), first); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestKeyOrder(t *testing.T) {
	line := string(write(t, event.Graph, NDJSON, base(t, "signin")))
	if !strings.HasPrefix(line, `{"id":"f835bde1-19b1-5632-935c-15cb9691b500","createdDateTime":`) {
		t.Errorf("starts %.80s", line)
	}
}

func TestStringsAreEscaped(t *testing.T) {
	for _, s := range []string{"", `"\`, "a\x00\n\r\tb", "<&>", "Åsa \u2028 \U0001f600", "\xff\xfe", "\x7f"} {
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") && s != "\xff\xfe" {
			t.Errorf("%q became %q: %v", s, got, err)
		}
	}
}

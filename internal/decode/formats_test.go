package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/sigma"
)

// everything returns a decoder for all registered fields.
func everything(tb testing.TB) (*event.Schema, *Decoder) {
	tb.Helper()
	s := event.NewSchema()
	var wanted [event.NumKinds][]int
	for k := event.Kind(1); k < event.NumKinds; k++ {
		for _, f := range s.Fields(k) {
			wanted[k] = append(wanted[k], f.ID)
		}
	}
	d, err := NewDecoder(s, wanted)
	if err != nil {
		tb.Fatal(err)
	}
	return s, d
}

// portalName is what the portal calls the download of a record.
func portalName(rec simulate.Record) string {
	switch rec.Sub {
	case event.NonInteractive:
		return "NonInteractiveSignIns_2026-11-01.csv"
	case event.ServicePrincipalSignin:
		return "ApplicationSignIns_2026-11-01.csv"
	case event.ManagedIdentity:
		return "MSISignIns_2026-11-01.csv"
	}
	return "InteractiveSignIns_2026-11-01.csv"
}

// decodeOne writes a record in a format and reads it back.
func decodeOne(t *testing.T, s *event.Schema, d *Decoder, rec simulate.Record, f event.Format, l simulate.Layout) *event.Event {
	t.Helper()
	var buf bytes.Buffer
	if err := simulate.Write(&buf, f, l, []simulate.Record{rec}); err != nil {
		t.Fatal(err)
	}
	fr := NewFramer(&buf, portalName(rec))
	w := d.NewWorker(Entra)
	w.Tenant = rec.Tenant
	var got *event.Event
	for {
		b := &Batch{}
		if err := fr.Next(b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, bad := range b.Bad {
			t.Fatalf("line %d: %s", bad.Line, bad.Reason)
		}
		for i := range b.Recs {
			ev := event.New(s)
			if reason := w.Decode(b, &b.Recs[i], ev); reason != "" {
				t.Fatal(reason)
			}
			if got != nil {
				t.Fatal("more than one event")
			}
			got = ev
		}
	}
	if got == nil {
		t.Fatal("no event")
	}
	return got
}

// TestAgain reads the text of records once more, without what surrounds them.
func TestAgain(t *testing.T) {
	s, d := everything(t)
	w := d.NewWorker(Entra)
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		w.Tenant = rec.Tenant
		for _, f := range rec.Formats() {
			for _, l := range simulate.Layouts(f) {
				want, got := decodeOne(t, s, d, rec, f, l), event.New(s)
				for range 2 { // the second time its shape is known
					if reason := w.Again(want.Kind, want.Sub, want.Format, want.Raw, got); reason != "" {
						t.Fatalf("%s in %s/%s: %s", name, f, l, reason)
					}
				}
				if got.Key != want.Key || got.Identity != want.Identity || got.Sub != want.Sub || got.Tenant != want.Tenant || !got.Time.Equal(want.Time) {
					t.Errorf("%s in %s/%s: another event", name, f, l)
				}
				for _, field := range s.Fields(rec.Kind) {
					if got, want := values(got, field), values(want, field); got != want {
						t.Errorf("%s in %s/%s: %s = %q, first %q", name, f, l, field.Name, got, want)
					}
				}
			}
		}
	}
	for _, text := range []string{"", "{", "[]", "{} ", `{"a":1}}`} {
		if w.Again(event.Signin, 0, event.Diagnostic, []byte(text), event.New(s)) == "" {
			t.Errorf("%q is taken for a record", text)
		}
	}
}

// TestEventsLiveAsLongAsTheirBatch decodes the records of a batch one after the
// other, with one worker, and looks at them when all are there.
func TestEventsLiveAsLongAsTheirBatch(t *testing.T) {
	s, d := everything(t)
	for _, f := range []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics, event.O365, event.PortalCSV} {
		for _, l := range simulate.Layouts(f) {
			var recs []simulate.Record
			var want []*event.Event
			for _, name := range simulate.BaseNames() {
				rec, _ := simulate.Base(name)
				if rec.Kind != event.Audit || !slices.Contains(rec.Formats(), f) {
					continue
				}
				recs, want = append(recs, rec), append(want, decodeOne(t, s, d, rec, f, l))
			}
			var buf bytes.Buffer
			if err := simulate.Write(&buf, f, l, recs); err != nil {
				t.Fatal(err)
			}
			b, w := &Batch{}, d.NewWorker(Entra)
			w.Tenant = recs[0].Tenant
			if err := NewFramer(&buf, "AuditLogs.csv").Next(b); err != nil || len(b.Recs) != len(recs) || len(recs) < 2 {
				t.Fatalf("%s/%s: %d of %d records, %v", f, l, len(b.Recs), len(recs), err)
			}
			var got []*event.Event
			for i := range b.Recs {
				got = append(got, event.New(s))
				if reason := w.Decode(b, &b.Recs[i], got[i]); reason != "" {
					t.Fatal(reason)
				}
			}
			for i := range got {
				for _, field := range s.Fields(got[i].Kind) {
					if got, want := values(got[i], field), values(want[i], field); got != want {
						t.Errorf("%s/%s, record %d: %s = %q, alone %q", f, l, i, field.Name, got, want)
					}
				}
			}
		}
	}
}

// values returns a field's values as one text that compares equal when formats
// mean the same.
func values(e *event.Event, f *event.Field) string {
	var out []string
	for i := 0; ; i++ {
		v, ok := e.Value(f.ID, i)
		if !ok {
			break
		}
		if v.Kind == sigma.Null || v.Text == "" || v.Text == "[]" {
			continue
		}
		text := v.Text
		switch f.Type {
		case event.Time:
			if t, ok := parseTime(text); ok {
				text = t.Truncate(time.Second).Format(time.RFC3339)
			}
		case event.Bool:
			text = strings.ToLower(text)
		case event.JSON:
			text = "(json)"
		}
		out = append(out, text)
	}
	return strings.Join(out, " | ")
}

// differ says, by format and field, where formats write another value for the
// same fact. "" stands for every format.
var differ = map[string]string{
	" stream": "names of streams", " operation": "names of operations", " level": "words for levels",
	"o365 id":                     "the unified audit log has ids of its own for directory changes",
	"o365 target.type":            "policies are Other",
	"o365 activityDisplayName":    "ends with a full stop; activity does not",
	"o365 RecordType":             "a number, in Log Analytics a name",
	"o365 UserType":               "a number, in Log Analytics a name",
	"o365 deviceDetail.browser":   "without version",
	"o365 deviceDetail.trustType": "a number",
	"o365 targetResources.modifiedProperties.newValue": "arrays are pretty-printed, times are local text",
	"o365 targetResources.modifiedProperties.oldValue": "arrays are pretty-printed, times are local text",
	"graph status.failureReason":                       "reads Other. for successes",
	"portal-csv status.failureReason":                  "reads Other. for successes",
	"resource-manager status":                          "words for results; see outcome",
	"resource-manager subStatus":                       "words for results",
	"log-analytics subStatus":                          "words for results",
	"portal-csv activityDisplayName":                   "without trailing blank; see activity",
	"log-analytics signInEventTypes":                   "the table tells",
	"log-analytics flaggedForReview":                   "only in SigninLogs",
	"log-analytics category":                           "tables have no column for it",
	"log-analytics tenantId":                           "some tables do not name the tenant",
	"log-analytics tenantPath":                         "some tables do not name the tenant",
}

// agree compares what two formats say. Some cut off what others have: the
// portal's CSV keeps three targets, five properties and six details, the
// unified audit log one target, and tables of application sign-ins have few
// columns.
func agree(got, want string, f event.Format, sub event.Sub) bool {
	if strings.EqualFold(got, want) {
		return true
	}
	switch {
	case f == event.PortalCSV && (got == "" && sub > event.NonInteractive || strings.HasPrefix(strings.ToLower(want), strings.ToLower(got)) && got != ""):
		return true
	case f == event.O365 && (want == "" || strings.HasPrefix(want, got)):
		return true
	}
	return sub > event.NonInteractive && (got == "" || want == "")
}

// TestFormatsAgree holds the registry to its word: where two formats both have
// a field, the same record gives the same value in both.
func TestFormatsAgree(t *testing.T) {
	s, d := everything(t)
	for _, name := range simulate.BaseNames() {
		rec, _ := simulate.Base(name)
		var ref *event.Event
		refName := ""
		for _, f := range rec.Formats() {
			for _, l := range simulate.Layouts(f) {
				t.Run(fmt.Sprintf("%s/%s/%s", name, f, l), func(t *testing.T) {
					e := decodeOne(t, s, d, rec, f, l)
					if f == event.O365 && e.Sub == event.Interactive {
						e.Sub = rec.Sub // it does not tell the sorts apart
					}
					if e.Kind != rec.Kind || e.Sub != rec.Sub || e.Format != f {
						t.Fatalf("decoded as %s/%s/%s, want %s/%s/%s", e.Kind, e.Sub, e.Format, rec.Kind, rec.Sub, f)
					}
					if e.Tenant != rec.Tenant {
						t.Errorf("tenant %q, want %q", e.Tenant, rec.Tenant)
					}
					if want, ok := rec.Time(); ok && !e.Time.Truncate(time.Second).Equal(want.Truncate(time.Second)) {
						t.Errorf("time %s, want %s", e.Time, want)
					}
					if ref == nil {
						ref, refName = e, f.String()
						return
					}
					for _, field := range s.Fields(rec.Kind) {
						if differ[" "+field.Name] != "" || differ[f.String()+" "+field.Name] != "" || !field.In(f) || !field.In(ref.Format) {
							continue
						}
						if got, want := values(e, field), values(ref, field); !agree(got, want, f, rec.Sub) {
							t.Errorf("%s = %q, in %s %q", field.Name, got, refName, want)
						}
					}
				})
			}
		}
	}
}

package sigmahq

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/ruletest"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

func load(t *testing.T) ([]Folder, []Impossible) {
	t.Helper()
	folders, impossible, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return folders, impossible
}

// live reads the live rules, by their path without .yml.
func live(t *testing.T) map[string]*detect.Rule {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared", "sigmahq")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no copy of the Sigma project's rules in %s: nothing is proven", root)
	}
	lib := &detect.Library{}
	for _, f := range Folders {
		if err := lib.Add(os.DirFS(root), f, "", false); err != nil {
			t.Fatal(err)
		}
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	out := map[string]*detect.Rule{}
	for _, r := range lib.Rules {
		out[strings.TrimSuffix(r.File, ".yml")] = r
	}
	return out
}

func check1(t *testing.T, r *detect.Rule) detect.Check {
	t.Helper()
	e, err := detect.New(detect.Config{Rules: []*detect.Rule{r}})
	if err != nil {
		t.Fatal(err)
	}
	return e.Check()[0]
}

// TestEveryRuleIsListed: each live rule has a proof or a reason, and neither is
// about a rule that does not exist.
func TestEveryRuleIsListed(t *testing.T) {
	rules := live(t)
	folders, impossible := load(t)
	listed := map[string]bool{}
	for _, f := range folders {
		for _, r := range f.Rules {
			listed[path.Join(f.Path, r.File)] = true
		}
	}
	for _, im := range impossible {
		listed[im.Path] = true
	}
	for p := range rules {
		if !listed[p] {
			t.Errorf("%s: has neither records in cases/ nor a reason in impossible.yml", p)
		}
	}
	for p := range listed {
		if rules[p] == nil {
			t.Errorf("%s: is listed here, but the Sigma project has no such live rule", p)
		}
	}
	t.Logf("%d live rules, %d of them impossible", len(rules), len(impossible))
	if len(impossible) > 10 {
		t.Errorf("%d rules are impossible, more than 10", len(impossible))
	}
}

// TestRulesFire: the unmodified rule fires on each of its records in every
// format that it is said to work on, and on no near miss.
func TestRulesFire(t *testing.T) {
	rules := live(t)
	folders, _ := load(t)
	for _, f := range folders {
		for i := range f.Rules {
			r := &f.Rules[i]
			p := path.Join(f.Path, r.File)
			rule := rules[p]
			if rule == nil {
				continue // TestEveryRuleIsListed says so
			}
			t.Run(p, func(t *testing.T) {
				results, err := ruletest.RunCases([]*detect.Rule{rule}, p, r.Cases())
				if err != nil {
					t.Fatal(err)
				}
				var ran []string
				for _, res := range results {
					if res.Err != nil {
						t.Errorf("%s, %s: %v", res.Case, res.Format, res.Err)
					}
					if format, _, _ := strings.Cut(res.Format, " "); strings.HasPrefix(res.Case, "fires") {
						ran = append(ran, format)
					}
				}
				for _, format := range check1(t, rule).WorksOn {
					if !slices.Contains(ran, format) {
						t.Errorf("is said to work on %s, but no record of it is written in that format", format)
					}
				}
			})
		}
	}
}

// TestImpossibleRulesNeverMatch: what is listed as impossible says so itself,
// with the same reason, and no record that is known here satisfies it.
func TestImpossibleRulesNeverMatch(t *testing.T) {
	rules := live(t)
	folders, impossible := load(t)
	var never []*detect.Rule
	for _, im := range impossible {
		rule := rules[im.Path]
		if rule == nil {
			continue
		}
		never = append(never, rule)
		if c := check1(t, rule); c.Cannot != im.Reason {
			t.Errorf("%s: the program says %q, the list %q", im.Path, c.Cannot, im.Reason)
		}
	}
	recs := records(t, folders)
	e, err := detect.New(detect.Config{Rules: never})
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode.NewDecoder(e.Schema, e.Wanted())
	if err != nil {
		t.Fatal(err)
	}
	m, ev := e.NewMatcher(), event.New(e.Schema)
	n := 0
	for _, rec := range recs {
		for _, format := range rec.Formats() {
			n++
			read(t, d.NewWorker(decode.Entra), rec, format, ev)
			for _, i := range m.Match(ev) {
				t.Errorf("%s matches a %s record in %s", never[i].File, rec.Kind, format)
			}
		}
	}
	t.Logf("%d impossible rules, %d records", len(never), n)
}

// records are the base records and those of every case.
func records(t *testing.T, folders []Folder) []simulate.Record {
	t.Helper()
	var overlays []ruletest.Overlay
	for _, name := range simulate.BaseNames() {
		overlays = append(overlays, ruletest.Overlay{Base: name})
	}
	for _, f := range folders {
		for _, r := range f.Rules {
			for _, rec := range slices.Concat(r.Fires, r.NearMiss) {
				overlays = append(overlays, rec.Overlay)
			}
		}
	}
	var out []simulate.Record
	for i := range overlays {
		rec, err := overlays[i].Record()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, rec)
	}
	return out
}

// read writes a record in a format and decodes it.
func read(t *testing.T, w *decode.Worker, rec simulate.Record, format event.Format, ev *event.Event) {
	t.Helper()
	var buf bytes.Buffer
	if err := simulate.Write(&buf, format, simulate.Layouts(format)[0], []simulate.Record{rec}); err != nil {
		t.Fatal(err)
	}
	w.Tenant = rec.Tenant
	fr := decode.NewFramer(&buf, "records")
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			t.Fatalf("nothing was read of a %s record in %s", rec.Kind, format)
		} else if err != nil {
			t.Fatal(err)
		}
		for i := range b.Recs {
			if reason := w.Decode(&b, &b.Recs[i], ev); reason != "" {
				t.Fatalf("%s record in %s: %s", rec.Kind, format, reason)
			}
			return
		}
	}
}

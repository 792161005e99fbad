package learn

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/rules"
	"github.com/entrawatch/entrawatch/sigma"
)

// TestClasses holds the activities to the built-in rules that ask for an
// approved actor: what they ask about must be learned.
func TestClasses(t *testing.T) {
	// Rules about privileged groups name the activities of every group.
	skip := []string{"privileged-group-changes.yml"}
	n := 0
	err := fs.WalkDir(rules.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") || strings.HasSuffix(path, "_test.yml") || slices.Contains(skip, d.Name()) {
			return err
		}
		data, err := fs.ReadFile(rules.FS, path)
		if err != nil || !strings.Contains(string(data), "baseline.actor.approved.") || strings.Contains(string(data), "baseline.actor.approved_source") {
			return err
		}
		docs, err := sigma.Parse(path, data)
		if err != nil {
			return err
		}
		for _, doc := range docs {
			r, ok := doc.(*sigma.Rule)
			if !ok {
				continue
			}
			expr, err := r.Expr()
			if err != nil {
				return err
			}
			var classes, activities []string
			sigma.Walk(expr, func(node sigma.Node, _ bool) {
				it, ok := node.(*sigma.Item)
				if !ok {
					return
				}
				if class, ok := strings.CutPrefix(it.Field, "baseline.actor.approved."); ok {
					classes = append(classes, class)
				}
				if it.Field == "activity" {
					for _, v := range it.Values {
						activities = append(activities, event.NormalActivity(v.Text))
					}
				}
			})
			for _, a := range activities {
				if len(classes) == 1 && a != "hard delete user" && !slices.Contains(classesOf(a), classes[0]) {
					t.Errorf("%s asks who may do %q (%s), which is not learned", path, a, classes[0])
				}
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 20 {
		t.Errorf("only %d activities found in the rules", n)
	}
}

// TestClassNames holds the classes to the inputs.
func TestClassNames(t *testing.T) {
	var known []string
	for _, in := range baseline.Inputs() {
		known = append(known, in.Name)
	}
	for _, c := range changes {
		for _, class := range c.classes {
			if class != classSource && !slices.Contains(known, "approved_actors."+class) {
				t.Errorf("%s is no class", class)
			}
		}
		for _, a := range c.activities {
			if a != event.NormalActivity(a) {
				t.Errorf("%q is not in the form of the event", a)
			}
		}
	}
}

func TestZones(t *testing.T) {
	for country := range zones {
		if !baseline.Takes("allowed_countries", country) {
			t.Errorf("%s is no country", country)
		}
		if _, err := timeZone(country); err != nil {
			t.Error(err)
		}
	}
}

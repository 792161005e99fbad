package event_test

import (
	"slices"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestNamesResolveToTheirField(t *testing.T) {
	s := event.NewSchema()
	n := 0
	for k := event.Kind(1); k < event.NumKinds; k++ {
		for _, f := range s.Fields(k) {
			for _, name := range s.Names(k, f) {
				n++
				if got := s.Resolve(k, name); got != f {
					t.Errorf("%s: %s is a name of %s and resolves to %s", k, name, f.Name, got.Name)
				}
			}
		}
	}
	if n == 0 {
		t.Error("no field has another name")
	}
}

func TestNamesOfDerivedFields(t *testing.T) {
	s := event.NewSchema()
	country := s.Lookup(event.Signin, "country")
	if names := s.Names(event.Signin, country); !slices.Contains(names, "location") {
		t.Errorf("names of country are %q, without location", names)
	}
}

func TestFamilies(t *testing.T) {
	s := event.NewSchema()
	var names []string
	for _, f := range s.Families(event.Audit) {
		names = append(names, f.Name)
		if !f.In(event.Graph) || f.Doc == "" {
			t.Errorf("%s: no path in Graph, or no meaning", f.Name)
		}
	}
	want := []string{"changes.NAME.new", "changes.NAME.old", "details.NAME"}
	if !slices.Equal(names, want) {
		t.Errorf("families of audit are %q, want %q", names, want)
	}
	if len(s.Families(event.User)) != 0 {
		t.Error("users have families")
	}
}

package health_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/health"
)

func TestColumns(t *testing.T) {
	c := health.NewColumns()
	n := 0
	see := func(times int, name health.Name, fields ...string) {
		t.Helper()
		for range times {
			n++
			c.Add(name, "graph", 150, fields, at(0, 0, n))
			// It is the same after a restart.
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			c = health.NewColumns()
			if err := json.Unmarshal(text, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	expect := func(want ...health.Column) {
		t.Helper()
		if diff := cmp.Diff(want, c.Empty(log)); diff != "" {
			t.Errorf("after %d: -want +got\n%s", n, diff)
		}
	}
	see(8, log, "ip", "user")
	see(4, log, "user")
	expect() // ip was there in four windows only, which may be chance
	see(10, log, "ip", "user")
	last := at(0, 0, n)
	see(2, log, "user")
	expect()
	see(2, log, "user")
	expect(health.Column{Field: "ip", Format: "graph", Since: last})
	if diff := cmp.Diff(map[string]map[string]time.Time{"signin": {"ip": last}}, c.Everywhere()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// Another source still has it.
	see(12, health.Name{Source: "other", Kind: "signin"}, "ip")
	expect(health.Column{Field: "ip", Format: "graph", Since: last})
	if got := c.Everywhere(); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	see(2, log, "ip")
	expect()
}

package event_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestGUID(t *testing.T) {
	const id = "cdde9459-3fcf-5c03-8f51-18565ab1ad3e"
	g, lower, ok := event.ParseGUID(id)
	if !ok || !lower || string(event.AppendGUID(nil, g)) != id {
		t.Errorf("%s becomes %s, lower %t, ok %t", id, event.AppendGUID(nil, g), lower, ok)
	}
	h, lower, ok := event.ParseGUID(strings.ToUpper(id))
	if !ok || lower || h != g {
		t.Errorf("capitals: %x, lower %t, ok %t", h, lower, ok)
	}
	for i := range id {
		for _, c := range []string{"g", "-", " ", "\x00", "\xff", "G", "/", ":"} {
			if bad := id[:i] + c + id[i+1:]; bad != id {
				if _, _, ok := event.ParseGUID(bad); ok {
					t.Errorf("%q passes for an id", bad)
				}
			}
		}
	}
	for _, bad := range []string{"", id[1:], id + "0", "{" + id[1:35] + "}"} {
		if _, _, ok := event.ParseGUID(bad); ok {
			t.Errorf("%q passes for an id", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		want := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		got, lower, ok := event.ParseGUID(string(event.AppendGUID(nil, want)))
		if got != want || !lower || !ok {
			t.Errorf("%x became %x", want, got)
		}
	})
}

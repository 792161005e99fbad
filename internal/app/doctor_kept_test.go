package app

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/state"
)

func TestGrowth(t *testing.T) {
	now := time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC)
	of := func(kind, day string, bytes int64) state.File { return state.File{Kind: kind, Day: day, Bytes: bytes} }
	keep := func(k event.Kind) time.Duration {
		if k == event.Signin {
			return 10 * 24 * time.Hour
		}
		return 2 * 24 * time.Hour
	}
	for _, tc := range []struct {
		name         string
		files        []state.File
		perDay, more int64
	}{
		{"nothing", nil, 0, 0},
		{"only today", []state.File{of("signin", "2026-11-30", 100)}, 0, 0},
		{"two days", []state.File{of("signin", "2026-11-28", 100), of("signin", "2026-11-29", 300), of("signin", "2026-11-30", 50)}, 200, 2000 - 450},
		{"what is old says nothing of the rate", []state.File{of("signin", "2026-10-01", 7000), of("signin", "2026-11-29", 100)}, 100, 0},
		{"each kind is kept as long as it says", []state.File{of("signin", "2026-11-29", 100), of("audit", "2026-11-29", 10)}, 110, 900 + 10},
		{"a week", []state.File{of("signin", "2026-11-23", 700), of("signin", "2026-11-22", 1e6)}, 100, 0},
		{"no day", []state.File{of("signin", "unknown", 100)}, 0, 0},
	} {
		if perDay, more := growth(tc.files, keep, now); perDay != tc.perDay || more != tc.more {
			t.Errorf("%s: %d a day and %d more, want %d and %d", tc.name, perDay, more, tc.perDay, tc.more)
		}
	}
}

func TestAdvice(t *testing.T) {
	for _, tc := range []struct {
		err        error
		what, hint string
	}{
		{&source.Problem{What: "a", Hint: "b; c", Err: errors.New("x; y")}, "a: x; y", "b; c"},
		{fmt.Errorf("read: %w; do this", errors.New("x")), "read: x", "do this"},
		{errors.New("plain"), "plain", ""},
	} {
		if what, hint := Advice(tc.err); what != tc.what || hint != tc.hint {
			t.Errorf("%v: %q, %q", tc.err, what, hint)
		}
	}
}

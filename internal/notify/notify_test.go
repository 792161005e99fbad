package notify

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// TestSchedule plays an outlet that fails for ever.
func TestSchedule(t *testing.T) {
	for _, id := range []string{"", "a", "9f86d081884c7d65", "\x00"} {
		now, attempts := noon, 0
		var before time.Duration
		for {
			attempts++
			at, ok := Next(noon, now, attempts, id, errors.New("no"))
			if !ok {
				break
			}
			wait := at.Sub(now)
			want := min(15*time.Minute, time.Second<<min(attempts-1, 20))
			if wait < want*4/5 || wait > want*6/5 || wait > 15*time.Minute {
				t.Fatalf("%q: wait %d is %s, not about %s", id, attempts, wait, want)
			}
			if attempts > 1 && attempts < 10 && wait <= before {
				t.Errorf("%q: wait %d is %s after %s", id, attempts, wait, before)
			}
			if again, _ := Next(noon, now, attempts, id, errors.New("no")); !again.Equal(at) {
				t.Errorf("%q: wait %d differs when asked again", id, attempts)
			}
			before, now = wait, at
			if attempts > 1000 {
				t.Fatalf("%q: is never given up", id)
			}
		}
		if age := now.Sub(noon); age < 3*24*time.Hour || age > 5*24*time.Hour {
			t.Errorf("%q: given up after %s and %d attempts", id, age, attempts)
		}
	}
}

// TestSpread: receivers that come back are not met by all deliveries at once.
func TestSpread(t *testing.T) {
	var low, high int
	for i := range 1000 {
		at, _ := Next(noon, noon, 8, fmt.Sprint("alert-", i), errors.New("no"))
		switch wait := at.Sub(noon); {
		case wait < 115*time.Second:
			low++
		case wait > 141*time.Second:
			high++
		}
	}
	if low < 150 || high < 150 {
		t.Errorf("of 1000 waits around 128s %d are short and %d long", low, high)
	}
}

// TestStopped: what waited while the service was stopped for a week is still
// offered.
func TestStopped(t *testing.T) {
	later := noon.Add(7 * 24 * time.Hour)
	if _, ok := Next(noon, later, 1, "a", errors.New("no")); !ok {
		t.Error("given up after one attempt")
	}
	if _, ok := Next(noon, later, giveUpAttempts, "a", errors.New("no")); ok {
		t.Error("never given up")
	}
}

func TestBusy(t *testing.T) {
	for _, tc := range []struct{ asked, least, most time.Duration }{
		{time.Minute, time.Minute, time.Minute},
		{-time.Hour, 800 * time.Millisecond, 1200 * time.Millisecond},
		{1000 * time.Hour, maxBusy, maxBusy},
		{0, 800 * time.Millisecond, 1200 * time.Millisecond},
	} {
		err := fmt.Errorf("sink: %w", &Busy{tc.asked, errors.New("busy")})
		at, ok := Next(noon, noon, 1, "a", err)
		if wait := at.Sub(noon); !ok || wait < tc.least || wait > tc.most {
			t.Errorf("asked for %s: %s", tc.asked, wait)
		}
	}
}

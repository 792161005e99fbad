package azure

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"
)

// The longest that a header may make us wait: what is longer is a mistake, and
// asking once an hour harms nobody.
const longest = time.Hour

// RetryAfter reads the header Retry-After: seconds, also with a fraction, or a
// date. ok is false if it says nothing.
func RetryAfter(header string, now time.Time) (wait time.Duration, ok bool) {
	header = strings.TrimSpace(header)
	if s, err := strconv.ParseFloat(header, 64); err == nil {
		if math.IsNaN(s) || s < 0 {
			return 0, false
		}
		if s > longest.Seconds() {
			return longest, true
		}
		return time.Duration(s * float64(time.Second)), true
	}
	t, ok := Date(header)
	if !ok {
		return 0, false
	}
	return min(max(t.Sub(now), 0), longest), true
}

// Date reads the time in the header Date.
func Date(header string) (time.Time, bool) {
	t, err := time.Parse(time.RFC1123, header)
	return t.UTC(), err == nil
}

// Sleep waits for a while, or until ctx ends, and then says why.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Backoff is how long to wait after that many failures in a row: two seconds,
// doubled each time, up to five minutes, and of that between a half and the
// whole, as chance, from 0 to 1, has it.
func Backoff(failures int, chance float64) time.Duration {
	const first, last = 2 * time.Second, 5 * time.Minute
	d := last
	if failures < 9 {
		d = min(first<<max(failures-1, 0), last)
	}
	return d/2 + time.Duration(chance*float64(d/2))
}

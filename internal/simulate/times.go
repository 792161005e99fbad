package simulate

import (
	"strings"
	"time"
)

// Layouts in which the formats write times, all in UTC.
const (
	layoutTicks    = "2006-01-02T15:04:05.0000000Z"      // Azure Monitor envelope
	layoutOffset   = "2006-01-02T15:04:05.0000000+00:00" // the same log's properties
	layoutShort    = "2006-01-02T15:04:05.9999999Z"      // Graph, Log Analytics
	layoutMillis   = "2006-01-02T15:04:05.000Z"          // risk
	layoutSeconds  = "2006-01-02T15:04:05Z"              // portal CSV
	layoutNoZone   = "2006-01-02T15:04:05"               // Office 365
	layoutUS       = "1/2/2006 3:04:05 PM"               // risk envelope, PowerShell
	layoutUSMillis = "1/2/2006, 3:04:05.000 PM"          // Log Analytics CSV
	layoutAudit    = "2006-01-02T15:04:05+00:00"         // portal audit CSV
)

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, layoutNoZone, layoutUS} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// retime writes the time of v in another layout. What is no time stays as it
// is, so that tests can plant broken ones.
func retime(v any, layout string) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	t, ok := parseTime(s)
	if !ok {
		return v
	}
	return t.Format(layout)
}

// shift moves the time in s by d and keeps its style.
func shift(s string, d time.Duration) string {
	t, ok := parseTime(s)
	if !ok {
		return s
	}
	layout := layoutShort
	switch frac := strings.TrimSuffix(s, "Z"); {
	case frac == s:
		layout = layoutNoZone
	case len(frac) == len(layoutTicks)-1:
		layout = layoutTicks
	}
	return t.Add(d).Format(layout)
}

// ticks counts 100 ns since the year 1, as .NET does.
func ticks(t time.Time) int64 {
	const unixEpoch = 621_355_968_000_000_000
	return unixEpoch + t.Unix()*10_000_000 + int64(t.Nanosecond()/100)
}

package decode

import (
	"strings"
	"time"
)

// layouts are the ways in which logs write times other than RFC 3339. Times
// without a zone are UTC. Month and day are American unless dayFirst says
// otherwise.
var layouts = []string{
	"2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"1/2/2006 3:04:05 PM", "1/2/2006, 3:04:05 PM", "1/2/2006 15:04:05", "1/2/2006, 15:04:05",
	"1/2/2006 3:04:05 PM -07:00", "1/2/2006 15:04:05 -07:00",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700 MST", "2006-01-02",
}

// ParseTime reads a time as any of the logs writes it.
func ParseTime(s string) (time.Time, bool) { return parseTime(s) }

// parseTime reads a time as any of the logs writes it.
func parseTime(s string) (time.Time, bool) {
	if t, ok := fastTime(s); ok {
		return t, true
	}
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), true
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// fastTime reads 2006-01-02T15:04:05[.fraction](Z|+00:00), which nearly all
// records have.
func fastTime(s string) (time.Time, bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year, ok1 := number(s[0:4])
	month, ok2 := number(s[5:7])
	day, ok3 := number(s[8:10])
	hour, ok4 := number(s[11:13])
	minute, ok5 := number(s[14:16])
	second, ok6 := number(s[17:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 ||
		month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	i, nanos := 19, 0
	if s[i] == '.' {
		scale := 100_000_000
		if i+1 == len(s) || s[i+1]-'0' > 9 {
			return time.Time{}, false
		}
		for i++; i < len(s) && s[i]-'0' < 10; i++ {
			nanos += int(s[i]-'0') * scale
			scale /= 10
		}
	}
	if zone := s[i:]; zone != "Z" && zone != "+00:00" {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}

func number(s string) (n int, ok bool) {
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

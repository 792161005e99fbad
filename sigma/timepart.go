package sigma

import "time"

// timeRange gives the least and the greatest value of a time modifier. The
// specification counts 52 weeks; ISO 8601 years may have 53.
var timeRange = map[string][2]int{
	"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12}, "year": {0, 9999},
}

// timePart extracts part of a time written in the manner of ISO 8601, such as
// 2026-11-02T08:15:04.123Z, 2026-11-02 08:15 or 2026-11-02. It reads the clock as
// written: time zones are not converted. Weeks are those of ISO 8601.
func timePart(part, s string) (int, bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	year, ok1 := twoDigits(s[0:2])
	rest, ok2 := twoDigits(s[2:4])
	month, ok3 := twoDigits(s[5:7])
	day, ok4 := twoDigits(s[8:10])
	year = year*100 + rest
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	switch part {
	case "year":
		return year, true
	case "month":
		return month, true
	case "day":
		return day, true
	case "week":
		date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		_, week := date.ISOWeek()
		return week, date.Day() == day // else no such day
	}
	if len(s) < 16 || s[10] != 'T' && s[10] != 't' && s[10] != ' ' || s[13] != ':' {
		return 0, false
	}
	hour, ok1 := twoDigits(s[11:13])
	minute, ok2 := twoDigits(s[14:16])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	if part == "hour" {
		return hour, true
	}
	return minute, true
}

func twoDigits(s string) (int, bool) {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

package main

import "github.com/entrawatch/entrawatch/internal/simulate"

// levels are alerts about nothing, by severity.
type levels map[string]level

// A level says how many alerts of one severity there were.
type level struct {
	total int // those without a time included
	worst int // on one day
	day   string
	mean  float64 // a day
}

// levelsOf counts false alerts by severity. Alerts about the directory have no
// day: they are raised once.
func levelsOf(counts []simulate.FalseCount, days int) levels {
	byDay := map[[2]string]int{}
	out := levels{}
	for _, c := range counts {
		l := out[c.Severity]
		l.total += c.Count
		out[c.Severity] = l
		if c.Day != "" {
			byDay[[2]string{c.Severity, c.Day}] += c.Count
		}
	}
	for k, n := range byDay {
		l := out[k[0]]
		l.mean += float64(n) / float64(days)
		if n > l.worst || n == l.worst && k[1] < l.day {
			l.worst, l.day = n, k[1]
		}
		out[k[0]] = l
	}
	return out
}

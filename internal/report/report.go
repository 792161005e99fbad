// Package report answers questions about logs that no alert answers: what
// Conditional Access did, which sign-ins had risk, how long activated roles are
// used, how often people try passwords. It is pure: entries in the order of
// their times go in, a table comes out. app reads the logs, cli prints.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Row is one log entry with the values of the fields that a report asked for.
type Row struct {
	Kind   event.Kind
	Time   time.Time
	Values [][]string // by place in the list of fields; of an array one for each element
}

// text is the first value of a field.
func (r *Row) text(field int) string {
	if v := r.Values[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// A Table is what a report says. Cells are text or whole numbers.
type Table struct {
	Head  []string // also the keys of JSON, in lower case and with _ for blanks
	Rows  [][]any
	Notes []string // what to know of it
}

// Options narrow a report.
type Options struct {
	User   string // user principal name or object id; "" = everybody
	Period string // day, week, month; "" = all
}

// A Report reads entries and makes a table of them.
type Report interface {
	// Fields lists what the report reads, by kind; each list begins with the
	// user's id and name.
	Fields() map[event.Kind][]string
	Add(r *Row)
	Table() *Table
}

// A Maker is a line of the table of reports.
type Maker struct {
	Name, Short string
	About       string // for the help
	Periods     bool   // it takes a period
	New         func(o Options) Report
}

// Makers lists the reports.
func Makers() []Maker {
	return []Maker{
		{
			"conditional-access", "what Conditional Access policies did to sign-ins",
			"Counts, for each policy, the sign-ins that satisfied it, that it refused, that it did not concern, and what it would have done in report-only mode; and on how many of those that it concerned the device was compliant or managed. With -user it lists each sign-in of that user instead, with the result of every policy that concerned it.",
			true, func(o Options) Report { return newConditionalAccess(o) },
		},
		{
			"risky-sign-ins", "sign-ins with suspicious circumstances, and risk detections",
			"Lists sign-ins whose risk was low, medium or high, or whose user was at risk, and the risk detections among the input. Sign-ins that hide their risk for want of a licence are counted.",
			false, func(Options) Report { return &riskySignins{} },
		},
		{
			"activations", "how long activated roles are used",
			"For each role activated in PIM: for how long it was granted, how long after the activation its holder last changed something, and how many activations saw no change at all. It tells which duration elevation_policy and PIM should allow. Changes are those in the directory audit log.",
			false, func(Options) Report { return newActivations() },
		},
		{
			"password-tries", "wrong passwords before people ask for a new one",
			"For each way to a new password: how many wrong passwords people gave in the 24 hours before, since their last success. It tells which number of failures is still usual, for thresholds.failed_signins.",
			false, func(Options) Report { return newTries() },
		},
	}
}

// period is the part of time into which a row falls, as people write it.
func period(t time.Time, name string) string {
	t = t.UTC()
	switch name {
	case "day":
		return t.Format(time.DateOnly)
	case "week":
		y, w := t.ISOWeek()
		return fmt.Sprintf("%d-W%02d", y, w)
	case "month":
		return t.Format("2006-01")
	}
	return "all"
}

// Periods are the names that Options.Period takes.
func Periods() []string { return []string{"all", "day", "week", "month"} }

// who is the user that a row names.
func (r *Row) who() string {
	if name := r.text(1); name != "" {
		return name
	}
	return r.text(0)
}

// userKey tells users apart: by name, which all formats have.
func (r *Row) userKey() string { return strings.ToLower(r.who()) }

// is reports whether a row is about a user, known by id or name.
func (r *Row) is(user string) bool {
	return strings.EqualFold(user, r.text(0)) || strings.EqualFold(user, r.text(1))
}

// quantile is the nearest-rank quantile of sorted values.
func quantile[T any](sorted []T, q float64) T {
	i := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return quantile(d, 0.5)
}

// span writes a duration in minutes.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	if d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

const clock = "2006-01-02 15:04:05"

package cli

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/sigma"
)

// describeCorrelation puts into words what a correlation finds.
func describeCorrelation(r *detect.Rule) []string {
	c := r.Correlate
	var names []string
	for _, in := range r.Inputs {
		names = append(names, in.Slug)
	}
	of := strings.Join(names, " or ")
	within := ""
	if c.Timespan.Text != "" {
		within = " within " + numberText(c.Timespan.Text)
	}
	limit := limits(c.Condition.Terms)
	fields := strings.Join(c.Condition.Fields, " and ")
	what := ""
	switch c.Type {
	case "event_count":
		what = limit + " events of " + of + within
	case "value_count":
		what = limit + " different values of " + fields + " among events of " + of + within
	case "temporal":
		what = "events of all of " + strings.Join(names, ", ") + within + ", in any order"
		if limit != "" {
			what = "events of " + limit + " of " + strings.Join(names, ", ") + within
		}
	case "temporal_ordered":
		what = strings.Join(names, ", then ") + within
		if limit != "" {
			what = limit + " of " + what
		}
	case "value_sum", "value_avg", "value_percentile":
		word := map[string]string{"value_sum": "sum", "value_avg": "average", "value_percentile": "percentile"}[c.Type]
		if p := c.Condition.Percentile; p != nil {
			word = numberText(p.Text) + "th " + word
		}
		what = "the " + word + " of " + fields + " of " + of + within + " is " + limit
	case "first_seen":
		what = "a value of " + fields + " in events of " + of + " that is new after " + option(c, "learning", "14d") + " of history"
	case "period_change":
		what = "a day on which events of " + of + ", up to some full hour, are " + limit + " per cent more than on the same weekday of the week before, and at least " + option(c, "minimum", "1")
	case "travel":
		what = "two events of " + of + " from places at least " + option(c, "minimum", "0") + " km apart, one after the other" + within + ", at " + limit + " km/h"
	case "absent":
		what = "an event of " + names[0] + " that no event of " + strings.Join(names[1:], " or ") + " follows" + within
	}
	out := []string{what + "."}
	if len(c.GroupBy) > 0 {
		out = append(out, "Looked at for each "+strings.Join(c.GroupBy, " and ")+" by itself.")
	}
	if r.Silent {
		return out
	}
	return append(out, "One alert for each of these, as long as no more than "+period(r)+" pass between two findings.")
}

// limits puts the limits of a condition into words.
func limits(terms []sigma.Term) string {
	words := map[string]string{"gt": "more than ", "gte": "at least ", "lt": "fewer than ", "lte": "at most ", "eq": "exactly ", "neq": "not "}
	var out []string
	for _, t := range terms {
		out = append(out, words[t.Op]+numberText(t.Limit.Text))
	}
	return strings.Join(out, " and ")
}

// numberText is a number, or where it is taken from.
func numberText(s string) string {
	if strings.HasPrefix(s, "%") {
		return strings.Trim(s, "%") + " (of the baseline)"
	}
	return s
}

func option(c *sigma.Correlation, key, otherwise string) string {
	if n := c.Options[key]; n != nil {
		return numberText(n.Value)
	}
	return otherwise
}

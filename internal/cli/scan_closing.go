package cli

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
)

// How many lines of each sort the closing block shows.
const (
	mostNotices = 10
	mostReasons = 6
	mostFiles   = 5
	mostRecords = 5
	mostNames   = 6
)

// closing says on stderr what was read, what was found, and what is missing
// from the answer.
func closing(e *env, res *app.Result) {
	s := &res.Summary
	t := &talker{e: e}
	t.say("", readSentence(s, true))
	t.say("", foundSentence(s))
	if s.Outside > 0 {
		t.say("", count(s.Outside, "event")+" outside -since and -until "+plural(s.Outside, "was", "were")+" left out.")
	}
	if s.AsOf != nil && !s.AsOf.Time.IsZero() {
		t.say("", "Snapshots are taken to show "+s.AsOf.Time.Format("2006-01-02 15:04")+" UTC, from "+s.AsOf.From+".")
	}
	t.block("Could not be read:", s.Problems, mostNotices)
	t.block("Please note:", s.Notices, mostNotices)
	t.inactive(s)
	t.undecodable(s)
}

// A talker writes wrapped, cleaned text to stderr.
type talker struct{ e *env }

func (t *talker) say(prefix, text string) {
	fmt.Fprint(t.e.stderr, paragraph(prefix, clean(text), t.e.talk.width))
}

func (t *talker) head(text string) {
	fmt.Fprintln(t.e.stderr)
	fmt.Fprintln(t.e.stderr, t.e.talk.paint(bold, text))
}

func (t *talker) block(title string, lines []string, most int) {
	if len(lines) == 0 {
		return
	}
	t.head(title)
	lines, more := cut(lines, most)
	for _, line := range lines {
		t.say("  - ", line)
	}
	if more > 0 {
		t.say("  ", fmt.Sprintf("and %s more; -summary FILE writes all", number(more)))
	}
}

// readSentence says how much was looked at.
func readSentence(s *app.Summary, byKind bool) string {
	records, events := 0, 0
	for _, f := range s.Files {
		records += f.Records
		events += f.Events
	}
	out := "Read " + count(len(s.Files), "file") + ": " + count(records, "record") + ", " + count(events, "event")
	if byKind && events > 0 {
		var parts []string
		for _, k := range kinds(s.Events) {
			parts = append(parts, k.Name+" "+number(k.Count))
		}
		out += " (" + strings.Join(parts, ", ") + ")"
	}
	if s.First != nil {
		out += " from " + s.First.UTC().Format("2006-01-02 15:04") + " to " + s.Last.UTC().Format("2006-01-02 15:04") + " UTC"
	}
	if s.Undecodable > 0 {
		out += ", " + number(s.Undecodable) + " not understood"
	}
	if s.Duplicates > 0 {
		out += ", " + count(s.Duplicates, "duplicate")
	}
	return out + "."
}

// A kindCount is how many events of a kind there were.
type kindCount struct {
	Name  string
	Count int
}

// kinds lists events by kind, in the order of the kinds.
func kinds(events map[string]int) []kindCount {
	var out []kindCount
	for k := range event.NumKinds {
		if n := events[k.String()]; n > 0 {
			out = append(out, kindCount{k.String(), n})
		}
	}
	return out
}

// foundSentence says how many alerts there are, or why there is none.
func foundSentence(s *app.Summary) string {
	total, events := 0, 0
	var levels []string
	for _, level := range alert.Levels {
		if n := s.Alerts[level]; n > 0 {
			total += n
			levels = append(levels, number(n)+" "+level)
		}
	}
	for _, n := range s.Events {
		events += n
	}
	switch {
	case total > 0:
		return count(total, "alert") + " (" + strings.Join(levels, ", ") + ")."
	case events == 0:
		return "No alerts: no events were found in the input."
	case len(s.Rules.Active) == 0:
		return "No alerts: none of the rules could work on this input."
	}
	return "No alerts: nothing matched the " + count(len(s.Rules.Active), "rule") + " that could work on this input."
}

// A reasonGroup is a reason why rules could not work, with these rules. Rules
// that want something of the baseline are one group; its parts say what.
type reasonGroup struct {
	Reason string
	Rules  []string
	Parts  []reasonGroup
}

// reasons groups rules by the reason why they could not work, those of most
// rules first. A rule stands in each part that it wants.
func reasons(inactive []detect.Inactive) []reasonGroup {
	by := map[string][]string{}
	unsaid := map[string][]string{} // inputs of the baseline, with the rules that want them
	silent := []string{}
	for _, r := range inactive {
		reason := strings.TrimPrefix(r.Reason, "inactive: ")
		inputs := unset(reason)
		if len(inputs) == 0 {
			by[reason] = append(by[reason], r.Rule)
			continue
		}
		silent = append(silent, r.Rule)
		for _, input := range inputs {
			unsaid[input] = append(unsaid[input], r.Rule)
		}
	}
	out := groups(by)
	if len(silent) > 0 {
		slices.Sort(silent)
		out = append(out, reasonGroup{plural(len(silent), "needs", "need") + " baseline inputs that are not set", silent, groups(unsaid)})
	}
	slices.SortStableFunc(out, byRules)
	return out
}

func groups(by map[string][]string) []reasonGroup {
	out := make([]reasonGroup, 0, len(by)+1)
	for _, reason := range slices.Sorted(maps.Keys(by)) {
		rules := by[reason]
		slices.Sort(rules)
		out = append(out, reasonGroup{Reason: reason, Rules: rules})
	}
	slices.SortStableFunc(out, byRules)
	return out
}

func byRules(a, b reasonGroup) int { return cmp.Compare(len(b.Rules), len(a.Rules)) }

// unset takes the names of inputs out of "baseline input A is not set" and
// "baseline inputs A, B are not set"; a name may be "C or D".
func unset(reason string) []string {
	rest, ok := strings.CutPrefix(reason, "baseline input")
	if !ok {
		return nil
	}
	rest, one := strings.CutSuffix(rest, " is not set")
	rest, many := strings.CutSuffix(rest, " are not set")
	if !one && !many {
		return nil
	}
	rest = strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(rest, "s"), " "), "|", " or ")
	return strings.Split(rest, ", ")
}

// text is the reason in one sentence. most limits the parts; 0 = all.
func (g *reasonGroup) text(most int) string {
	if len(g.Parts) == 0 {
		return g.Reason
	}
	parts, more := g.Parts, 0
	if most > 0 {
		parts, more = cut(parts, most)
	}
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.Reason + " (" + number(len(p.Rules)) + ")"
	}
	out := g.Reason + ": " + strings.Join(names, ", ")
	if more > 0 {
		out += " and " + number(more) + " more"
	}
	return out
}

func (t *talker) inactive(s *app.Summary) {
	n, all := len(s.Rules.Inactive), len(s.Rules.Inactive)+len(s.Rules.Active)
	if n == 0 {
		return
	}
	t.head(fmt.Sprintf("%s of %s could not work:", number(n), count(all, "rule")))
	groups := reasons(s.Rules.Inactive)
	shown, more := cut(groups, mostReasons)
	for _, g := range shown {
		t.say(fmt.Sprintf("  %4s  ", number(len(g.Rules))), g.text(mostNames))
	}
	if more > 0 {
		rules := 0
		for _, g := range groups[len(shown):] {
			rules += len(g.Rules)
		}
		t.say(fmt.Sprintf("  %4s  ", number(rules)), "for "+count(more, "more reason")+"; -summary FILE writes all")
	}
	if slices.ContainsFunc(groups, func(g reasonGroup) bool { return len(g.Parts) > 0 }) {
		t.say("  ", "\"entrawatch baseline init -o baseline.yaml\" writes a file in which to say what is normal; \"entrawatch rules show RULE\" tells what a rule needs.")
	} else {
		t.say("  ", "\"entrawatch rules show RULE\" tells what a rule works on.")
	}
}

func (t *talker) undecodable(s *app.Summary) {
	if s.Undecodable == 0 {
		return
	}
	t.head("Not understood: " + count(s.Undecodable, "record"))
	var files []app.FileSummary
	for _, f := range s.Files {
		if f.UndecodableTotal > 0 {
			files = append(files, f)
		}
	}
	shown, moreFiles := cut(files, mostFiles)
	for _, f := range shown {
		records, _ := cut(f.Undecodable, mostRecords)
		for _, r := range records {
			t.say("  - ", place(f.Path, r)+": "+withoutPath(r.Reason, f.Path))
		}
		if more := f.UndecodableTotal - len(records); more > 0 {
			t.say("    ", fmt.Sprintf("and %s more in %s", number(more), filepath.Base(f.Path)))
		}
	}
	if moreFiles > 0 {
		t.say("    ", "and "+count(moreFiles, "more file"))
	}
	t.say("  ", "-quarantine FILE keeps them all, with their reasons.")
}

// place names a record in a file; without a line it is the whole file.
func place(path string, r app.Undecodable) string {
	if r.Line == 0 {
		return path
	}
	out := fmt.Sprintf("%s:%d", path, r.Line)
	if r.Index > 0 {
		out += fmt.Sprintf("[%d]", r.Index)
	}
	return out
}

// withoutPath takes the path from the front of a reason that was made to stand
// alone.
func withoutPath(reason, path string) string { return strings.TrimPrefix(reason, path+": ") }

// date writes a time for people.
func date(t *time.Time) string {
	if t == nil {
		return "no time given"
	}
	return t.UTC().Format(timeLayout)
}

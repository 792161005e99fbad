// Package guide knows the entries of Microsoft's three security operations
// guides (user, privileged and consumer accounts), what implements each, and
// whether that works on a baseline and logs.
package guide

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/detect"
)

//go:embed entries.txt
var entriesText string

// An Entry is a row of a table (U01, P01, C01) or a recommendation of the prose
// (UX01, PX01, CX01).
type Entry struct {
	ID, Slug string
	By       []By
	How      string // one sentence; "" where rules speak for themselves
}

// A By is what implements an entry, or a part of it.
type By struct {
	What string // rule, input, report, command or page
	Name string
}

// String is how an implementation is written: "rule mass-account-deletion".
func (b By) String() string { return b.What + " " + b.Name }

// Row reports whether the entry is a row of a table.
func (e *Entry) Row() bool { return e.ID[1] != 'X' }

// Entries lists all entries in the order of the guides, each with those of the
// rules that name it.
func Entries(rules []*detect.Rule) ([]Entry, error) {
	var out []Entry
	seen := map[string]bool{}
	for i, line := range strings.Split(entriesText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parse(line)
		if err == nil && seen[e.ID] {
			err = fmt.Errorf("%s comes twice", e.ID)
		}
		if err != nil {
			return nil, fmt.Errorf("entries.txt:%d: %w", i+1, err)
		}
		seen[e.ID] = true
		for _, r := range rules {
			by := By{"rule", r.Slug}
			if !r.Silent && slices.Contains(r.Extra.Guide, e.ID) && !slices.Contains(e.By, by) {
				e.By = append(e.By, by)
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// parse reads a line: "UX53 known-egress-ips | input egress_ips | A sentence."
func parse(line string) (Entry, error) {
	name, rest, more := strings.Cut(line, " | ")
	e := Entry{}
	var ok bool
	if e.ID, e.Slug, ok = strings.Cut(name, " "); !ok || len(e.ID) < 2 {
		return e, fmt.Errorf("expected an id and a slug, found %q", name)
	}
	if !more {
		return e, nil
	}
	list, how, ok := strings.Cut(rest, " | ")
	if !ok {
		return e, fmt.Errorf("%s: expected what implements it and a sentence, found %q", e.ID, rest)
	}
	e.How = how
	if list == "none" {
		return e, nil
	}
	for by := range strings.SplitSeq(list, "; ") {
		what, name, ok := strings.Cut(by, " ")
		if !ok || !slices.Contains([]string{"rule", "input", "report", "command", "page"}, what) {
			return e, fmt.Errorf("%s: expected rule, input, report, command or page with a name, or none; found %q", e.ID, by)
		}
		e.By = append(e.By, By{what, name})
	}
	return e, nil
}

// The states of an entry, from the best to the worst.
const (
	Active         = "active"
	Inactive       = "inactive"        // an input of the baseline is missing
	NoData         = "no data"         // a log is missing, or a column of it is empty
	NotLicensed    = "not licensed"    // the records say that the licence hides it
	NotComputable  = "not computable"  // not in the formats of the logs, or never
	NotImplemented = "not implemented" // not by this version
)

// States lists them in that order.
var States = []string{Active, Inactive, NoData, NotLicensed, NotComputable, NotImplemented}

// A Status is an entry on a baseline and logs. Its JSON form is an interface of
// `guide -json`.
type Status struct {
	ID            string   `json:"id"`
	Slug          string   `json:"slug"`
	ImplementedBy []string `json:"implemented_by"`
	State         string   `json:"state"`
	Reason        string   `json:"reason"`
	How           string   `json:"how,omitempty"`
}

// Facts are what the state of an entry depends on.
type Facts struct {
	// Rule says why a rule does nothing: "" if it works, else as
	// detect.Inactive has it.
	Rule func(slug string) string
	// Input reports whether an input of the baseline is set.
	Input func(name string) bool
}

// Status says how an entry stands. It is active if anything that implements it
// works; the reason then tells of what does not.
func (e *Entry) Status(f Facts) Status {
	s := Status{ID: e.ID, Slug: e.Slug, ImplementedBy: []string{}, State: NotImplemented, How: e.How}
	works, told := 0, ""
	for _, by := range e.By {
		s.ImplementedBy = append(s.ImplementedBy, by.String())
		reason := ""
		switch by.What {
		case "rule":
			reason = f.Rule(by.Name)
		case "input":
			if !f.Input(by.Name) {
				reason = "inactive: baseline input " + by.Name + " is not set"
			}
		}
		state := stateOf(reason)
		if state == Active {
			works++
		}
		if better(state, s.State) {
			s.State = state
		}
		if reason != "" && (told == "" || better(state, told)) {
			s.Reason, told = by.Name+": "+afterState(reason), state
			if len(e.By) == 1 {
				s.Reason = afterState(reason)
			}
		}
	}
	switch {
	case len(e.By) == 0:
		s.Reason = e.How
		s.How = ""
	case works == len(e.By):
		s.Reason = ""
	case works > 0:
		s.Reason = fmt.Sprintf("%d of %d parts work; %s", works, len(e.By), s.Reason)
	}
	return s
}

// stateOf reads the first word of a reason.
func stateOf(reason string) string {
	kind, _, _ := strings.Cut(reason, ":")
	switch kind {
	case "":
		return Active
	case "inactive":
		return Inactive
	case "no data":
		return NoData
	case "not licensed":
		return NotLicensed
	}
	return NotComputable
}

// afterState is a reason without its first word, which the state tells.
func afterState(reason string) string {
	_, rest, _ := strings.Cut(reason, ": ")
	return rest
}

func better(a, b string) bool { return slices.Index(States, a) < slices.Index(States, b) }

package main

import (
	"bytes"
	"fmt"
	"path"
	"slices"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/sigmahq"
)

// sigmahqPage says what is proven of the Sigma project's rules.
func sigmahqPage(w *bytes.Buffer) error {
	folders, impossible, err := sigmahq.Load()
	if err != nil {
		return err
	}
	own, err := builtin()
	if err != nil {
		return err
	}
	var counts, bridged, unseen [][]string
	proven, fires, misses := 0, 0, 0
	never := map[string]int{}
	for _, im := range impossible {
		never[path.Dir(im.Path)]++
	}
	for _, f := range folders {
		for i := range f.Rules {
			r := &f.Rules[i]
			proven++
			fires += len(r.Fires)
			misses += len(r.NearMiss)
			if r.Says != "" {
				bridged = append(bridged, []string{r.File, r.Says, r.Logs})
			}
			if r.Unseen != "" {
				unseen = append(unseen, []string{r.File, r.Unseen})
			}
		}
		counts = append(counts, []string{code(f.Path), fmt.Sprint(len(f.Rules)), fmt.Sprint(never[f.Path])})
		delete(never, f.Path)
	}
	for _, im := range impossible { // folders without a proven rule, in the order of the list
		if dir := path.Dir(im.Path); never[dir] > 0 {
			counts = append(counts, []string{code(dir), "0", fmt.Sprint(never[dir])})
			delete(never, dir)
		}
	}
	heading(w, "The Sigma project's rules", "the records in internal/sigmahq")
	fmt.Fprintf(w, `The Sigma project has %d live rules on Azure, Entra ID and Microsoft 365 (deprecated and unsupported ones do not count).
Unmodified, %d of them fire on what tenants log, %d would fire on a record that nobody is known to log today, and %d cannot fire.
Each that fires has records of ours: %d on which it must fire, and %d near misses on which it must stay silent. A test writes each record
in every format in which `+"`rules check`"+` says that the rule works on it, and reads it as a scan does. The names of activities and the shape of each log
follow real records and Microsoft's reference, the details of rarer activities are ours. No sample was at hand of the security alerts and mail
verdicts of Microsoft 365 and of the export of mailboxes.

`, proven+len(impossible), proven-len(unseen), len(unseen), len(impossible), fires, misses)
	table(w, []string{"folder", "fire", "impossible"}, counts)
	fmt.Fprint(w, "## Impossible\n\nNo record satisfies these. Some have a built-in rule that is after the same.\n\n")
	var rows [][]string
	for _, im := range impossible {
		instead := "—"
		if im.Instead != "" {
			if !slices.ContainsFunc(own, func(r *detect.Rule) bool { return r.Slug == im.Instead }) {
				return fmt.Errorf("%s: there is no built-in rule %q", im.Path, im.Instead)
			}
			instead = "[" + im.Instead + "](rules.md#" + im.Instead + ")"
		}
		rows = append(rows, []string{path.Base(im.Path), prose(im.Reason), instead})
	}
	table(w, []string{"rule", "why", "instead"}, rows)
	fmt.Fprint(w, "## Nobody is known to log it\n\nThese fire on a record that says what they look for, but no tenant is known to log one today.\n\n")
	table(w, []string{"rule", "why"}, unseen)
	fmt.Fprint(w, "## Bridged\n\nThese name a log, a field or a value that no log has. entrawatch reads them as what is logged.\n\n")
	table(w, []string{"rule", "says", "is logged"}, bridged)
	return nil
}

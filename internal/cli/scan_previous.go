package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/detect"
)

// readAlerts reads the alerts that an earlier scan printed with -json.
func readAlerts(name string) ([]*alert.Alert, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s; expected what an earlier scan printed with -json", missing(name, err))
	}
	defer f.Close()
	var out []*alert.Alert
	in := bufio.NewReader(f)
	for line := 1; ; line++ {
		text, err := in.ReadBytes('\n')
		if len(text) > 1 {
			var a alert.Alert
			if jsonErr := json.Unmarshal(text, &a); jsonErr != nil || a.ID == "" || a.Rule == "" {
				return nil, fmt.Errorf("%s:%d: not an alert; expected what an earlier scan printed with -json", name, line)
			}
			out = append(out, &a)
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
}

// A standing compares a scan with an earlier one, for -previous.
type standing struct {
	*alert.Comparison
	posture           map[string]bool
	news, stand, gone int
	unknown           []*alert.Alert
}

func newStanding(name string, rules []*detect.Rule) (*standing, error) {
	before, err := readAlerts(name)
	if err != nil {
		return nil, err
	}
	s := &standing{posture: map[string]bool{}}
	for _, r := range rules {
		s.posture[r.Slug] = r.Posture()
	}
	s.Comparison = alert.NewComparison(before, func(rule string) bool { return s.posture[rule] })
	return s, nil
}

// mark notes what became of an alert.
func (s *standing) mark(a *alert.Alert) {
	if !s.posture[a.Rule] {
		return
	}
	s.Mark(a)
	if a.Change == alert.New {
		s.news++
	} else {
		s.stand++
	}
}

// end returns the alerts that are resolved.
func (s *standing) end(sum *app.Summary) []*alert.Alert {
	var resolved []*alert.Alert
	known := func(rule string) bool {
		return sum.Complete() && slices.Contains(sum.Rules.Active, rule) && !slices.Contains(sum.Rules.Partial, rule)
	}
	if sum.AsOf == nil {
		resolved, s.unknown = s.Gone(known, nil)
	} else {
		resolved, s.unknown = s.Gone(known, &sum.AsOf.Time)
	}
	s.gone = len(resolved)
	return resolved
}

// say tells people of it.
func (s *standing) say(e *env) {
	t := &talker{e: e}
	t.say("", fmt.Sprintf("Of what stands in the directory: %s new, %s as before, %s resolved.", number(s.news), number(s.stand), number(s.gone)))
	var lines []string
	for _, a := range s.unknown {
		lines = append(lines, a.Rule+": "+a.Summary)
	}
	t.block("Not found again, but the rule could not work, or its snapshot is not complete:", lines, mostNotices)
}

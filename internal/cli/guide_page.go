package cli

import (
	_ "embed"
	"io"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/guide"
)

//go:embed guide_page.html
var guidePageSource string

// A guidePage is the coverage of the guides as a page shows it.
type guidePage struct {
	At     *time.Time
	States []stateCount
	Guides []guideSection
}

type stateCount struct {
	Name  string
	Count int
}

type guideSection struct {
	Title   string
	Entries []guide.Status
}

// guideTitles name the sections by how the ids of their entries begin. The
// longest beginning counts.
var guideTitles = []struct{ prefix, title string }{
	{"UX", "User accounts: recommendations"},
	{"PX", "Privileged accounts: recommendations"},
	{"CX", "Consumer accounts: recommendations"},
	{"U", "User accounts: tables"},
	{"P", "Privileged accounts: tables"},
	{"C", "Consumer accounts: tables"},
}

func writeGuidePage(path string, at time.Time, all []guide.Status) error {
	p := guidePage{At: &at}
	for _, state := range guide.States {
		c := stateCount{Name: state}
		for i := range all {
			if all[i].State == state {
				c.Count++
			}
		}
		p.States = append(p.States, c)
	}
	sections := map[string]*guideSection{}
	for _, s := range all {
		for _, t := range guideTitles {
			if !strings.HasPrefix(s.ID, t.prefix) {
				continue
			}
			if sections[t.prefix] == nil {
				sections[t.prefix] = &guideSection{Title: t.title}
			}
			sections[t.prefix].Entries = append(sections[t.prefix].Entries, s)
			break
		}
	}
	for _, prefix := range []string{"U", "UX", "P", "PX", "C", "CX"} {
		p.Guides = append(p.Guides, *sections[prefix])
	}
	return writeFile(path, func(w io.Writer) error { return execute(w, guidePageSource, p) })
}

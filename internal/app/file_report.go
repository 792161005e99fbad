package app

import (
	"slices"
	"strings"
	"sync"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A fileReport gathers what happens to one file. Several goroutines write it.
type fileReport struct {
	path  string
	index int

	mu      sync.Mutex
	format  string
	formats [event.NumFormats]bool // of its events
	records int
	events  int
	bad     []Undecodable
	badAll  int
	notices []string
	empty   string // the listing that it holds, if that is complete; it has no entries if there are no records
}

func (r *fileReport) add(records, events int, formats [event.NumFormats]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for f, seen := range formats {
		r.formats[f] = r.formats[f] || seen
	}
	r.records += records
	r.events += events
}

func (r *fileReport) reject(u Undecodable) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u.Index < 0 {
		u.Index = 0
	}
	r.badAll++
	r.bad = append(r.bad, u)
	// Batches end in any order: keep the first lines, not the first comers.
	if len(r.bad) > 2*maxListed {
		slices.SortFunc(r.bad, byLine)
		r.bad = r.bad[:maxListed]
	}
}

// refuse notes that the file as a whole could not be read, or not to its end.
func (r *fileReport) refuse(reason string) {
	r.reject(Undecodable{Reason: reason})
}

func (r *fileReport) describe(format, encoding string, notices []string, pages []decode.Page) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(pages); n > 0 && !pages[n-1].More {
		if _, name, ok := decode.KindOfContext(pages[n-1].Context); ok {
			r.empty = name
		}
	}
	r.format = format
	if encoding != "utf-8" && encoding != "" {
		r.format += ", " + strings.TrimSuffix(encoding, ", utf-8")
	}
	r.notices = append(r.notices, notices...)
}

func (r *fileReport) summary() FileSummary {
	slices.SortFunc(r.bad, byLine)
	bad := r.bad[:min(len(r.bad), maxListed)]
	if bad == nil {
		bad = []Undecodable{}
	}
	var formats []string
	for f, seen := range r.formats {
		if seen {
			formats = append(formats, event.Format(f).String())
		}
	}
	format := r.format
	if len(formats) > 0 {
		format = strings.Join(formats, ", ") + " (" + format + ")"
	}
	return FileSummary{Path: r.path, Format: format, Records: r.records, Events: r.events, Undecodable: bad, UndecodableTotal: r.badAll}
}

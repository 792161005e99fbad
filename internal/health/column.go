package health

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

const (
	// window is how many records are looked at together.
	window = 300
	// A column is expected once so many windows in a row had values, and went
	// empty when so many have none.
	windowsFull  = 5
	windowsEmpty = 2
)

// Columns follow which fields of logs have values.
type Columns struct {
	logs map[columnsOf]*windows
}

type columnsOf struct{ Source, Kind, Format string }

type windows struct {
	Records int                `json:"records"`
	Filled  map[string]bool    `json:"filled"`
	Fields  map[string]*filled `json:"fields"`
}

type filled struct {
	Full  int       `json:"full"`  // windows in a row, until it is expected
	Empty int       `json:"empty"` // windows in a row since
	Last  time.Time `json:"last"`
}

// NewColumns returns what has seen nothing yet.
func NewColumns() *Columns { return &Columns{logs: map[columnsOf]*windows{}} }

// Add takes records of a log, and which fields some of them fill.
func (c *Columns) Add(name Name, format string, records int, fields []string, now time.Time) {
	key := columnsOf{name.Source, name.Kind, format}
	w := c.logs[key]
	if w == nil {
		w = &windows{Filled: map[string]bool{}, Fields: map[string]*filled{}}
		c.logs[key] = w
	}
	w.Records += records
	for _, f := range fields {
		w.Filled[f] = true
	}
	if w.Records < window {
		return
	}
	for field := range w.Filled {
		if w.Fields[field] == nil {
			w.Fields[field] = &filled{}
		}
	}
	for field, f := range w.Fields {
		switch {
		case w.Filled[field]:
			f.Full, f.Empty, f.Last = min(f.Full+1, windowsFull), 0, now
		case f.Full == windowsFull:
			f.Empty++
		default:
			delete(w.Fields, field) // it is empty now and then
		}
	}
	w.Records = 0
	clear(w.Filled)
}

// Empty are the columns of a log that went empty.
func (c *Columns) Empty(name Name) []Column {
	var out []Column
	for key, w := range c.logs {
		if key.Source != name.Source || key.Kind != name.Kind {
			continue
		}
		for field, f := range w.Fields {
			if f.Empty >= windowsEmpty {
				out = append(out, Column{Field: field, Format: key.Format, Since: f.Last})
			}
		}
	}
	slices.SortFunc(out, func(x, y Column) int { return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(x.Format, y.Format)) })
	return out
}

// Everywhere are, by kind, the fields that are empty in all logs of the kind, and
// since when.
func (c *Columns) Everywhere() map[string]map[string]time.Time {
	out := map[string]map[string]time.Time{}
	some := map[[2]string]bool{} // kind and field with values
	for key, w := range c.logs {
		for field, f := range w.Fields {
			if f.Empty < windowsEmpty {
				some[[2]string{key.Kind, field}] = true
				continue
			}
			if out[key.Kind] == nil {
				out[key.Kind] = map[string]time.Time{}
			}
			if since, ok := out[key.Kind][field]; !ok || f.Last.After(since) {
				out[key.Kind][field] = f.Last
			}
		}
	}
	for kind, fields := range out {
		for field := range fields {
			if some[[2]string{kind, field}] {
				delete(fields, field)
			}
		}
		if len(fields) == 0 {
			delete(out, kind)
		}
	}
	return out
}

// Formats are those in which a kind came.
func (c *Columns) Formats(kind string) []string {
	var out []string
	for key := range c.logs {
		if key.Kind == kind && !slices.Contains(out, key.Format) {
			out = append(out, key.Format)
		}
	}
	slices.Sort(out)
	return out
}

type columnsJSON struct {
	Source  string   `json:"source"`
	Kind    string   `json:"kind"`
	Format  string   `json:"format"`
	Windows *windows `json:"windows"`
}

// MarshalJSON writes what is to be known after a restart.
func (c *Columns) MarshalJSON() ([]byte, error) {
	out := []columnsJSON{}
	for key, w := range c.logs {
		out = append(out, columnsJSON{key.Source, key.Kind, key.Format, w})
	}
	slices.SortFunc(out, func(x, y columnsJSON) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Format, y.Format))
	})
	return json.Marshal(out)
}

// UnmarshalJSON reads it back.
func (c *Columns) UnmarshalJSON(text []byte) error {
	var in []columnsJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	c.logs = map[columnsOf]*windows{}
	for _, x := range in {
		w := x.Windows
		if w == nil || w.Filled == nil || w.Fields == nil {
			continue
		}
		for field, f := range w.Fields {
			if f == nil {
				delete(w.Fields, field)
			}
		}
		c.logs[columnsOf{x.Source, x.Kind, x.Format}] = w
	}
	return nil
}

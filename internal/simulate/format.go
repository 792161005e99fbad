package simulate

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Layout is how the records of one format are put into a file.
type Layout uint8

// The layouts. Which a format has, Layouts tells.
const (
	NDJSON Layout = iota // one record a line: storage blobs
	Array                // one JSON array: portal JSON, az, content blobs
	Page                 // the format's wrapper, see Write
	Tables               // Log Analytics query API: {"tables":[{columns, rows}]}
	CSV                  // with byte order mark
	Pretty               // indented documents one after the other
)

var layoutNames = [...]string{"ndjson", "array", "page", "tables", "csv", "pretty"}

func (l Layout) String() string { return layoutNames[l] }

// BatchSize is the number of records in one Event Hubs message that Write puts
// on one line.
const BatchSize = 10

// Formats returns the formats in which logs of the kind exist, best first.
func Formats(k event.Kind) []event.Format {
	switch {
	case k == event.Signin || k == event.Audit:
		return []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics, event.O365, event.PortalCSV}
	case k == event.RiskDetection || k == event.RiskyUser || k == event.Provisioning:
		return []event.Format{event.Diagnostic, event.Graph, event.LogAnalytics}
	case k == event.Activity:
		return []event.Format{event.Diagnostic, event.ResourceManager, event.LogAnalytics}
	case k == event.M365:
		return []event.Format{event.LogAnalytics, event.O365}
	case k == event.KeyVault || k == event.GraphActivity || k == event.DomainServices:
		return []event.Format{event.Diagnostic, event.LogAnalytics}
	case k.Snapshot():
		return []event.Format{event.Graph}
	}
	return nil
}

// Formats returns the formats in which r exists: those of its kind, but Office
// 365 has the sign-ins of users only, and AD FS sign-ins reach neither it nor
// the portal's downloads.
func (r Record) Formats() []event.Format {
	formats := Formats(r.Kind)
	if r.Kind != event.Signin {
		return formats
	}
	return slices.DeleteFunc(formats, func(f event.Format) bool {
		switch r.Sub {
		case event.ServicePrincipalSignin, event.ManagedIdentity:
			return f == event.O365
		case event.ADFS:
			return f == event.O365 || f == event.PortalCSV
		}
		return false
	})
}

// Layouts returns the layouts that a format has.
func Layouts(f event.Format) []Layout {
	switch f {
	case event.Diagnostic, event.Graph, event.ResourceManager:
		return []Layout{NDJSON, Array, Page, Pretty}
	case event.LogAnalytics:
		return []Layout{NDJSON, Array, Tables, CSV, Pretty}
	case event.O365:
		return []Layout{NDJSON, Array, Page, CSV, Pretty}
	case event.PortalCSV:
		return []Layout{CSV}
	}
	return nil
}

// Write writes a whole file of records in a format and layout. All records must
// exist in the format. Page is, for Azure Monitor, Event Hubs messages
// {"records":[…]} of BatchSize records, one a line; for Graph and Azure Resource
// Manager one answer {"value":[…]}; for Office 365 an array of the objects that
// Search-UnifiedAuditLog returns, with the record as text in AuditData. A page
// of Graph and a portal CSV hold records of one log; Log Analytics unites the
// columns of several tables as a query with union does. Dynamic columns of Log
// Analytics are text in NDJSON, Tables and CSV, and objects in Array and Pretty.
func Write(w io.Writer, f event.Format, layout Layout, recs []Record) error {
	if !slices.Contains(Layouts(f), layout) {
		return fmt.Errorf("write: format %s has no layout %s", f, layout)
	}
	for _, r := range recs {
		if !slices.Contains(r.Formats(), f) {
			return fmt.Errorf("write: %s %s does not exist in format %s", r.Sub, r.Kind, f)
		}
	}
	out := bufio.NewWriter(w)
	var err error
	switch {
	case f == event.PortalCSV:
		err = writePortalCSV(out, recs)
	case f == event.O365 && layout == CSV:
		err = writeAuditLogCSV(out, recs)
	case f == event.LogAnalytics && layout == CSV:
		err = writeLogAnalyticsCSV(out, recs)
	case f == event.LogAnalytics && layout == Tables:
		err = writeTables(out, recs)
	default:
		err = writeDocuments(out, f, layout, recs)
	}
	if err != nil {
		return fmt.Errorf("write %s as %s: %w", f, layout, err)
	}
	return out.Flush()
}

// convert returns one record as one JSON object of the format.
func convert(r Record, f event.Format, layout Layout) (any, error) {
	switch f {
	case event.Diagnostic:
		return diagnostic(r)
	case event.LogAnalytics:
		return logAnalyticsRow(r, layout == Array || layout == Pretty)
	case event.O365:
		rec, err := o365(r)
		if layout == Page && err == nil {
			return searchResult(rec, 1, 1), nil
		}
		return rec, err
	}
	return r.Fields, nil // Graph and Resource Manager: the canonical shapes
}

func writeDocuments(w *bufio.Writer, f event.Format, layout Layout, recs []Record) error {
	docs := make([]any, len(recs))
	for i, r := range recs {
		var err error
		if docs[i], err = convert(r, f, layout); err != nil {
			return err
		}
	}
	switch {
	case layout == Array, layout == Page && f == event.O365:
		return writeLine(w, docs)
	case layout == Page && f == event.Diagnostic:
		for batch := range slices.Chunk(docs, BatchSize) {
			if err := writeLine(w, object{{"records", batch}}); err != nil {
				return err
			}
		}
		return nil
	case layout == Page:
		page, err := page(f, recs, docs)
		if err != nil {
			return err
		}
		return writeLine(w, page)
	}
	for _, d := range docs {
		if layout == Pretty {
			if _, err := w.WriteString(prettyText(d, "\n") + "\n"); err != nil {
				return err
			}
		} else if err := writeLine(w, d); err != nil {
			return err
		}
	}
	return nil
}

func writeLine(w *bufio.Writer, v any) error {
	_, err := w.Write(append(appendJSON(nil, v), '\n'))
	return err
}

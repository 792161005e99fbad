package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

const fieldsIntro = `Every event that entrawatch makes out of a log entry has these fields, whatever format the entry came in. A rule names a
field by its canonical name, by one of its other names, or by its path in any format; upper and lower case are the same,
and a leading ` + "`properties.`" + ` makes no difference. A name that is not here is looked up in the record itself, as a path.

How to read the paths: steps are joined by dots, and arrays are passed through, so that the path of an element's key is
the path of the array with the key behind it. ` + "`list{key=Name}`" + ` is the element of a list whose ` + "`key`" + ` is ` + "`Name`" + `; a step in
backquotes is one key, dots included. Of several paths the first that holds something counts. — means that the format
does not have the field: a rule that needs it says so instead of staying silent. Rows of the portal's CSV downloads are
rewritten to the shape of Microsoft Graph, so the table names the column.

An ` + "`encoded`" + ` value is JSON inside a string: scalars are decoded, arrays give one value for each element. If any value
of a field satisfies a rule, the field does.

`

// formatTitles are the formats as headings of columns.
var formatTitles = map[event.Format]string{
	event.Diagnostic:      "Azure Monitor",
	event.Graph:           "Microsoft Graph",
	event.ResourceManager: "Resource Manager",
	event.LogAnalytics:    "Log Analytics",
	event.O365:            "Office 365",
	event.PortalCSV:       "Portal CSV",
}

func fieldsPage(b *bytes.Buffer) error {
	heading(b, "Fields", "the registry in internal/event")
	b.WriteString(fieldsIntro)
	b.WriteString("| kind | formats | fields | derived |\n| --- | --- | --- | --- |\n")
	schema := event.NewSchema()
	for k := event.Kind(1); k < event.NumKinds; k++ {
		own, derived := split(schema.Fields(k))
		if len(own) == 0 {
			continue
		}
		var formats []string
		for _, f := range event.FormatsOf(k) {
			formats = append(formats, formatTitles[f])
		}
		fmt.Fprintf(b, "| [%s](#%s) | %s | %d | %d |\n", k, k, strings.Join(formats, ", "), len(own), len(derived))
	}
	b.WriteString("\nEach kind but the directory objects stands for one log; directory objects are " +
		"read from answers of Microsoft Graph.\n\n")
	for k := event.Kind(1); k < event.NumKinds; k++ {
		fieldsOf(b, schema, k)
	}
	return nil
}

// split tells fields of the record from those that are computed.
func split(all []*event.Field) (own, derived []*event.Field) {
	for _, f := range all {
		if f.Derived() {
			derived = append(derived, f)
		} else {
			own = append(own, f)
		}
	}
	return own, derived
}

func fieldsOf(b *bytes.Buffer, schema *event.Schema, k event.Kind) {
	own, derived := split(schema.Fields(k))
	if len(own) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\n", k)
	formats := event.FormatsOf(k)
	header := []string{"field", "type", "meaning"}
	for _, f := range formats {
		header = append(header, formatTitles[f])
	}
	header = append(header, "other names")
	var rows [][]string
	for _, f := range append(own, schema.Families(k)...) {
		row := []string{code(f.Name), f.Type.String(), prose(f.Doc)}
		for _, format := range formats {
			row = append(row, place(f, format))
		}
		rows = append(rows, append(row, codes(schema.Names(k, f))))
	}
	table(b, header, rows)
	if len(derived) == 0 {
		return
	}
	b.WriteString("Derived fields, computed from those above:\n\n")
	rows = nil
	for _, f := range derived {
		var in, from []string
		for _, format := range formats {
			if f.In(format) {
				in = append(in, formatTitles[format])
			}
		}
		where := strings.Join(in, ", ")
		if len(in) == len(formats) {
			where = "all"
		}
		for _, need := range f.Needs {
			from = append(from, strings.ReplaceAll(codes(strings.Split(need, "|")), ", ", " or "))
		}
		rows = append(rows, []string{code(f.Name), f.Type.String(), prose(f.Doc), strings.Join(from, ", "), orDash(where), codes(schema.Names(k, f))})
	}
	table(b, []string{"derived field", "type", "meaning", "computed from", "formats", "answers to"}, rows)
}

// place says where a format has a field.
func place(f *event.Field, format event.Format) string {
	switch {
	case !f.In(format):
		return "—"
	case format == event.PortalCSV && f.Column != "":
		return code(f.Column)
	case format == event.PortalCSV:
		return "its numbered columns"
	}
	return codes(f.Paths[format])
}

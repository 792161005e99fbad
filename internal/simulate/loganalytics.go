package simulate

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Workspace is the id of the Log Analytics workspace that all rows come from.
const Workspace = "1c813676-e4b3-5d59-aa72-c6e708ce6e51"

// rowSource is what the cells of a row are taken from.
type rowSource struct {
	table    string
	tenant   string
	envelope object         // of the Azure Monitor record, keys in lower case
	props    map[string]any // of the Azure Monitor record, or the whole record
}

func newRowSource(r Record) (rowSource, []column, error) {
	table, columns := tableOf(r)
	if columns == nil {
		return rowSource{}, nil, fmt.Errorf("%s does not exist in format %s", r.Kind, event.LogAnalytics)
	}
	s := rowSource{table: table, tenant: r.Tenant, props: r.Fields}
	if r.Kind == event.M365 {
		return s, columns, nil
	}
	top, err := diagnostic(r)
	if err != nil {
		return s, nil, err
	}
	for _, m := range top {
		if m.key == "Level" {
			m.key = "level"
		}
		s.envelope = append(s.envelope, m)
	}
	if r.Kind != event.Activity { // whose table has more than the record
		s.props, _ = top.get("properties").(map[string]any)
	}
	return s, columns, nil
}

// value finds a cell's value before it is given the column's type.
func (s rowSource) value(c column) any {
	switch {
	case strings.HasPrefix(c.path, "^"):
		return s.envelope.get(c.path[1:])
	case strings.HasPrefix(c.path, "@"):
		return c.path[1:]
	case c.path == "properties" && s.table == "AZKVAuditLogs":
		return s.props
	case c.path != "" && c.path[0] != '!':
		return dig(s.props, strings.Split(c.path, ".")...)
	case c.path == "":
		if v, ok := s.props[c.name]; ok {
			return v
		}
		return s.props[strings.ToLower(c.name[:1])+c.name[1:]]
	}
	switch c.path[1:] {
	case "workspace":
		return Workspace
	case "tenant":
		return s.tenant
	case "table":
		return s.table
	case "source":
		return "Azure AD"
	case "recordType":
		return recordTypeName(s.props["RecordType"])
	case "userType":
		return userTypeName(s.props["UserType"])
	case "lowerResource":
		return strings.ToLower(text(s.envelope.get("resourceId")))
	case "lastSegment":
		id := text(s.props["resourceId"])
		return id[strings.LastIndexByte(id, '/')+1:]
	}
	panic("simulate: column " + c.name + " has the unknown path " + c.path)
}

// cell returns a cell as JSON would hold it, nil when there is no value.
// Dynamic values are text unless objects are wanted.
func (s rowSource) cell(c column, objects bool) any {
	v := s.value(c)
	if v == nil {
		return nil
	}
	switch c.typ {
	case "datetime":
		return retime(v, layoutShort)
	case "bool":
		return v
	case "int", "long":
		if n, err := strconv.Atoi(text(v)); err == nil {
			return n
		}
		return nil
	case "dynamic":
		if s, ok := v.(string); ok && objects {
			if parsed, err := parseJSON(s); err == nil {
				return parsed
			}
		}
		if objects {
			return v
		}
		return text(v)
	case "json":
		return text(v)
	}
	if b, ok := v.(bool); ok {
		return capital(strconv.FormatBool(b)) // as .NET does
	}
	if structured(v) {
		return prettyText(v, "\r\n")
	}
	return text(v)
}

func structured(v any) bool {
	switch v.(type) {
	case map[string]any, []any, object:
		return true
	}
	return false
}

// logAnalyticsRow returns r as one row object without its empty columns.
func logAnalyticsRow(r Record, objects bool) (object, error) {
	s, columns, err := newRowSource(r)
	if err != nil {
		return nil, err
	}
	var row object
	for _, c := range columns {
		if v := s.cell(c, objects); v != nil {
			row = append(row, member{c.name, v})
		}
	}
	return row, nil
}

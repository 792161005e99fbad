package simulate

import (
	"bufio"
	"slices"
	"strconv"
	"strings"
)

// unite returns the columns that a union of the tables of recs has. A name that
// stands for different types in them becomes one column for each type.
func unite(recs []Record) (all []column, tables int) {
	types := map[string][]string{}
	seen := map[string]bool{}
	for _, r := range recs {
		name, columns := tableOf(r)
		if seen[name] {
			continue
		}
		seen[name] = true
		for _, c := range columns {
			typ := strings.Replace(c.typ, "json", "string", 1)
			if slices.Contains(types[c.name], typ) {
				continue
			}
			types[c.name] = append(types[c.name], typ)
			all = append(all, column{c.name, typ, c.name})
		}
	}
	for i, c := range all {
		if len(types[c.name]) > 1 {
			all[i].name += "_" + c.typ
		}
	}
	return all, len(seen)
}

// unitedRow returns r's cells in the order of the united columns, nil where r
// has none. Their column's path is the name in its table.
func unitedRow(r Record, all []column, pretty bool) ([]any, rowSource, error) {
	s, columns, err := newRowSource(r)
	if err != nil {
		return nil, s, err
	}
	row := make([]any, len(all))
	for _, c := range columns {
		typ := strings.Replace(c.typ, "json", "string", 1)
		i := slices.IndexFunc(all, func(u column) bool { return u.path == c.name && u.typ == typ })
		if c.typ == "json" && pretty && structured(s.value(c)) {
			row[i] = prettyText(s.value(c), "\r\n")
			continue
		}
		row[i] = s.cell(c, false)
	}
	return row, s, nil
}

func writeTables(w *bufio.Writer, recs []Record) error {
	all, _ := unite(recs)
	columns, rows := []any{}, []any{}
	for _, c := range all {
		columns = append(columns, object{{"name", c.name}, {"type", c.typ}})
	}
	for _, r := range recs {
		row, _, err := unitedRow(r, all, false)
		if err != nil {
			return err
		}
		for i, c := range all {
			if row[i] == nil && c.typ == "string" {
				row[i] = "" // strings are never null
			}
		}
		rows = append(rows, row)
	}
	table := object{{"name", "PrimaryResult"}, {"columns", columns}, {"rows", rows}}
	return writeLine(w, object{{"tables", []any{table}}})
}

// writeLogAnalyticsCSV writes the portal's export: times in American style and
// marked [UTC] in the header, TRUE and FALSE, JSON over several lines.
func writeLogAnalyticsCSV(w *bufio.Writer, recs []Record) error {
	all, tables := unite(recs)
	var header []string
	if tables > 1 {
		header = append(header, "$table")
	}
	for _, c := range all {
		if c.typ == "datetime" {
			c.name += " [UTC]"
		}
		header = append(header, c.name)
	}
	_, _ = w.WriteString(byteOrderMark)
	if err := writeRow(w, false, header); err != nil {
		return err
	}
	for _, r := range recs {
		row, s, err := unitedRow(r, all, true)
		if err != nil {
			return err
		}
		var cells []string
		if tables > 1 {
			cells = append(cells, s.table)
		}
		for i, c := range all {
			v := row[i]
			if c.typ == "datetime" {
				v = retime(v, layoutUSMillis)
			}
			if b, ok := v.(bool); ok {
				v = strings.ToUpper(strconv.FormatBool(b))
			}
			cells = append(cells, text(v))
		}
		if err := writeRow(w, false, cells); err != nil {
			return err
		}
	}
	return nil
}

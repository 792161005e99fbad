package main

import (
	"bytes"
	"fmt"

	"github.com/entrawatch/entrawatch/internal/lake/column"
)

const lakeIntro = `The lake keeps every event with its record, as Parquet files that never change. ` + "`entrawatch hunt`" + ` asks it questions in SQL; [hunt.md](hunt.md)
has queries to start from. Other programs read the same files.

## Files

    <data>/lake/tenant=<tenant>/kind=<kind>/day=<YYYY-MM-DD>/<name>.parquet

The day is that of the event's time, in UTC; ` + "`day=unknown`" + ` holds events without a time. Characters that have a meaning in paths are written
as ` + "`%XX`" + `. A name says when the file was written, the beginning of the SHA-256 of its contents, and which columns it has: files of one kind
with the same last part have the same columns. Files are compressed with zstd, and rows stand in the order of user, then time, so that all about one
user stands in one place. Filters say quickly that a file does not have a value of ` + "`event_key`, `user`, `user_name`, `actor`, `app` or `ip`" + `.

Which files count is recorded in the state of the service. ` + "`entrawatch lake files -json`" + ` lists them. Files that end in ` + "`.tmp`" + ` are being
written, those in ` + "`.damaged`" + ` were set aside; no reader takes them for Parquet by their name.

## How columns are named

A column has the name of the [field](fields.md) that it holds, in lower case, with an underscore before each word and in place of dots:
` + "`status.errorCode`" + ` is ` + "`status_error_code`" + `, ` + "`riskEventTypes_v2`" + ` is ` + "`risk_event_types_v2`" + `. Where a derived field and one of the record
come to the same name, the derived one has it and the other is called ` + "`…_logged`" + `.

- Types are those of the fields. A value that is none of its type, such as a word where a number belongs, is NULL. So is an empty text.
- Times are ` + "`TIMESTAMP`" + ` in UTC, to the microsecond.
- A field with several values is a list. Lists below one array of the record, such as ` + "`applied_conditional_access_policies_display_name`" + ` and
  ` + "`…_result`" + `, are as long as the array, and their values at one place are of one element. Several values of one element are one text,
  with a comma between.
- Fields of type json are parts of the record and have no column: ` + "`raw->'$.properties.initiatedBy'`" + ` finds them.
- Text is valid UTF-8: other bytes are replaced by U+FFFD. Columns hold the first 8,192 bytes of a text. ` + "`raw`" + ` and ` + "`policy_results`" + ` have no limit, and
  no bounds in the files: search within them, and do not compare them with = in readers that skip pages by their bounds.
- A later version may add columns. Files that were written before do not have them; there they are NULL.

## Other readers

Our queries read the files that the state records. Who reads the folder as it is may see, for a short time, files that were merged beside the one that
they became, and so some events twice. ` + "`event_key`" + ` tells: equal keys are the same event. In DuckDB:

` + "```sql" + `
CREATE VIEW signin AS
SELECT * EXCLUDE (filename)
FROM read_parquet('data/lake/*/kind=signin/*/*.parquet', union_by_name = true, filename = true, hive_types_autocast = false)
QUALIFY row_number() OVER (PARTITION BY event_key ORDER BY filename DESC) = 1;
` + "```" + `

In Spark, Databricks and Fabric:

` + "```python" + `
events = (spark.read.option("mergeSchema", "true").option("basePath", "data/lake")
    .parquet("data/lake/tenant=*/kind=signin/").dropDuplicates(["event_key"]))
` + "```" + `

` + "`tenant`, `kind` and `day`" + ` stand in the paths; a condition on them keeps other files closed. ` + "`tenant` and `kind`" + ` are columns of the files as well, for
readers that do not look at paths.

## Columns that every kind has

The view ` + "`events`" + ` has these, over all kinds. The view of a kind has them and those of the kind below.

`

func lakePage(b *bytes.Buffer) error {
	heading(b, "Lake", "the columns in internal/lake/column")
	b.WriteString(lakeIntro)
	views := column.Views()
	common := views[len(views)-1].Columns
	columnTable(b, common)
	for _, v := range views[:len(views)-1] {
		own := v.Columns[len(common):]
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(b, "## %s\n\n%s.\n\n", v.Name, prose(upper(v.Doc)))
		columnTable(b, own)
	}
	return nil
}

func columnTable(b *bytes.Buffer, columns []column.Column) {
	var rows [][]string
	for i := range columns {
		c := &columns[i]
		field := "—"
		if c.Field != "" {
			field = code(c.Field)
		}
		rows = append(rows, []string{code(c.Name), c.SQL(), field, prose(c.Doc)})
	}
	table(b, []string{"column", "type", "field", "meaning"}, rows)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

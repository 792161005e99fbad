package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/lake/duck"
)

var lakeExportHelp = help{
	about: `Writes events elsewhere: their records as they came, one a line, or all columns as Parquet, one file for each kind. "entrawatch scan" reads exported logs; directory objects come without the listing that tells what they are.`,
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch lake export -data data -kind signin -since 7d > signins.ndjson", "The sign-ins of the last seven days."},
		{"entrawatch lake export -data data -format parquet -o export", "Everything, with all columns, into the folder export."},
	},
	exits: []string{"done", "the lake could not be read, or the export not written", "the command line is wrong"},
}

func runLakeExport(e *env, args []string) int {
	fs := newFlags(e, "lake export", lakeExportHelp)
	data := fs.data()
	kinds := fs.kinds()
	since, until := fs.period()
	format := fs.text("format", "NAME", "ndjson (default) or parquet", func(s string) error {
		if s != "ndjson" && s != "parquet" {
			return errors.New("formats are ndjson, parquet" + didYouMean(s, []string{"ndjson", "parquet"}))
		}
		return nil
	})
	output := fs.text("o", "DIR", "writes a file for each kind into this folder; default: standard output, for ndjson", nil)
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q; the folder to write into is named by -o", others[0])
	case *format == "parquet" && *output == "":
		return fs.usage("-format parquet needs a folder to write into; name it with -o DIR")
	}
	from, to, problem := between(*since, *until, e.now())
	if problem != "" {
		return fs.usage("%s", problem)
	}
	ctx, stop := fs.interruptible()
	defer stop()
	d, err := openLake(ctx, *data, reading)
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	defer d.close()
	x := &export{e: e, lake: d, kinds: *kinds, from: from, to: to, folder: *output}
	if x.folder != "" {
		if err := os.MkdirAll(x.folder, 0o777); err != nil {
			return e.fail(fs.Name(), err)
		}
	}
	if *format == "parquet" {
		err = x.parquet(ctx)
	} else {
		err = x.ndjson(ctx)
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

// An export writes what is in the lake elsewhere.
type export struct {
	e        *env
	lake     *lakeData
	kinds    []event.Kind
	from, to time.Time
	folder   string
}

// ndjson writes the records, kind by kind.
func (x *export) ndjson(ctx context.Context) error {
	total := int64(0)
	for _, k := range column.Kinds() {
		if len(x.kinds) > 0 && !slices.Contains(x.kinds, k) {
			continue
		}
		files := pick(x.lake.files, []event.Kind{k}, x.from, x.to)
		if len(files) == 0 {
			continue
		}
		var out io.Writer = x.e.stdout
		var f *os.File
		var err error
		if x.folder != "" {
			if f, err = os.Create(filepath.Join(x.folder, k.String()+".ndjson")); err != nil {
				return err
			}
			out = f
		}
		n, err := x.records(ctx, out, k)
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return err
		}
		total += n
	}
	x.e.complain("", "exported "+count(total, "record"))
	return nil
}

func (x *export) records(ctx context.Context, out io.Writer, k event.Kind) (int64, error) {
	w := bufio.NewWriterSize(out, 256<<10)
	n := int64(0)
	var line bytes.Buffer
	err := x.lake.Read(ctx, x.lake.files, lake.Query{Kinds: []event.Kind{k}, From: x.from, To: x.to}, func(row *lake.Row) error {
		n++
		line.Reset()
		// A record may stand on several lines; on one it is the same.
		if bytes.IndexByte(row.Raw, '\n') < 0 || json.Compact(&line, row.Raw) != nil {
			line.Reset()
			line.Write(row.Raw)
		}
		line.WriteByte('\n')
		_, err := w.Write(line.Bytes())
		return err
	})
	if err != nil {
		return n, err
	}
	return n, w.Flush()
}

// parquet writes all columns, a file for each kind.
func (x *export) parquet(ctx context.Context) error {
	views, left, err := x.lake.Views(pick(x.lake.files, x.kinds, x.from, x.to))
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return left[0]
	}
	lakeFolder, err := filepath.Abs(x.lake.Dir())
	if err != nil {
		return err
	}
	total := int64(0)
	for _, v := range views {
		if len(v.Parts) == 0 || v.Name == column.EventsView {
			continue
		}
		path, err := filepath.Abs(filepath.Join(x.folder, v.Name+".parquet"))
		if err != nil {
			return err
		}
		for i := range v.Parts {
			for j, p := range v.Parts[i].Files {
				if v.Parts[i].Files[j], err = filepath.Abs(p); err != nil {
					return err
				}
			}
		}
		db, err := duck.Open(ctx, duck.Config{Views: []column.View{v}, Folder: lakeFolder, Since: x.from, Until: x.to, Write: path})
		if err != nil {
			return err
		}
		n, err := db.Export(ctx, `SELECT * FROM "`+strings.ReplaceAll(v.Name, `"`, `""`)+`"`, path, 0)
		if err = errors.Join(err, db.Close()); err != nil {
			return fmt.Errorf("export %s: %w", v.Name, err)
		}
		total += n
	}
	x.e.complain("", "exported "+count(total, "event"))
	return nil
}

package cli

import (
	"bufio"
	"encoding/json"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/state"
)

var lakeFilesHelp = help{
	about: `Lists what the lake has: by kind and tenant, or each file.`,
	usage: []string{"[flags]"},
	examples: []example{
		{"entrawatch lake files", "How many events of each kind there are, and since when."},
		{"entrawatch lake files -json -kind signin -since 2d", "The files with sign-ins of the last two days, for another program."},
	},
	exits: []string{"done", "the lake could not be read", "the command line is wrong"},
}

func runLakeFiles(e *env, args []string) int {
	fs := newFlags(e, "lake files", lakeFilesHelp)
	data := fs.data()
	kinds := fs.kinds()
	since, until := fs.period()
	each := fs.on("each", "lists each file")
	asJSON := fs.on("json", "prints each file as JSON, one a line")
	others, code, done := fs.parse(args)
	switch {
	case done:
		return code
	case len(others) > 0:
		return fs.usage("unexpected argument %q", others[0])
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
	files := pick(d.files, *kinds, from, to)
	switch {
	case *asJSON:
		err = printFiles(e, files)
	case *each:
		t := &table{head: []string{"Kind", "Day", "Rows", "Size", "Level", "File"}}
		for _, f := range files {
			t.row(f.Kind, f.Day, number(f.Rows), bytesOf(f.Bytes), strconv.Itoa(f.Level), f.Path)
		}
		err = t.write(e.stdout, e.out)
	default:
		err = printKinds(e, files)
	}
	if err != nil {
		return e.fail(fs.Name(), err)
	}
	return exitDone
}

// A listedFile is a file as -json prints it.
type listedFile struct {
	Path   string     `json:"path"`
	Tenant string     `json:"tenant"`
	Kind   string     `json:"kind"`
	Day    string     `json:"day"`
	First  *time.Time `json:"first"`
	Last   *time.Time `json:"last"`
	Rows   int64      `json:"rows"`
	Bytes  int64      `json:"bytes"`
	Level  int        `json:"level"`
	Added  time.Time  `json:"added"`
}

func printFiles(e *env, files []state.File) error {
	w := bufio.NewWriter(e.stdout)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, f := range files {
		out := listedFile{Path: f.Path, Tenant: f.Tenant, Kind: f.Kind, Day: f.Day, Rows: f.Rows, Bytes: f.Bytes, Level: f.Level, Added: f.Added}
		if !f.First.IsZero() {
			out.First, out.Last = &f.First, &f.Last
		}
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	return w.Flush()
}

func printKinds(e *env, files []state.File) error {
	type slot struct{ kind, tenant string }
	type sum struct {
		files, rows, bytes int64
		first, last        time.Time
	}
	sums := map[slot]*sum{}
	var order []slot
	for k := event.Kind(1); k < event.NumKinds; k++ {
		for _, f := range files {
			s := slot{f.Kind, f.Tenant}
			if f.Kind != k.String() {
				continue
			}
			if sums[s] == nil {
				sums[s] = &sum{}
				order = append(order, s)
			}
			t := sums[s]
			t.files++
			t.rows += f.Rows
			t.bytes += f.Bytes
			if !f.First.IsZero() && (t.first.IsZero() || f.First.Before(t.first)) {
				t.first = f.First
			}
			if t.last.Before(f.Last) {
				t.last = f.Last
			}
		}
	}
	t := &table{head: []string{"Kind", "Events", "Size", "Files", "From", "To", "Tenant"}}
	for _, s := range order {
		v := sums[s]
		t.row(s.kind, number(v.rows), bytesOf(v.bytes), number(v.files), dayText(v.first), dayText(v.last), s.tenant)
	}
	return t.write(e.stdout, e.out)
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

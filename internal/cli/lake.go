package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/spelling"
	"github.com/entrawatch/entrawatch/internal/state"
)

const lakeHelp = `The lake keeps every event with its record, in Parquet files below the folder of
the service. "entrawatch hunt" asks it questions.
`

func lakeCommands() []command {
	return []command{
		{"import", "read logs into the lake", runLakeImport},
		{"files", "list what there is, by kind or by file", runLakeFiles},
		{"verify", "read everything and report damage", runLakeVerify},
		{"compact", "bring many small files into few", runLakeCompact},
		{"export", "write records of a kind and period elsewhere", runLakeExport},
		{"adopt", "take in files that a lost or restored state does not know of", runLakeAdopt},
		{"erase", "delete the events of a user", runLakeErase},
	}
}

func runLake(e *env, args []string) int {
	return dispatch(e, "entrawatch lake", lakeHelp, lakeCommands(), args)
}

// defaultData is the folder of the service where -data does not name one.
const defaultData = "data"

// stateName is the file in it that holds the state.
const stateName = "state.db"

// data declares -data.
func (fs *flagSet) data() *string {
	return fs.text("data", "DIR", "the folder of the service, which holds the lake; default: "+defaultData, nil)
}

// kinds declares -kind.
func (fs *flagSet) kinds() *[]event.Kind {
	var out []event.Kind
	fs.declare("kind", "NAME", "only events of this kind: signin, audit, …; may be repeated", func(s string) error {
		k, ok := event.KindByName(s)
		if !ok || k == event.KindUnknown {
			var names []string
			for k := event.Kind(1); k < event.NumKinds; k++ {
				names = append(names, k.String())
			}
			hint := ""
			if near := spelling.Nearest(s, names, 3); near != "" {
				hint = "; did you mean " + near + "?"
			}
			return errors.New("there is no such kind" + hint + " Kinds are " + strings.Join(names, ", "))
		}
		out = append(out, k)
		return nil
	})
	return &out
}

// A lakeData is an open lake with its manifest.
type lakeData struct {
	*lake.Lake
	reader   lakeReader
	manifest app.Manifest // nil: only reading
	files    []state.File
}

// openLake opens the lake of a data folder.
func openLake(ctx context.Context, dir string, use lakeUse) (*lakeData, error) {
	if dir == "" {
		dir = defaultData
	}
	folder := filepath.Join(dir, "lake")
	if info, err := os.Stat(folder); use != making && (err != nil || !info.IsDir()) {
		return nil, errors.New(dir + ": there is no lake in this folder; name the folder of the service with -data DIR, or fill a new one with \"entrawatch lake import -data DIR LOGS\"")
	}
	l, err := lake.Open(folder, nil)
	if err != nil {
		return nil, err
	}
	r, m, err := openManifest(ctx, dir, use)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	files, err := r.Files(ctx)
	if err != nil {
		return nil, errors.Join(err, r.Close(), l.Close())
	}
	d := &lakeData{l, r, m, files}
	if use == writing || use == making {
		later, err := l.Later(ctx, files)
		if err == nil && len(later) > 0 && len(files) > 0 {
			err = errors.New(dir + ": the state is older than the lake, as after a restore; start the service, which takes in what the state does not know of, or use \"entrawatch lake adopt\"")
		}
		if err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

// exchange records changes of the files and carries them out.
func (d *lakeData) exchange(ctx context.Context, c *state.Changes) error {
	if err := d.manifest.Apply(ctx, c); err != nil {
		d.Discard(c.Files)
		return err
	}
	err := d.Publish(c.Files)
	d.Retire(c.Removed)
	if err != nil {
		return err
	}
	d.files, err = d.reader.Files(ctx)
	return err
}

func (d *lakeData) close() {
	_ = d.reader.Close()
	_ = d.Lake.Close()
}

// pick gives the files that may hold events of some kinds, all if there are none,
// and of a period.
func pick(files []state.File, kinds []event.Kind, from, to time.Time) []state.File {
	var out []state.File
	for _, f := range files {
		ok := len(kinds) == 0
		for _, k := range kinds {
			ok = ok || k.String() == f.Kind
		}
		if !from.IsZero() || !to.IsZero() {
			ok = ok && !f.First.IsZero() && (to.IsZero() || f.First.Before(to)) && (from.IsZero() || !f.Last.Before(from))
		}
		if ok {
			out = append(out, f)
		}
	}
	return out
}

// interruptible is a context that ends at the first interrupt; the second ends
// the process.
func (fs *flagSet) interruptible() (ctx context.Context, done func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	unhook := context.AfterFunc(ctx, func() {
		stop()
		fs.e.complain(fs.Name(), "interrupted, stopping; interrupt again to stop at once")
	})
	return ctx, func() { unhook(); stop() }
}

package lake_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
)

func TestLook(t *testing.T) {
	l, r := open(t), newReader(t)
	rows := lake.NewRows(r.schema)
	r.each(t, "signins.json", bench(t, 200_000), func(ev *event.Event) { rows.Add(ev, "file") })
	files := write(t, l, rows)
	look := func() *lake.Survey {
		t.Helper()
		s, err := lake.Look(t.Context(), l.Dir(), files)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := look(); len(s.Damaged)+len(s.Unrecorded)+len(s.Strangers) > 0 || s.Rows == 0 || s.Bytes == 0 {
		t.Errorf("%+v", s)
	}
	path := filepath.Join(l.Dir(), filepath.FromSlash(files[0].Path))
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if s := look(); len(s.Damaged) != 1 || !strings.Contains(s.Damaged[0].Error(), "100 bytes") {
		t.Errorf("%+v", s)
	}
	if err := os.Rename(path, path+".tmp"); err != nil {
		t.Fatal(err)
	}
	if s := look(); len(s.Damaged) != 1 || len(s.Unrecorded) != 0 {
		t.Errorf("recorded, and not published: %+v", s)
	}
	if err := os.Remove(path + ".tmp"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.Dir(), "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s := look(); len(s.Damaged) != 1 || !strings.Contains(s.Damaged[0].Error(), "missing") || len(s.Strangers) != 1 {
		t.Errorf("%+v", s)
	}
	files = files[1:]
	if s := look(); len(s.Damaged) != 0 {
		t.Errorf("%+v", s)
	}
}

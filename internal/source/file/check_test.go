package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/setting"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"logs/a.json", "logs/b.json", "empty/"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			os.Mkdir(path, 0o755)
		} else if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := DefaultFollow()
	for _, name := range []string{"logs", "logs/a.json", "empty", "nosuch"} {
		c.Paths = append(c.Paths, setting.Path(filepath.Join(dir, filepath.FromSlash(name))))
	}
	checks := NewFollower(c, nil).Check(t.Context())
	for i, want := range []string{"2 files, changed last on 20", "1 file, changed last on 20", "no files in this folder yet", "no such file or folder; check"} {
		got := checks[i].Note
		if err := checks[i].Problem; err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || checks[i].Stream != string(c.Paths[i]) || (checks[i].Problem != nil) != (i == 3) {
			t.Errorf("%+v, want %s", checks[i], want)
		}
	}
}

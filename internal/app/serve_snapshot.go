package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// snapshots keep the newest complete listing of each sort of directory objects,
// page by page as they came: DIR/SOURCE/STREAM/ROUND/000001.json. A round that is
// not complete has a name that ends in .part, and counts for nothing.
type snapshots struct {
	dir string

	mu sync.Mutex
	// arrived is when a listing has become complete, or the service began.
	arrived time.Time
	// changed tells that a listing has become complete.
	changed chan struct{}
}

const partSuffix = ".part"

func newSnapshots(dir string) *snapshots {
	return &snapshots{dir: dir, arrived: time.Now(), changed: make(chan struct{}, 1)}
}

// take keeps a page. When it was the last one its listing takes the place of the
// one before.
func (s *snapshots) take(name string, d *source.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream := filepath.Join(s.dir, url.PathEscape(name), url.PathEscape(d.Stream))
	round := strconv.FormatInt(d.Round.Unix(), 10)
	part := filepath.Join(stream, round+partSuffix)
	if err := os.MkdirAll(part, 0o700); err != nil {
		return fmt.Errorf("keep a listing: %w", err)
	}
	body, err := io.ReadAll(d.Body)
	if err != nil {
		return err
	}
	if len(body) > 0 {
		pages, err := os.ReadDir(part)
		if err == nil {
			err = os.WriteFile(filepath.Join(part, fmt.Sprintf("%06d.json", len(pages)+1)), body, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep a listing: %w", err)
		}
	}
	if !d.Last {
		return nil
	}
	whole := filepath.Join(stream, round)
	if err := os.RemoveAll(whole); err != nil { // the same round came again
		return fmt.Errorf("keep a listing: %w", err)
	}
	if err := os.Rename(part, whole); err != nil {
		return fmt.Errorf("keep a listing: %w", err)
	}
	rounds, err := os.ReadDir(stream)
	if err != nil {
		return fmt.Errorf("keep a listing: %w", err)
	}
	for _, r := range rounds {
		if r.Name() != round {
			_ = os.RemoveAll(filepath.Join(stream, r.Name())) // what stays is only in the way
		}
	}
	s.arrived = time.Now()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

// quiet reports whether no listing has become complete for a while: they come one
// after the other.
func (s *snapshots) quiet(now time.Time, settle time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.arrived) >= settle
}

// files are the pages of all complete listings.
func (s *snapshots) files() ([]file.Input, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []file.Input
	newest := map[string]int64{} // by stream
	err := filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case e.IsDir() && strings.HasSuffix(e.Name(), partSuffix):
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		round, err := strconv.ParseInt(filepath.Base(filepath.Dir(path)), 10, 64)
		if err != nil {
			return nil //nolint:nilerr // nothing of ours
		}
		stream := filepath.Dir(filepath.Dir(path))
		newest[stream] = max(newest[stream], round)
		out = append(out, file.Input{Path: path, Size: info.Size(), ModTime: time.Unix(round, 0)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the listings: %w", err)
	}
	out = slices.DeleteFunc(out, func(in file.Input) bool {
		return in.ModTime.Unix() != newest[filepath.Dir(filepath.Dir(in.Path))]
	})
	slices.SortFunc(out, func(a, b file.Input) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// directory reads the listings.
func (s *snapshots) directory() (*directoryReader, error) {
	d, err := newDirectory()
	if err != nil {
		return nil, err
	}
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	for _, in := range files {
		if _, err := d.read(in, false); err != nil {
			return nil, fmt.Errorf("read the listings: %w", err)
		}
	}
	return d, nil
}

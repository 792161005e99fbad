package lake

import (
	"errors"
	"io/fs"
	"os"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
	"github.com/entrawatch/entrawatch/internal/state"
)

// Views gives the views of queries with the files of the manifest behind them.
// Files that are not there, or whose columns cannot be read, are left out and
// named.
func (l *Lake) Views(files []state.File) (views []column.View, left []*Damage, err error) {
	views = column.Views()
	events := &views[len(views)-1]
	type slot struct {
		kind    event.Kind
		version string
	}
	parts := map[slot]*column.Part{}
	var order []slot
	for _, f := range files {
		kind, ok := event.KindByName(f.Kind)
		version := VersionOf(f.Path)
		if !ok || version == "" {
			left = append(left, &Damage{f.Path, errors.New("the manifest names a file that is none of ours")})
			continue
		}
		path, err := l.present(f)
		if err != nil {
			return nil, nil, err
		}
		if path == "" {
			left = append(left, &Damage{f.Path, errors.New("the file is missing")})
			continue
		}
		s := slot{kind, version}
		if parts[s] == nil {
			p := &column.Part{}
			if version != column.Version(kind) {
				has, err := l.has(f)
				if err != nil {
					left = append(left, err)
					continue
				}
				p.Has = has
			}
			parts[s] = p
			order = append(order, s)
		}
		parts[s].Files = append(parts[s].Files, path)
	}
	for _, s := range order {
		p := parts[s]
		v := &views[int(s.kind)-1]
		v.Parts = append(v.Parts, *p)
		if !p.All(events.Columns) {
			events.Parts = append(events.Parts, *p)
			continue
		}
		if len(events.Parts) == 0 || events.Parts[0].Has != nil {
			events.Parts = append([]column.Part{{}}, events.Parts...)
		}
		events.Parts[0].Files = append(events.Parts[0].Files, p.Files...)
	}
	return views, left, nil
}

// present is where a file stands; "" if it does not.
func (l *Lake) present(f state.File) (string, error) {
	for range 2 {
		for _, path := range []string{l.path(f.Path), l.path(f.Path) + tmpSuffix} {
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
		}
	}
	return "", nil
}

// has lists the columns of a file.
func (l *Lake) has(f state.File) (map[string]bool, *Damage) {
	o, err := l.open(f)
	if err != nil {
		var d *Damage
		if !errors.As(err, &d) {
			d = &Damage{f.Path, err}
		}
		return nil, d
	}
	defer o.Close()
	out := map[string]bool{"day": true}
	for name := range o.leaf {
		out[name] = true
	}
	return out, nil
}

package app

import (
	"slices"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A manifest knows which files the lake has, as the state does.
type manifest struct {
	// naming is held while files of the lake get their names, or lose them.
	naming sync.Mutex

	mu    sync.Mutex
	files map[string]state.File
	days  map[dayKey][]string // paths
}

// A dayKey is what files of the lake have in common: tenant, kind and day.
type dayKey struct{ tenant, kind, day string }

// dayOf is the day of a time, as the lake names it.
func dayOf(t time.Time) string {
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}

func newManifest(files []state.File) *manifest {
	m := &manifest{files: map[string]state.File{}, days: map[dayKey][]string{}}
	m.change(files, nil)
	return m
}

// change follows what the state was told.
func (m *manifest) change(added []state.File, removed []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, path := range removed {
		f := m.files[path]
		delete(m.files, path)
		key := dayKey{f.Tenant, f.Kind, f.Day}
		m.days[key] = slices.DeleteFunc(m.days[key], func(p string) bool { return p == path })
	}
	for _, f := range added {
		if _, there := m.files[f.Path]; there {
			continue
		}
		m.files[f.Path] = f
		key := dayKey{f.Tenant, f.Kind, f.Day}
		m.days[key] = append(m.days[key], f.Path)
	}
}

// file is the one of a path; ok is false if the lake has it no more.
func (m *manifest) file(path string) (f state.File, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok = m.files[path]
	return f, ok
}

// all are the files of the lake.
func (m *manifest) all() []state.File {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]state.File, 0, len(m.files))
	for _, f := range m.files {
		out = append(out, f)
	}
	return out
}

// of are the files of a day.
func (m *manifest) of(day dayKey) []state.File {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]state.File, 0, len(m.days[day]))
	for _, path := range m.days[day] {
		out = append(out, m.files[path])
	}
	return out
}

package lake

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/state"
)

// How files are compacted: as soon as a tenant, kind and day has so many of one
// level, into one of the next. Levels keep a row from being copied each time that
// a few new ones arrive. Files beyond the target are left alone, and large ones
// until their day is quiet: two of them at a time would be copied again and again.
const (
	compactMin    = 8
	compactMax    = 32
	compactTarget = 192 << 20
	compactLarge  = compactTarget / 4
)

// Compact merges files once, if there is something to merge, and returns what the
// manifest is to exchange. The new file is to be published, and the old ones
// retired, when that is recorded. To bring everything into order call it again,
// with the new manifest, until it adds nothing. A day that has got nothing new for
// longer than quiet is brought into as few files as there can be. Where files are
// damaged, others are merged, and the error says so ([Damages]): it does not mean
// that nothing was added.
func (l *Lake) Compact(ctx context.Context, files []state.File, quiet time.Duration) (added []state.File, removed []string, err error) {
	unfit := map[string]bool{}
	var damaged error
	for {
		group := plan(files, l.now().Add(-quiet), unfit)
		if len(group) == 0 {
			return nil, nil, damaged
		}
		f, unfitting, err := l.mergeFiles(ctx, group)
		if bad := (*Damage)(nil); errors.As(err, &bad) && !unfit[bad.Path] {
			unfit[bad.Path] = true
			damaged = errors.Join(damaged, err)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if len(unfitting) > 0 {
			for _, path := range unfitting {
				unfit[path] = true
			}
			continue
		}
		for _, old := range group {
			removed = append(removed, old.Path)
		}
		return []state.File{f}, removed, damaged
	}
}

// plan chooses files to merge: those of one place and level, oldest first.
func plan(files []state.File, quiet time.Time, unfit map[string]bool) []state.File {
	type slot struct {
		place string
		level int
	}
	slots := map[slot][]state.File{}
	newest := map[string]time.Time{}
	var order []slot
	for _, f := range files {
		p := placeString(f)
		if newest[p].Before(f.Added) {
			newest[p] = f.Added
		}
	}
	for _, f := range files {
		p, ok := placeOf(f.Path)
		if !ok || unfit[f.Path] || f.Bytes >= compactTarget {
			continue
		}
		s := slot{p.String(), f.Level}
		if newest[s.place].Before(quiet) {
			s.level = -1 // all levels are one
		} else if f.Bytes >= compactLarge {
			continue
		}
		if slots[s] == nil {
			order = append(order, s)
		}
		slots[s] = append(slots[s], f)
	}
	slices.SortFunc(order, func(a, b slot) int { return cmp.Or(cmp.Compare(a.level, b.level), strings.Compare(a.place, b.place)) })
	for _, s := range order {
		list := slots[s]
		slices.SortFunc(list, func(a, b state.File) int { return strings.Compare(base(a.Path), base(b.Path)) })
		size, n := int64(0), 0
		for n < len(list) && n < compactMax && (n < 2 || size+list[n].Bytes <= compactTarget) {
			size += list[n].Bytes
			n++
		}
		enough := n >= compactMin || s.level < 0 && n >= 2 || n >= 2 && size >= compactTarget/2
		if enough {
			return list[:n]
		}
	}
	return nil
}

func placeString(f state.File) string {
	p, ok := placeOf(f.Path)
	if !ok {
		return ""
	}
	return p.String()
}

// mergeFiles writes the rows of files into one. Files that have columns which
// this version does not know are named instead.
func (l *Lake) mergeFiles(ctx context.Context, files []state.File) (out state.File, unfit []string, err error) {
	p, _ := placeOf(files[0].Path)
	level := 0
	for _, f := range files {
		level = max(level, f.Level)
	}
	touched := folders{}
	out, unfit, err = l.rewrite(ctx, p, files, touched, nil)
	if err == nil && len(unfit) == 0 {
		err = touched.sync()
	}
	if err != nil {
		l.discard([]state.File{out})
		return state.File{}, nil, err
	}
	out.Level = level + 1
	return out, unfit, nil
}

// rewrite writes the rows of files of one place that keep keeps.
func (l *Lake) rewrite(ctx context.Context, p place, files []state.File, touched folders, keep func(source int, row int64) bool) (out state.File, unfit []string, err error) {
	var sources []*source
	defer func() {
		for _, s := range sources {
			s.close()
		}
	}()
	for i, f := range files {
		s, fit, err := l.source(f, l.shapes[p.kind](), i)
		if err != nil {
			return state.File{}, nil, err
		}
		if !fit {
			unfit = append(unfit, f.Path)
			continue
		}
		sources = append(sources, s)
	}
	if len(unfit) > 0 {
		return state.File{}, unfit, nil
	}
	out, err = l.create(ctx, p, touched, func(w *writer) error {
		m := &merger{w: w, sources: sources, keep: keep}
		return m.run(ctx)
	})
	return out, nil, err
}

// A Policy says how long events of a kind are kept; 0 = for ever.
type Policy func(kind event.Kind) time.Duration

// Retain lists the files of days that are over for longer than the policy keeps
// them. Events without a time are kept from when they were added.
func (l *Lake) Retain(files []state.File, now time.Time, keep Policy) []string {
	var out []string
	for _, f := range files {
		kind, ok := event.KindByName(f.Kind)
		if !ok {
			continue
		}
		span := keep(kind)
		if span <= 0 {
			continue
		}
		end := f.Added
		if day, err := time.Parse(time.DateOnly, f.Day); err == nil {
			end = day.AddDate(0, 0, 1)
		}
		if now.Sub(end) > span {
			out = append(out, f.Path)
		}
	}
	return out
}

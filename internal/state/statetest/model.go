package statetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
)

// A Model is a store in memory, as naive as can be: it says what the others
// must answer.
type Model struct {
	cursors     []state.Cursor
	files       []state.File
	segments    []state.Segment
	tallies     []state.Tally
	alerts      []state.Alert
	deliveries  []state.Delivery
	hours       []state.Hour
	quarantined []state.Quarantined
	values      []state.Value
	audit       []state.AuditEntry
	seq         int64
}

var _ state.Store = (*Model)(nil)

// Apply implements state.Store.
func (m *Model) Apply(_ context.Context, c *state.Changes) error {
	next := m.clone()
	if err := next.apply(c); err != nil {
		return err
	}
	*m = *next
	return nil
}

func (m *Model) clone() *Model {
	return &Model{
		slices.Clone(m.cursors), slices.Clone(m.files), slices.Clone(m.segments),
		slices.Clone(m.tallies), slices.Clone(m.alerts), slices.Clone(m.deliveries), slices.Clone(m.hours),
		slices.Clone(m.quarantined), slices.Clone(m.values), slices.Clone(m.audit), m.seq,
	}
}

func (m *Model) apply(c *state.Changes) error {
	m.files = slices.DeleteFunc(m.files, func(f state.File) bool { return slices.Contains(c.Removed, f.Path) })
	for _, x := range c.Expired {
		m.segments = slices.DeleteFunc(m.segments, func(s state.Segment) bool {
			return s.Class == x.Class && s.Last.Before(x.Before)
		})
	}
	for _, x := range c.Cursors {
		m.cursors = put(m.cursors, x, func(y state.Cursor) bool { return x.Source == y.Source && x.Stream == y.Stream })
	}
	for _, x := range c.Files {
		if slices.ContainsFunc(m.files, func(y state.File) bool { return x.Path == y.Path }) {
			return fmt.Errorf("file %q twice", x.Path)
		}
		m.files = append(m.files, x)
	}
	for _, x := range c.Segments {
		m.seq++
		x.Seq = m.seq
		m.segments = append(m.segments, x)
	}
	for _, x := range c.Tallies {
		m.tallies = put(m.tallies, x, func(y state.Tally) bool { return bytes.Equal(x.Name, y.Name) })
	}
	m.tallies = slices.DeleteFunc(m.tallies, func(x state.Tally) bool { return len(x.Body) == 0 })
	for _, x := range c.Alerts {
		if m.fact(x.ID, x.Revision) != nil {
			return fmt.Errorf("alert %q twice", x.ID)
		}
		m.alerts = append(m.alerts, x)
	}
	for _, x := range c.Deliveries {
		if m.fact(x.Alert, x.Revision) == nil {
			return fmt.Errorf("delivery of alert %q, which is not there", x.Alert)
		}
		x.Body = nil
		m.deliveries = put(m.deliveries, x, func(y state.Delivery) bool {
			return x.Alert == y.Alert && x.Revision == y.Revision && x.Sink == y.Sink
		})
	}
	for _, x := range c.Hours {
		m.count(x)
	}
	for _, x := range c.Quarantined {
		m.seq++
		x.Seq = m.seq
		m.quarantined = append(m.quarantined, x)
	}
	for _, x := range c.Values {
		m.values = put(m.values, x, func(y state.Value) bool { return x.Name == y.Name })
	}
	m.values = slices.DeleteFunc(m.values, func(x state.Value) bool { return x.Text == "" })
	for _, x := range c.Audit {
		m.seq++
		x.Seq = m.seq
		m.audit = append(m.audit, x)
	}
	if c.QuarantineLimit > 0 {
		var size int64
		for i, x := range slices.Backward(m.quarantined) {
			if size += x.Size(); size > c.QuarantineLimit {
				m.quarantined = m.quarantined[i+1:]
				break
			}
		}
	}
	m.forget(c.HistoryBefore)
	return nil
}

// put replaces what is like x, or appends x.
func put[T any](all []T, x T, like func(T) bool) []T {
	if i := slices.IndexFunc(all, like); i >= 0 {
		all[i] = x
		return all
	}
	return append(all, x)
}

func (m *Model) fact(id string, revision int) *state.Alert {
	for i, x := range m.alerts {
		if x.ID == id && x.Revision == revision {
			return &m.alerts[i]
		}
	}
	return nil
}

// newest reports whether no fact of the same alert has a higher revision.
func (m *Model) newest(a state.Alert) bool {
	return !slices.ContainsFunc(m.alerts, func(x state.Alert) bool { return x.ID == a.ID && x.Revision > a.Revision })
}

func (m *Model) count(x state.Hour) {
	for i, y := range m.hours {
		if !x.At.Equal(y.At) || x.Source != y.Source || x.Stream != y.Stream || x.Kind != y.Kind {
			continue
		}
		y.Events += x.Events
		y.Duplicates += x.Duplicates
		y.Quarantined += x.Quarantined
		y.Bytes += x.Bytes
		if y.First.IsZero() || !x.First.IsZero() && x.First.Before(y.First) {
			y.First = x.First
		}
		if y.Last.IsZero() || !x.Last.IsZero() && x.Last.After(y.Last) {
			y.Last = x.Last
		}
		m.hours[i] = y
		return
	}
	m.hours = append(m.hours, x)
}

func (m *Model) forget(before time.Time) {
	if before.IsZero() {
		return
	}
	m.hours = slices.DeleteFunc(m.hours, func(x state.Hour) bool { return x.At.Before(before) })
	m.deliveries = slices.DeleteFunc(m.deliveries, func(x state.Delivery) bool { return x.Done && x.Stored.Before(before) })
	m.alerts = keep(m.alerts, func(x state.Alert) bool {
		return m.newest(x) || !x.Stored.Before(before) || slices.ContainsFunc(m.deliveries, func(d state.Delivery) bool {
			return d.Alert == x.ID && d.Revision == x.Revision && !d.Done
		})
	})
}

// keep gives those that are wanted, and leaves all as it is.
func keep[T any](all []T, wanted func(T) bool) []T {
	var out []T
	for _, x := range all {
		if wanted(x) {
			out = append(out, x)
		}
	}
	return out
}

// Cursors implements state.Store.
func (m *Model) Cursors(context.Context) ([]state.Cursor, error) {
	return slices.SortedFunc(slices.Values(m.cursors), func(x, y state.Cursor) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Stream, y.Stream))
	}), nil
}

// Files implements state.Store.
func (m *Model) Files(context.Context) ([]state.File, error) {
	return slices.SortedFunc(slices.Values(m.files), func(x, y state.File) int { return cmp.Compare(x.Path, y.Path) }), nil
}

// Segments implements state.Store.
func (m *Model) Segments(_ context.Context, class string, since, until time.Time) iter.Seq2[state.Segment, error] {
	return all(keep(m.segments, func(x state.Segment) bool {
		return x.Class == class && !x.Last.Before(since) && (until.IsZero() || !x.First.After(until))
	}))
}

// all gives a list as a sequence without an error.
func all[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// Tallies implements state.Store.
func (m *Model) Tallies(context.Context) iter.Seq2[state.Tally, error] {
	return all(slices.SortedFunc(slices.Values(m.tallies), func(x, y state.Tally) int { return bytes.Compare(x.Name, y.Name) }))
}

// Alerts implements state.Store.
func (m *Model) Alerts(_ context.Context, q state.AlertQuery) iter.Seq2[state.Alert, error] {
	return all(slices.SortedFunc(slices.Values(keep(m.alerts, func(x state.Alert) bool {
		return m.newest(x) &&
			(len(q.IDs) == 0 || slices.Contains(q.IDs, x.ID)) &&
			(len(q.Rules) == 0 || slices.Contains(q.Rules, x.Rule)) &&
			(q.Tenant == "" || q.Tenant == x.Tenant) &&
			(q.Since.IsZero() || x.Last.IsZero() || !x.Last.Before(q.Since)) &&
			(q.Changed.IsZero() || !x.Stored.Before(q.Changed))
	})), func(x, y state.Alert) int { return cmp.Or(x.Last.Compare(y.Last), cmp.Compare(x.ID, y.ID)) }))
}

// History implements state.Store.
func (m *Model) History(_ context.Context, id string) ([]state.Alert, error) {
	return slices.SortedFunc(slices.Values(keep(m.alerts, func(x state.Alert) bool { return x.ID == id })),
		func(x, y state.Alert) int { return cmp.Compare(x.Revision, y.Revision) }), nil
}

// Pending implements state.Store.
func (m *Model) Pending(_ context.Context, sink string, now time.Time, n int) ([]state.Delivery, error) {
	due := keep(m.deliveries, func(x state.Delivery) bool { return x.Sink == sink && !x.Done && !x.Next.After(now) })
	slices.SortStableFunc(due, func(x, y state.Delivery) int { return cmp.Compare(x.Rank, y.Rank) })
	due = due[:min(len(due), max(n, 0))]
	for i, x := range due {
		due[i].Body = m.fact(x.Alert, x.Revision).Body
	}
	return due, nil
}

// Hours implements state.Store.
func (m *Model) Hours(_ context.Context, since time.Time) iter.Seq2[state.Hour, error] {
	return all(slices.SortedFunc(slices.Values(keep(m.hours, func(x state.Hour) bool { return !x.At.Before(since) })),
		func(x, y state.Hour) int {
			return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Source, y.Source), cmp.Compare(x.Stream, y.Stream),
				cmp.Compare(x.Kind, y.Kind))
		}))
}

// Quarantined implements state.Store.
func (m *Model) Quarantined(_ context.Context, n int) (newest []state.Quarantined, total int64, err error) {
	newest = slices.Clone(m.quarantined)
	slices.Reverse(newest)
	return newest[:min(len(newest), max(n, 0))], int64(len(m.quarantined)), nil
}

// Audit implements state.Store.
func (m *Model) Audit(_ context.Context, n int) ([]state.AuditEntry, error) {
	newest := slices.Clone(m.audit)
	slices.Reverse(newest)
	return newest[:min(len(newest), max(n, 0))], nil
}

// Value implements state.Store.
func (m *Model) Value(_ context.Context, name string) (string, error) {
	for _, x := range m.values {
		if x.Name == name {
			return x.Text, nil
		}
	}
	return "", nil
}

// Check implements state.Store.
func (m *Model) Check(context.Context) error { return nil }

// Backup implements state.Store; there is none.
func (m *Model) Backup(context.Context, string) error { return fmt.Errorf("a model has no backup") }

// Close implements state.Store.
func (m *Model) Close() error { return nil }

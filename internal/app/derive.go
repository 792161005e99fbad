package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/posture"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// A Resolver asks name servers for a host.
type Resolver interface {
	// Resolve reports whether the host exists. An error means that this could
	// not be learned.
	Resolve(ctx context.Context, host string) (exists bool, err error)
}

// An AsOf is the time for which snapshots hold.
type AsOf struct {
	Time time.Time `json:"time"`
	From string    `json:"from"` // in words
}

// derivedFrom is the file that derived records seem to come from.
const derivedFrom = "(snapshots)"

// derive reads what posture makes of snapshots and logs, as if it were one more
// file.
func (sc *scan) derive(ctx context.Context) error {
	snap := sc.dir.snap
	if sc.Generic || snap.Empty() {
		return nil
	}
	sc.asOf = sc.findAsOf()
	hosts, err := sc.resolve(ctx)
	if err != nil {
		return err
	}
	w := sc.workers[0]
	for _, other := range sc.workers[1:] {
		if w.watch != nil {
			w.watch.Merge(other.watch)
		}
	}
	b := sc.Baseline
	if b == nil {
		if b, err = baseline.Parse("", nil, nil); err != nil {
			return fmt.Errorf("empty baseline: %w", err)
		}
	}
	join := &posture.Join{
		Snapshot: snap, Directory: sc.dir.dir, View: b.View(sc.Tenant, sc.dir.dir), Watch: w.watch, AsOf: sc.asOf.Time, Hosts: hosts,
	}
	data, err := join.Write()
	if err != nil {
		return err
	}
	sc.missing = join.Missing()
	sc.unresolved = slices.Contains(slices.Collect(maps.Values(hosts)), posture.Unknown)
	sc.notices = append(sc.notices, snap.Unfinished()...)
	sc.notices = append(sc.notices, join.TooShort()...)
	w.watch = nil
	rep := &fileReport{path: derivedFrom, index: len(sc.files)}
	sc.files = append(slices.Clip(sc.files), file.Input{Path: derivedFrom, Stdin: true})
	fr := decode.NewFramer(bytes.NewReader(data), derivedFrom)
	for ctx.Err() == nil {
		batch := &decode.Batch{}
		if err := fr.Next(batch); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("read derived records: %w", err)
		}
		if err := w.do(job{batch: batch, file: rep}); err != nil {
			return err
		}
	}
	if rep.badAll > 0 {
		return fmt.Errorf("derived records: %s", rep.bad[0].Reason)
	}
	return ctx.Err()
}

// findAsOf says which time snapshots show.
func (sc *scan) findAsOf() AsOf {
	if !sc.AsOf.IsZero() {
		return AsOf{sc.AsOf.UTC(), "-as-of"}
	}
	var newest time.Time
	for _, w := range sc.workers {
		for k := range w.tally.seen {
			for f := range w.tally.seen[k] {
				if last := w.tally.seen[k][f].last; !event.Kind(k).Snapshot() && last.After(newest) {
					newest = last
				}
			}
		}
	}
	if !newest.IsZero() {
		return AsOf{newest.UTC(), "the newest event"}
	}
	if !sc.dir.newest.IsZero() {
		return AsOf{sc.dir.newest.UTC().Truncate(time.Second), "the date of the newest file with a snapshot"}
	}
	return AsOf{}
}

// resolve asks for the hosts of redirect URIs, one after the other.
func (sc *scan) resolve(ctx context.Context) (map[string]posture.Resolution, error) {
	if sc.Resolver == nil {
		return nil, nil
	}
	out := map[string]posture.Resolution{}
	var unknown []string
	for _, host := range sc.dir.snap.Hosts() {
		exists, err := sc.Resolver.Resolve(ctx, host)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		switch {
		case err != nil:
			out[host] = posture.Unknown
			unknown = append(unknown, host)
		case exists:
			out[host] = posture.Exists
		default:
			out[host] = posture.Gone
		}
	}
	if len(unknown) > 0 {
		shown, more := unknown[:min(len(unknown), 3)], ""
		if n := len(unknown) - len(shown); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		sc.notices = append(sc.notices, "-resolve: name servers did not answer for "+strings.Join(shown, ", ")+more+"; whether they exist is not known")
	}
	return out, nil
}

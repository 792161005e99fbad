package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/state"
)

// What the directory shows is looked at when it has been listed anew: as a scan of
// the listings, with what the lake says of how roles and accounts are used.

// postureBack is how far back the use of roles and accounts is looked at: longer
// than the longest time after which the guides call them unused.
const postureBack = 100 * 24 * time.Hour

// valuePosture is the value of the state that says of which listings that was.
const valuePosture = "posture"

// A postureResult is what a look at the directory gave.
type postureResult struct {
	alerts []*alert.Alert
	// sure are the rules that saw all that they ask for: what they do not find is
	// not there any more.
	sure map[string]bool
	mark string // names the listings
}

// posture looks at the directory, if it was listed anew.
func (u *upkeeper) posture(ctx context.Context, now time.Time) error {
	s := u.s
	if !s.snapshots.quiet(now, s.Settle) {
		return nil // more may follow
	}
	files, err := s.snapshots.files()
	if err != nil || len(files) == 0 {
		return err
	}
	newest := int64(0)
	var paths []string
	for _, f := range files {
		newest = max(newest, f.ModTime.Unix())
		paths = append(paths, f.Path)
	}
	// Sorts of objects are listed at different times: each has its round in its path.
	sum := sha256.Sum256([]byte(strings.Join(append([]string{s.fingerprint}, paths...), "\x00")))
	mark := hex.EncodeToString(sum[:])
	if done, err := s.State.Value(ctx, valuePosture); err != nil || done == mark {
		return err
	}
	c := ScanConfig{
		Paths: paths, Lake: &LakeInput{Lake: s.Lake, Files: s.soundFiles()}, Baseline: s.Baseline, Tenant: s.Tenant,
		Since: now.Add(-postureBack), AsOf: time.Unix(newest, 0), Workers: 1, TempDir: s.TempDir,
	}
	for _, r := range s.Rules {
		if r.Posture() {
			c.Rules = append(c.Rules, r)
		}
	}
	res, err := Scan(ctx, c)
	if err != nil {
		return fmt.Errorf("look at the directory: %w", err)
	}
	defer res.Close()
	out := &postureResult{sure: map[string]bool{}, mark: mark}
	for a, err := range res.Alerts() {
		if err != nil {
			return fmt.Errorf("look at the directory: %w", err)
		}
		a.Group = []string{a.ID} // whom it is about is in its id
		out.alerts = append(out.alerts, a)
	}
	for _, name := range res.Summary.Rules.Active {
		out.sure[name] = !slices.Contains(res.Summary.Rules.Partial, name)
	}
	select {
	case s.keeper.directory <- out:
	case <-ctx.Done():
	}
	return nil
}

// look makes facts of what a look at the directory gave. A finding that stands
// keeps its fact; one that is gone is withdrawn, if that is sure.
func (b *alertBook) look(r *postureResult, now time.Time) ([]state.Alert, error) {
	var was []*alert.Alert
	for _, facts := range b.facts {
		for _, a := range facts {
			if rule, ok := b.slug[a.Rule]; ok && b.rules[rule].Posture() {
				was = append(was, a)
			}
		}
	}
	found := map[string]*alert.Alert{}
	for _, a := range r.alerts {
		found[a.ID] = a
	}
	var before []*alert.Alert
	for _, a := range was {
		now := found[a.ID]
		if now == nil && !r.sure[a.Rule] {
			continue // perhaps it stands
		}
		if now != nil && a.Live() {
			// It stands since then; its time is that of the listing.
			now.First = a.First
			if now.Summary == a.Summary && now.Severity == a.Severity && now.Count == a.Count {
				now.Last, now.Updated, now.Evidence = a.Last, a.Updated, a.Evidence
			}
		}
		before = append(before, a)
	}
	var out []*alert.Alert
	for _, a := range alert.Revise(before, r.alerts) {
		switch {
		case !a.Live():
			a.Change = alert.Resolved
		case a.Revision == 1:
			a.Change = alert.New
		default:
			a.Change = alert.Standing
		}
		b.keep(b.groupOf(a), a, now)
		out = append(out, a)
	}
	return b.factsOf(out)
}

// factsOf links alerts and encodes them.
func (b *alertBook) factsOf(out []*alert.Alert) ([]state.Alert, error) {
	if len(out) == 0 {
		return nil, nil
	}
	if err := b.link(out); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(x, y *alert.Alert) int { return strings.Compare(x.ID, y.ID) })
	facts := make([]state.Alert, 0, len(out))
	for _, a := range out {
		f, err := storedAlert(a)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, nil
}

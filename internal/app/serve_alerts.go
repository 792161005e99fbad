package app

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/state"
)

// An alertBook holds the newest fact of each alert, by group, and makes the
// next ones.
type alertBook struct {
	rules  []*detect.Rule
	facts  map[string]map[string]*alert.Alert        // by group and id
	stored map[string]time.Time                      // by id: when its newest fact was made
	later  map[string]time.Time                      // groups that have grown, and when to say so
	naming map[detect.Entity]map[string]*alert.Alert // by entity and id: the alerts that name it
	// cuts are up to when nothing of a tenant changes any more.
	cuts map[string]time.Time
	lag  func(rule int) time.Duration
	slug map[string]int // rules by their name
	own  *watchBook     // alerts of the service itself
	// begun: what rules that have changed do not find any more was taken back.
	begun bool
}

// sayGrowth is how often at most it is told that an alert has more of the same.
const sayGrowth = 30 * time.Second

// A fact is an alert as the state holds it: with what tells the alerts of its
// rule apart, which nobody else sees.
type fact struct {
	Group []string        `json:"group"`
	Alert json.RawMessage `json:"alert"`
}

func openBook(ctx context.Context, s *Service, live *detect.Live) (*alertBook, error) {
	b := &alertBook{rules: s.engine.Rules(), facts: map[string]map[string]*alert.Alert{}, stored: map[string]time.Time{}, later: map[string]time.Time{}, naming: map[detect.Entity]map[string]*alert.Alert{}, cuts: map[string]time.Time{}, lag: live.Lag, slug: map[string]int{}, own: newWatchBook(s.Tenant)}
	for i, r := range b.rules {
		b.slug[r.Slug] = i
	}
	for f, err := range s.State.Alerts(ctx, state.AlertQuery{}) {
		if err != nil {
			return nil, fmt.Errorf("read alerts: %w", err)
		}
		a, err := readFact(f.Body)
		if err != nil {
			return nil, fmt.Errorf("read alert %s: %w", f.ID, err)
		}
		if b.own.keep(a) {
			continue
		}
		b.keep(b.groupOf(a), a, f.Stored)
	}
	return b, nil
}

func readFact(body []byte) (*alert.Alert, error) {
	var f fact
	var a alert.Alert
	if err := json.Unmarshal(body, &f); err != nil {
		return nil, fmt.Errorf("a stored alert is damaged: %w", err)
	}
	if err := json.Unmarshal(f.Alert, &a); err != nil {
		return nil, fmt.Errorf("a stored alert is damaged: %w", err)
	}
	a.Group = f.Group
	return &a, nil
}

// groupOf is what detect calls the group of an alert.
func (b *alertBook) groupOf(a *alert.Alert) string {
	rule, ok := b.slug[a.Rule]
	if !ok {
		return "" // of a rule that is gone
	}
	return detect.AlertGroup(a.Tenant, rule, a.Group)
}

// final reports whether an alert can change no more.
func (b *alertBook) final(a *alert.Alert) bool { return b.settled(a, 1) }

// settled reports whether an alert ended so many times before the cut as it might
// still have changed.
func (b *alertBook) settled(a *alert.Alert, times time.Duration) bool {
	rule, ok := b.slug[a.Rule]
	cut, known := b.cuts[a.Tenant]
	if !ok || a.Last == nil || b.rules[rule].Posture() {
		return !ok // what the directory shows stands as long as it shows it
	}
	return known && a.Last.Before(cut.Add(-times*(b.rules[rule].Period()+b.lag(rule))))
}

// prune forgets alerts that ended long ago.
func (b *alertBook) prune() {
	for group, facts := range b.facts {
		if _, waits := b.later[group]; waits {
			continue
		}
		for id, a := range facts {
			if b.settled(a, 3) {
				b.unname(a)
				delete(facts, id)
				delete(b.stored, id)
			}
		}
		if len(facts) == 0 {
			delete(b.facts, group)
		}
	}
}

func (b *alertBook) keep(group string, a *alert.Alert, at time.Time) {
	if b.facts[group] == nil {
		b.facts[group] = map[string]*alert.Alert{}
	}
	if was := b.facts[group][a.ID]; was != nil {
		b.unname(was)
	}
	b.facts[group][a.ID] = a
	b.stored[a.ID] = at
	for _, e := range a.Entities {
		key := named(a, e)
		if b.naming[key] == nil {
			b.naming[key] = map[string]*alert.Alert{}
		}
		b.naming[key][a.ID] = a
	}
}

// named is an entity as alerts of one tenant name it alike.
func named(a *alert.Alert, e detect.Entity) detect.Entity {
	if e.ID == "" {
		e.ID = strings.ToLower(e.Name)
	}
	return detect.Entity{Type: e.Type, ID: e.ID, Name: a.Tenant}
}

func (b *alertBook) unname(a *alert.Alert) {
	for _, e := range a.Entities {
		key := named(a, e)
		if delete(b.naming[key], a.ID); len(b.naming[key]) == 0 {
			delete(b.naming, key)
		}
	}
}

// revise makes the facts of what has changed.
func (b *alertBook) revise(live *detect.Live, now time.Time, all bool) ([]state.Alert, error) {
	for group, at := range b.later {
		if all || !now.Before(at) {
			delete(b.later, group)
			live.Again(group)
		}
	}
	var out []*alert.Alert
	if !b.begun {
		b.begun = true
		out = b.takeBack(live, now)
	}
	err := live.Changed(func(group string, signals iter.Seq2[detect.Signal, error]) error {
		var is []*alert.Alert
		builder := alert.NewBuilder(b.rules, live.Widespread, func(a *alert.Alert) error {
			is = append(is, a)
			return nil
		})
		for s, err := range signals {
			if err != nil {
				return err
			}
			if err := builder.Add(s); err != nil {
				return err
			}
		}
		if err := builder.Close(); err != nil {
			return err
		}
		was := make([]*alert.Alert, 0, len(b.facts[group]))
		for _, a := range b.facts[group] {
			if !b.final(a) {
				was = append(was, a)
				continue
			}
			// It stays as it is, whatever is left of what it rests on.
			is = slices.DeleteFunc(is, func(x *alert.Alert) bool { return x.ID == a.ID })
		}
		next := alert.Revise(was, is)
		if at, wait := b.wait(next, now); wait && !all {
			b.later[group] = at
			return nil
		}
		for _, a := range next {
			b.keep(group, a, now)
			out = append(out, a)
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return b.factsOf(out)
}

// takeBack withdraws alerts of rules that have changed and do not find anything of
// them.
func (b *alertBook) takeBack(live *detect.Live, now time.Time) (out []*alert.Alert) {
	for group, facts := range b.facts {
		var was []*alert.Alert
		for _, a := range facts {
			if rule, ok := b.slug[a.Rule]; ok && live.Gone(group, rule) && !b.final(a) && !b.rules[rule].Posture() {
				was = append(was, a)
			}
		}
		for _, a := range alert.Revise(was, nil) {
			b.keep(group, a, now)
			out = append(out, a)
		}
	}
	return out
}

// wait reports whether facts only tell that alerts have grown, shortly after
// that was told, and until when they can wait.
func (b *alertBook) wait(next []*alert.Alert, now time.Time) (until time.Time, wait bool) {
	for _, a := range next {
		group := b.groupOf(a)
		was := b.facts[group][a.ID]
		if was == nil || was.Severity != a.Severity || was.Status != a.Status {
			return time.Time{}, false
		}
		until = newest(until, b.stored[a.ID].Add(sayGrowth))
	}
	return until, until.After(now)
}

// link says of alerts to which incident they belong and which others are
// related to them. Only those that name the same can have to do with them.
func (b *alertBook) link(fresh []*alert.Alert) error {
	l := alert.NewLinker(detect.NewMemory)
	defer l.Close()
	near := map[string]bool{}
	for _, a := range fresh {
		for _, e := range a.Entities {
			for id, other := range b.naming[named(a, e)] {
				if near[id] || !other.Live() {
					continue
				}
				near[id] = true
				copied := *other
				copied.Related, copied.Incident = nil, ""
				if err := l.Add(&copied); err != nil {
					return err
				}
			}
		}
	}
	byID := map[string]*alert.Alert{}
	for _, a := range fresh {
		byID[a.ID] = a
	}
	return l.Finish(func(linked *alert.Alert) error {
		if a := byID[linked.ID]; a != nil {
			a.Incident, a.Related = linked.Incident, linked.Related
		}
		return nil
	})
}

func storedAlert(a *alert.Alert) (state.Alert, error) {
	body, err := json.Marshal(a)
	if err == nil {
		body, err = json.Marshal(fact{Group: a.Group, Alert: body})
	}
	if err != nil {
		return state.Alert{}, fmt.Errorf("encode alert %s: %w", a.ID, err)
	}
	f := state.Alert{ID: a.ID, Tenant: a.Tenant, Rule: a.Rule, Revision: a.Revision, Severity: a.Severity, Status: a.Status, Body: body}
	if a.First != nil {
		f.First, f.Last = *a.First, *a.Last
	}
	return f, nil
}

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake"
	"github.com/entrawatch/entrawatch/internal/state"
)

// What the last run knew comes back in three parts: notes, which stand for what
// can change no more; hits of newer events; and, for rules that are new or mean
// something else than before, events that are read again from the lake.

// rereadMost is how far back events are read again at most.
const rereadMost = 100 * 24 * time.Hour

// Values of the state that say which rules made what is in it.
const (
	valueRules   = "rules"        // of the last run: their fingerprint
	valueRulesOf = "rules/"       // with a fingerprint: the rules that it stands for
	mostRules    = 8              // fingerprints whose rules are known
	valueKnown   = "fingerprints" // the last ones, oldest first
)

// fingerprint names rules.
func fingerprint(rules []detect.HitRule) string {
	text, _ := json.Marshal(rules) // there is nothing in it that has no JSON
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}

func (k *keeper) bringBack(ctx context.Context) error {
	before, known, err := k.rulesBefore(ctx)
	if err != nil {
		return err
	}
	last := map[string]string{}
	for _, r := range before {
		last[r.Slug] = r.Hash
	}
	refill := k.live.Refill(func(i int) bool {
		return before == nil || last[k.s.hitRules[i].Slug] == k.s.hitRules[i].Hash
	}, rereadMost)
	for t, err := range k.s.State.Tallies(ctx) {
		if err != nil {
			return fmt.Errorf("read notes: %w", err)
		}
		used, err := k.live.Restore(detect.Note{Name: t.Name, Body: t.Body})
		if err != nil {
			return fmt.Errorf("read notes: %w", err)
		}
		if !used {
			k.owed.Tallies = append(k.owed.Tallies, state.Tally{Name: t.Name})
		}
	}
	for tenant, cut := range k.live.Cuts() {
		k.book.cuts[tenant] = time.Unix(0, cut).UTC()
	}
	if err := k.backFromSegments(ctx, known); err != nil {
		return err
	}
	if err := k.readAgain(ctx, refill); err != nil {
		return err
	}
	if err := k.rematch(ctx, refill.Rules); err != nil {
		return err
	}
	return k.nameRules(ctx)
}

// rulesBefore are the rules of the last run, nil if there was none, and those of
// earlier ones by their fingerprint.
func (k *keeper) rulesBefore(ctx context.Context) (last []detect.HitRule, known map[string][]detect.HitRule, err error) {
	known = map[string][]detect.HitRule{}
	var names []string
	if text, err := k.s.State.Value(ctx, valueKnown); err != nil {
		return nil, nil, fmt.Errorf("read the state: %w", err)
	} else if text != "" {
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return nil, nil, fmt.Errorf("read the state: %w: value %s: %w", state.ErrCorrupt, valueKnown, err)
		}
	}
	for _, name := range names {
		text, err := k.s.State.Value(ctx, valueRulesOf+name)
		if err != nil {
			return nil, nil, fmt.Errorf("read the state: %w", err)
		}
		var rules []detect.HitRule
		if err := json.Unmarshal([]byte(text), &rules); err != nil {
			return nil, nil, fmt.Errorf("read the state: %w: value %s: %w", state.ErrCorrupt, valueRulesOf+name, err)
		}
		known[name] = rules
	}
	name, err := k.s.State.Value(ctx, valueRules)
	if err != nil {
		return nil, nil, fmt.Errorf("read the state: %w", err)
	}
	return known[name], known, nil
}

// nameRules has the first flush say which rules made it.
func (k *keeper) nameRules(ctx context.Context) error {
	text, err := k.s.State.Value(ctx, valueKnown)
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	var names []string
	_ = json.Unmarshal([]byte(text), &names) // it was read before
	now := k.s.fingerprint
	names = append(slices.DeleteFunc(names, func(n string) bool { return n == now }), now)
	for len(names) > mostRules {
		k.owed.Values = append(k.owed.Values, state.Value{Name: valueRulesOf + names[0]})
		names = names[1:]
	}
	list, err := json.Marshal(names)
	if err != nil {
		return fmt.Errorf("name the rules: %w", err)
	}
	rules, err := json.Marshal(k.s.hitRules)
	if err != nil {
		return fmt.Errorf("name the rules: %w", err)
	}
	k.owed.Values = append(k.owed.Values,
		state.Value{Name: valueKnown, Text: string(list)}, state.Value{Name: valueRules, Text: now}, state.Value{Name: valueRulesOf + now, Text: string(rules)})
	k.buffer.began = time.Now() // it comes soon
	return nil
}

// backFromSegments brings back hits that are kept. Those of rules that mean
// something else now are left out.
func (k *keeper) backFromSegments(ctx context.Context, known map[string][]detect.HitRule) error {
	noted, err := k.number(ctx, valueNoted)
	if err != nil {
		return err
	}
	if k.flushes, err = k.number(ctx, valueFlush); err != nil {
		return err
	}
	same := map[string]int{}
	for i, r := range k.s.hitRules {
		same[r.Slug+" "+r.Hash] = i
	}
	for name, rules := range known {
		old := &oldRules{rules: rules}
		for _, r := range rules {
			i, ok := same[r.Slug+" "+r.Hash]
			if !ok {
				i = -1
			}
			old.to = append(old.to, i)
		}
		k.old[name] = old
	}
	for class, c := range hitClasses {
		for seg, err := range k.s.State.Segments(ctx, c.name, time.Time{}, time.Time{}) {
			if err != nil {
				return fmt.Errorf("read hits: %w", err)
			}
			k.stored = append(k.stored, storedSegment{class, seg.First, seg.Last})
			by, flush, hits, err := k.dec.open(&seg)
			if err != nil {
				return err
			}
			add := k.live.Back
			if flush > noted { // notes do not know of it
				add = k.live.Add
			}
			err = k.eachHit(by, hits, func(key event.Key, hits []byte) error {
				if k.had != nil {
					k.had[key] = true
				}
				_, err := add(key, hits)
				return err
			})
			if err != nil {
				return fmt.Errorf("read hits: %w", err)
			}
		}
	}
	return nil
}

// oldRules are those of an earlier run, and which of the present ones they are.
type oldRules struct {
	rules []detect.HitRule
	to    []int // -1 = none
	room  []byte
}

// eachHit gives hits that rules have made, which by names, as the present rules
// have them.
func (k *keeper) eachHit(by string, body []byte, each func(event.Key, []byte) error) error {
	if by == k.s.fingerprint {
		return eachHit(body, each)
	}
	old := k.old[by]
	if old == nil {
		return nil // nobody knows what their numbers mean
	}
	return eachHit(body, func(key event.Key, hits []byte) error {
		out, ok, err := detect.Translate(old.room[:0], hits, old.rules, old.to)
		if old.room = out; err != nil || !ok {
			return err
		}
		return each(key, out)
	})
}

// readAgain matches events of the lake with rules that have not seen them.
func (k *keeper) readAgain(ctx context.Context, refill detect.Refill) error {
	if len(refill.Rules) == 0 || len(k.newest) == 0 {
		return nil
	}
	var last time.Time
	for _, m := range k.newest {
		last = newest(last, m.latest())
	}
	k.s.Log.Info("warming up: rules that are new or have changed read what the lake has", "rules", len(refill.Rules))
	w := k.s.newServeWorker()
	files := k.s.soundFiles()
	n := 0
	for kind, back := range refill.Back {
		q := lake.Query{Kinds: []event.Kind{kind}, From: last.Add(-k.s.Lateness - back)}
		err := k.s.Lake.Read(ctx, files, q, func(r *lake.Row) error {
			n++
			return k.readOne(w, r, refill.Rules)
		})
		if err != nil {
			return fmt.Errorf("read the lake again: %w", err)
		}
	}
	k.s.Log.Info("warmed up", "events", n)
	return nil
}

func (k *keeper) readOne(w *serveWorker, r *lake.Row, rules map[int]bool) error {
	which, reason := w.again(r, func(rule int) bool { return rules[rule] })
	if reason != "" {
		return fmt.Errorf("%s: a record of the lake is not what it was: %s", r.Origin, reason)
	}
	if len(which) == 0 {
		return nil
	}
	return k.give(k.live.Back, w.ev.Key, w.ev.Time, w.match.Hits(nil, which, w.ev, []byte(r.Origin)))
}

// again decodes a row of the lake, and returns which of the rules that are wanted
// it satisfies.
func (w *serveWorker) again(r *lake.Row, wanted func(rule int) bool) (rules []int, reason string) {
	w.decode.Tenant = r.Tenant
	if reason := w.decode.Again(r.Kind, r.Sub, r.Format, r.Raw, w.ev); reason != "" {
		return nil, reason
	}
	for _, i := range w.match.Match(w.ev) {
		if wanted(i) {
			rules = append(rules, i)
		}
	}
	return rules, ""
}

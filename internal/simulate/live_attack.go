package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// firstAttack is when the first one begins, so that whoever looks on sees one
// soon.
const firstAttack = 3 * time.Minute

// nightEnds is the hour, UTC, up to which attacks begin that need the night.
const nightEnds = 3

// liveAttacks are those that a company can meet at any time: not such that
// differ from weeks before, nor such that stand in the directory.
func liveAttacks() []attack {
	return slices.DeleteFunc(attacks(), func(a attack) bool {
		return a.history > 0 || slices.ContainsFunc(postureAttacks, func(p attack) bool { return p.slug == a.slug })
	})
}

// attack plays the next one, and says when the one after it begins.
func (l *Live) attack() error {
	at := l.next
	l.next = at.Add(min(time.Duration(l.chance.ExpFloat64()*float64(l.every)), 3*l.every) + time.Second)
	a := l.choose(at)
	variant, n := "", 0
	if a.limit > 0 { // one in four stays below its limit
		variant, n = "over", (a.limit*11+9)/10
		if l.chance.IntN(4) == 0 {
			variant, n = "under", min(a.limit-1, a.limit*9/10)
		}
	}
	l.attacks++
	s := l.company.newScene(rand.New(rand.NewPCG(l.company.opt.Seed, mix(hashText(a.slug), uint64(l.attacks)))), at)
	s.ip = attackAddress(l.attacks)
	a.run(s, n)
	if len(s.records) == 0 {
		return fmt.Errorf("the attack %s left nothing in the logs", a.slug)
	}
	l.underway[l.attacks] = &intrusion{labels: l.company.labels(&a, variant, s)}
	return l.send(s.records, l.attacks)
}

// choose takes the next attack that fits the hour. All take place before one
// comes again.
func (l *Live) choose(at time.Time) attack {
	for range 2 {
		i := slices.IndexFunc(l.order, func(a attack) bool { return a.hour == 0 || at.Hour() < nightEnds })
		if i >= 0 {
			a := l.order[i]
			l.order = slices.Delete(l.order, i, i+1)
			return a
		}
		more := liveAttacks()
		l.chance.Shuffle(len(more), func(i, j int) { more[i], more[j] = more[j], more[i] })
		l.order = append(l.order, more...)
	}
	return l.order[0] // there are always some that fit any hour
}

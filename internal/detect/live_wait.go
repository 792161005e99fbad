package detect

import (
	"container/heap"
	"math"
	"time"
)

// What waits for a watermark: absent for the end of its timespan, windows that
// must be complete for their own end, and a day's count for each of its hours.

// needs is how long members are needed of which nothing takes the place.
func (p *Pattern) needs() time.Duration {
	switch {
	case p.Type == "first_seen":
		return Forever
	case p.Type == "period_change":
		return 17 * 24 * time.Hour
	case p.rests():
		return 0
	case p.Span <= 0, p.Versioned:
		return Forever
	}
	return 2 * p.Span
}

// Forever is how long hits are needed that tell since when something is known.
const Forever = time.Duration(math.MaxInt64)

type deadline struct {
	at    int64
	group *liveGroup
}

type deadlines []deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at < d[j].at }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)        { *d = append(*d, x.(deadline)) }
func (d *deadlines) Pop() any {
	old := *d
	x := old[len(old)-1]
	*d = old[:len(old)-1]
	return x
}

// longDay is as long as days get.
const longDay = 26 * int64(time.Hour)

// entered notes what a new member means to its group: when it must be looked at
// again, and what else it wants now.
func (l *Live) entered(g *liveGroup, rest []byte) {
	if g.stage >= l.spread() {
		return
	}
	d := signalReader{b: rest}
	at := int64(d.uint64() ^ 1<<63)
	if g.stage == 0 {
		if class := LogonClass(d.take(1)[0]); class == Interruption && l.sieve != nil {
			l.sieve.interrupted(g, at)
		}
		return
	}
	d.key()
	input := int(d.take(1)[0])
	l.need = max(l.need, g.pattern.needs())
	l.seen[g.tenant] = true
	if l.sieve != nil {
		l.sieve.opened(g, input, at)
	}
	p := g.pattern
	switch {
	case p.settles():
	case p.Type == "absent" && input == 0:
		at = (&absent{p: p}).deadline(&Member{At: at})
	case p.Type == "period_change":
		hour := at - at%int64(time.Hour) + int64(time.Hour)
		began := g.hours < hour
		if g.hours = max(g.hours, at+longDay); !began {
			return // it is looked at every hour
		}
		at = hour
	default:
		return
	}
	key := spreadKey{g.tenant, g.rule}
	if l.waiting[key] == nil {
		l.waiting[key] = &deadlines{}
	}
	heap.Push(l.waiting[key], deadline{at, g})
}

// expire touches the groups whose time has come.
func (l *Live) expire(until Watermark) {
	for key, waiting := range l.waiting {
		p := l.c.e.tenant(key.tenant).patterns[key.rule]
		mark := l.c.mark(key.rule, key.tenant, until)
		if p.settles() {
			mark = l.settled(key.rule, key.tenant, until)
		}
		for len(*waiting) > 0 && (*waiting)[0].at <= mark {
			d := heap.Pop(waiting).(deadline)
			l.touch(d.group)
			if next := d.at + int64(time.Hour); p.Type == "period_change" && next <= d.group.hours {
				heap.Push(waiting, deadline{next, d.group})
			}
		}
	}
}

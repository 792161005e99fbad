package learn

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// A dim is what sort of value is counted.
type dim byte

const (
	dimCountry dim = iota + 1
	dimNetwork
	dimAddress
	dimHour      // country, weekday and hour of interactive sign-ins
	dimAdminHour // the same for holders of privileged roles
	dimSignin    // all sign-ins that teach
	dimFlagged   // addresses at risk, from which nothing was learned
	dimProtocol  // of any sign-in, whatever its outcome
	dimDevice    // applications that used the device code flow
	dimROPC      // applications that used the password flow
	dimLegacy    // legacy clients
	dimDomain    // of members who signed in
	dimDirDomain // of members in the directory
	dimShape     // of the names of members who signed in
	dimDirShape
	dimPartner
	dimService // applications that signed in by themselves, with the address
	dimActor   // class and who
	dimSource  // who created accounts
	dimSync    // synchronisation accounts
	dimHolder  // who has a privileged role, and which
	dimGroup   // groups with a privileged role
	dimRelief  // names that look like emergency accounts
	dimRole    // privileged roles in the snapshots, by holder
	dimAdminShape
	dimAudit // all changes
	dimMethod
	dimB2C
	dimDisplay // display name by id
)

// A Value is something that was seen, and how often.
type Value struct {
	Text    string
	Records int64 // each event counted once
	Members int   // different users, or whatever is counted
	Days    int
	// Pairs is how many different members each day had, added up.
	Pairs       int
	First, Last time.Time // zero for what comes from the directory
}

// counts is what tuples with the same key add up to.
type counts struct {
	n           int64
	first, last int64
}

// A gatherer adds up tuples before they are sorted, as far as memory goes:
// mostly one user does the same thing many times a day.
type gatherer struct {
	out  Sorter
	held map[string]counts
	most int // that are held
	buf  []byte
	rec  []byte
}

// maxHeld is how many tuples are held by default.
const maxHeld = 1 << 16

func (g *gatherer) add(d dim, tenant, value string, who uint64, at int64) error {
	if value == "" {
		return nil
	}
	b := append(g.buf[:0], byte(d))
	b = appendText(appendText(b, tenant), value)
	b = binary.BigEndian.AppendUint64(b, who)
	b = binary.BigEndian.AppendUint32(b, uint32(at/(24*60*60)))
	g.buf = b
	c, ok := g.held[string(b)]
	if !ok && len(g.held) >= g.most {
		if err := g.flush(); err != nil {
			return err
		}
	}
	c.n++
	if !ok || at < c.first {
		c.first = at
	}
	c.last = max(c.last, at)
	g.held[string(b)] = c
	return nil
}

func (g *gatherer) flush() error {
	for key, c := range g.held {
		g.rec = append(g.rec[:0], key...)
		for _, n := range []int64{c.n, c.first, c.last} {
			g.rec = binary.BigEndian.AppendUint64(g.rec, uint64(n))
		}
		if err := g.out.Add(g.rec); err != nil {
			return err
		}
	}
	clear(g.held)
	return nil
}

// A Profile is what was seen in one tenant: by dim, the values that were seen
// on most days, and by most members.
type Profile struct {
	values map[dim][]Value
	// more is how many values there are beside these.
	more map[dim]int
}

// kept is how many values of a sort are kept. An attacker can make up
// addresses, applications and names without end.
func kept(d dim) int {
	if d == dimHour {
		return 250 * 7 * 24
	}
	return 500
}

func (p *Profile) put(d dim, v Value) {
	list := append(p.values[d], v)
	if len(list) > 2*kept(d) {
		list = p.trim(d, list)
	}
	p.values[d] = list
}

func (p *Profile) trim(d dim, list []Value) []Value {
	slices.SortFunc(list, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Days, a.Days), cmp.Compare(b.Members, a.Members), cmp.Compare(b.Records, a.Records), cmp.Compare(a.Text, b.Text))
	})
	if n := kept(d); len(list) > n {
		p.more[d] += len(list) - n
		list = list[:n]
	}
	return list
}

// all returns the values of a sort, best first.
func (p *Profile) all(d dim) []Value { return p.values[d] }

// profiles reads sorted tuples: what belongs to one value stands together.
func profiles(in Sorter) (map[string]*Profile, error) {
	out := map[string]*Profile{}
	var key, who []byte
	var v Value
	var d dim
	var tenant string
	days := map[uint32]bool{}
	end := func() {
		if key == nil {
			return
		}
		v.Days = len(days)
		p := out[tenant]
		if p == nil {
			p = &Profile{values: map[dim][]Value{}, more: map[dim]int{}}
			out[tenant] = p
		}
		p.put(d, v)
	}
	const tail, fixed = 24, 8 + 4 + 24
	var pair []byte
	for rec, err := range in.Sorted() {
		if err != nil {
			return nil, err
		}
		if len(rec) < fixed+3 {
			return nil, errDamaged
		}
		own := rec[:len(rec)-fixed]
		if key == nil || !bytes.Equal(own, key) {
			end()
			key, who, pair = append(key[:0], own...), who[:0], pair[:0]
			r := reader{rec: own[1:]}
			d, tenant = dim(own[0]), r.text()
			v = Value{Text: r.text()}
			if r.bad {
				return nil, errDamaged
			}
			clear(days)
		}
		if m := rec[len(own) : len(own)+8]; !bytes.Equal(m, who) {
			v.Members++
			who = append(who[:0], m...)
		}
		if m := rec[len(own) : len(own)+12]; !bytes.Equal(m, pair) {
			v.Pairs++
			pair = append(pair[:0], m...)
		}
		if day := binary.BigEndian.Uint32(rec[len(own)+8:]); day != 0 && len(days) < maxDays {
			days[day] = true
		}
		r := reader{rec: rec[len(rec)-tail:]}
		n, first, last := r.int64(), r.int64(), r.int64()
		v.Records += n
		v.span(first, last)
	}
	end()
	for _, p := range out {
		for d, list := range p.values {
			p.values[d] = p.trim(d, list)
		}
	}
	return out, nil
}

// span widens the time in which the value was seen.
func (v *Value) span(first, last int64) {
	if first == 0 {
		return
	}
	if t := time.Unix(first, 0).UTC(); v.First.IsZero() || t.Before(v.First) {
		v.First = t
	}
	if t := time.Unix(last, 0).UTC(); t.After(v.Last) {
		v.Last = t
	}
}

package decode

import (
	"fmt"
	"math"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Decoder reads the fields it was made for out of records of any kind and
// format. It never changes and may be shared.
type Decoder struct {
	schema *event.Schema
	roots  [event.NumKinds][event.NumFormats]*node
	// times are the ids of hidden fields, one for each alternative place of
	// the event's time, so that a malformed time gives way to the next.
	times [maxTimes]int
	cores [event.NumKinds]coreFields
}

const maxTimes = 4

// coreFields are what identity is made of.
type coreFields struct {
	id, tenant, version int // field ids, -1 if the kind has none
	time                string
}

// timeField names the field that is an event's time, by kind.
var timeField = [event.NumKinds]string{
	event.Signin: "createdDateTime", event.Audit: "activityDateTime", event.RiskDetection: "activityDateTime",
	event.RiskyUser: "riskLastUpdatedDateTime", event.Activity: "eventTimestamp", event.M365: "CreationTime",
	event.KeyVault: "time", event.GraphActivity: "time", event.Provisioning: "activityDateTime", event.DomainServices: "time",
	event.RegistrationDetails: "lastUpdatedDateTime",
}

// versionField names the field that tells versions of one id apart.
var versionField = [event.NumKinds]string{
	event.RiskDetection: "lastUpdatedDateTime", event.RiskyUser: "riskLastUpdatedDateTime",
}

// A node is one step of the paths through a record.
type node struct {
	// table is open addressing over the hashes of names; its size is a power
	// of two, and shift leaves as many bits of a hash as it has.
	table  []slot
	shift  uint8
	edges  []*edge
	leaves []leaf
	lists  []*list
	// structured is true where a string may hold an object or array.
	structured bool
	// text is true where a string is worth a note.
	text bool
	// id is the node's place among all, which the root of a record keeps.
	id     uint16
	all    []*node
	places []event.Place
}

// A slot of a table has what decides nearly always whether it is the right
// one, so that its edge need not be looked at.
type slot struct {
	name name // of exact
	edge *edge
}

type edge struct {
	name  string // lower case
	exact string // as the path spells it, which most records do as well
	to    *node
}

// A leaf says into which field a value goes.
type leaf struct {
	field int
	rank  uint8
	typ   event.Type
}

// A list is an array of objects that are told apart by the value of one of
// their keys.
type list struct {
	key    string // lower case
	byName map[string]*node
}

// NewDecoder makes a decoder for the fields that wanted lists for each kind,
// by id. What identity, time and tenant need is always read.
func NewDecoder(schema *event.Schema, wanted [event.NumKinds][]int) (*Decoder, error) {
	d := &Decoder{schema: schema}
	for i := range d.times {
		d.times[i] = schema.Hidden(fmt.Sprintf("time.%d", i))
	}
	for k := event.Kind(1); k < event.NumKinds; k++ {
		c := coreFields{id: -1, tenant: -1, version: -1, time: timeField[k]}
		want := map[int]bool{}
		d.want(k, wanted[k], want)
		for _, name := range []string{"id", "tenantId", "tenantPath", versionField[k]} {
			if name == "" {
				continue
			}
			id := schema.MustID(name)
			if f := schema.Field(k, id); f == nil {
				// Some logs know the tenant under another name.
				if f = schema.Lookup(k, name); f != nil && name == "tenantId" {
					c.tenant = f.ID
					want[f.ID] = true
				}
			} else {
				want[id] = true
				switch name {
				case "id":
					c.id = f.ID
				case "tenantId":
					c.tenant = f.ID
				case versionField[k]:
					c.version = f.ID
				}
			}
		}
		if k == event.Signin {
			d.want(k, []int{schema.MustID("signInEventTypes"), schema.MustID("isInteractive"), event.FSPID, event.FUserID, event.FUPN}, want)
		}
		d.cores[k] = c
		for _, format := range event.FormatsOf(k) {
			root := &node{}
			for id := range want {
				if err := d.add(root, k, format, schema.Field(k, id)); err != nil {
					return nil, err
				}
			}
			if c.time != "" {
				for i, path := range schema.Field(k, schema.MustID(c.time)).Paths[format] {
					if i < maxTimes {
						if err := root.add(path, leaf{field: d.times[i], rank: 0, typ: event.Time}); err != nil {
							return nil, err
						}
					}
				}
			}
			root.seal()
			d.roots[k][format] = root
		}
	}
	return d, nil
}

// want adds fields and, for derived ones, what they are computed from.
func (d *Decoder) want(k event.Kind, ids []int, want map[int]bool) {
	for _, id := range ids {
		f := d.schema.Field(k, id)
		if f == nil || want[id] {
			continue
		}
		want[id] = true
		for _, need := range f.Inputs() {
			if g := d.schema.Lookup(k, need); g != nil {
				d.want(k, []int{g.ID}, want)
			}
		}
	}
}

func (d *Decoder) add(root *node, k event.Kind, format event.Format, f *event.Field) error {
	if f == nil || f.Derived() {
		return nil
	}
	for rank, path := range f.Paths[format] {
		if err := root.add(path, leaf{field: f.ID, rank: uint8(rank), typ: f.Type}); err != nil {
			return fmt.Errorf("field %s of %s in %s: %w", f.Name, k, format, err)
		}
	}
	return nil
}

// add lays a path from n and puts l at its end.
func (n *node) add(path string, l leaf) error {
	for path != "" {
		var key string
		if path[0] == '`' {
			end := strings.IndexByte(path[1:], '`')
			if end < 0 {
				return fmt.Errorf("path %q: unclosed backquote", path)
			}
			key, path = path[1:end+1], path[end+2:]
		} else {
			end := strings.IndexAny(path, ".{")
			if end < 0 {
				end = len(path)
			}
			key, path = path[:end], path[end:]
		}
		if key == "" {
			return fmt.Errorf("path %q: empty step", path)
		}
		n = n.child(key)
		if strings.HasPrefix(path, "{") {
			end := strings.IndexByte(path, '}')
			name, value, ok := strings.Cut(path[1:max(end, 1)], "=")
			if end < 0 || !ok {
				return fmt.Errorf("path %q: expected {key=Name}", path)
			}
			n = n.element(name, value)
			path = path[end+1:]
		}
		path = strings.TrimPrefix(path, ".")
	}
	n.leaves = append(n.leaves, l)
	return nil
}

func (n *node) child(exact string) *node {
	key := strings.ToLower(exact)
	for _, e := range n.edges {
		if e.name == key {
			return e.to
		}
	}
	e := &edge{name: key, exact: exact, to: &node{}}
	n.edges = append(n.edges, e)
	return e.to
}

func (n *node) element(key, name string) *node {
	key, name = strings.ToLower(key), strings.ToLower(name)
	for _, l := range n.lists {
		if l.key == key {
			if l.byName[name] == nil {
				l.byName[name] = &node{}
			}
			return l.byName[name]
		}
	}
	to := &node{}
	n.lists = append(n.lists, &list{key: key, byName: map[string]*node{name: to}})
	return to
}

// seal builds the look-up tables of a root and all that is below it.
func (n *node) seal() {
	n.all = n.sealed(nil)
	if len(n.all) > math.MaxUint16 {
		panic("decode: more paths than notes can tell apart")
	}
	n.places = make([]event.Place, len(n.all))
	for i, at := range n.all {
		if at.structured || len(at.leaves) != 1 {
			continue
		}
		if l := at.leaves[0]; l.typ != event.Encoded && l.field <= math.MaxUint16 {
			n.places[i] = event.Place{Field: uint16(l.field), Rank: l.rank, Plain: true}
		}
	}
}

func (n *node) sealed(all []*node) []*node {
	n.id = uint16(len(all))
	all = append(all, n)
	size, bits := 4, 2
	for size < 4*len(n.edges) {
		size, bits = 2*size, bits+1
	}
	n.table = make([]slot, size)
	n.shift = uint8(64 - bits)
	n.structured = len(n.edges) > 0 || len(n.lists) > 0
	for _, l := range n.leaves {
		n.structured = n.structured || l.typ == event.JSON
	}
	n.text = n.structured || len(n.leaves) > 0
	for _, e := range n.edges {
		exact := nameOf([]byte(e.exact))
		h := exact.hash() >> n.shift
		for n.table[h].edge != nil {
			h = (h + 1) & uint64(size-1)
		}
		n.table[h] = slot{exact, e}
		all = e.to.sealed(all)
	}
	for _, l := range n.lists {
		for _, to := range l.byName {
			all = to.sealed(all)
		}
	}
	return all
}

// find returns the node behind a key, whose name is given as well, or nil.
func (n *node) find(key []byte, k name) *node {
	for h := k.hash() >> n.shift; ; h++ {
		s := &n.table[h&uint64(len(n.table)-1)]
		switch {
		case s.edge == nil:
			return nil
		case s.name == k && (len(key) <= 16 || string(key) == s.edge.exact), len(key) == s.name.size && fold(key, s.edge.name):
			return s.edge.to
		}
	}
}

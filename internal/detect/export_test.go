package detect

import "encoding/binary"

// What the naive implementation in package detect_test needs of the inside.

// SetSlots says what details of findings collect, and from where: for each
// input and slot the slot of the member.
func (p *Pattern) SetSlots(all []bool, sources [][]int) {
	p.slots = nil
	for _, a := range all {
		p.slots = append(p.slots, slot{all: a})
	}
	p.sources = sources
}

// LeaveMore lets EvaluateUrgent leave small groups for later, too.
func (l *Live) LeaveMore() { l.eachTime = 1 }

// Encode writes a detail as members carry it.
func (d *Detail) Encode() []byte { return d.append(nil) }

// DecodeDetail reads what Encode wrote.
func DecodeDetail(b []byte) (Detail, error) {
	var d Detail
	r := signalReader{b: b}
	if d.read(&r); r.bad {
		return d, errSignal
	}
	return d, nil
}

// DecodeMember reads the rest of a member's record, behind its group.
func DecodeMember(b []byte, p *Pattern) (Member, error) {
	var g memberReader
	return g.member(b, p)
}

// The functions on tuples.
var (
	SplitTuple = splitTuple
	Parts      = parts
	PlaceOf    = placeOf
)

// Tuple writes values as a tuple; nil stands for a missing one.
func Tuple(values ...*string) string {
	var out []byte
	for _, v := range values {
		if v == nil {
			out = append(out, 0)
		} else {
			out = appendPart(out, *v)
		}
	}
	return string(out)
}

// Never is the watermark of a log of which nothing was seen.
const Never = never

// MaxKept is how many members of a window keep what a finding shows.
const MaxKept = maxKept

// Apart returns a matcher that shares nothing with this one.
func (m *Matcher) Apart() *Matcher { return m.engine.NewMatcher() }

// Rests reports whether a base can stand for members.
func (p *Pattern) Rests() bool { return p.rests() }

// Settle moves the floor of a group.
func (p *Pattern) Settle(base *Base, recs [][]byte, floor int64, over func(*Found) error) (*Base, [][]byte, error) {
	return p.settle(base, recs, floor, over)
}

// EvalFrom gives the findings of a group with a base.
func (p *Pattern) EvalFrom(base *Base, recs [][]byte, emit func(*Found) error) error {
	var r memberReader
	return p.eval(base, func(yield func(Member, error) bool) {
		for _, rec := range recs {
			if !yield(r.member(rec, p)) {
				return
			}
		}
	}, never, emit, nil)
}

// Again writes a base and reads it back.
func (b *Base) Again() (*Base, error) {
	d := signalReader{b: b.append(nil)}
	out := d.base()
	if d.bad || len(d.b) > 0 {
		return nil, errSignal
	}
	return out, nil
}

// Record writes a member as groups of a Live keep it.
func (m *Member) Record(detail []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(m.At)^1<<63)
	b = append(append(b, m.ID[:]...), byte(m.Input))
	b = binary.AppendUvarint(b, uint64(len(m.Values)))
	for _, v := range m.Values {
		b = appendText(b, v)
	}
	return append(b, detail...)
}

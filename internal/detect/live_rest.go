package detect

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// Most groups of first_seen have learnt what there is to learn: somebody does what
// he always does. There is one for each user, so they rest until something new
// comes, packed side by side where nothing looks for garbage.

// A shelf holds what groups of a stage that rest consist of. They are known by 128
// bits of a hash, which nobody outside can aim at.
type shelf struct {
	seeds  [2]maphash.Seed
	places map[uint64]uint64 // by the first half of the hash: where in the chunks
	chunks [][]byte
	dead   int // bytes of groups that were taken
}

const (
	chunkSize = 1 << 20
	// largestResting is how long the records of a group may be that rests.
	largestResting = 4 << 10
	checkSize      = 8 // of the other half of the hash
)

func (s *shelf) len() int { return len(s.places) }

// put lays down the records of a group. It reports whether there is a place for it.
func (s *shelf) put(prefix string, recs [][]byte) bool {
	if s.places == nil {
		s.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
		s.places = map[uint64]uint64{}
	}
	h := maphash.String(s.seeds[0], prefix)
	if _, taken := s.places[h]; taken {
		return false // by another group: hardly ever
	}
	var body []byte
	for _, rec := range recs {
		body = append(binary.AppendUvarint(body, uint64(len(rec))), rec...)
	}
	if len(body) > largestResting {
		return false
	}
	entry := binary.LittleEndian.AppendUint64(nil, maphash.String(s.seeds[1], prefix))
	entry = append(binary.AppendUvarint(entry, uint64(len(body))), body...)
	s.places[h] = s.append(entry)
	return true
}

// append adds an entry to the last chunk, and returns its place.
func (s *shelf) append(entry []byte) uint64 {
	last := len(s.chunks) - 1
	if last < 0 || len(s.chunks[last])+len(entry) > chunkSize {
		s.chunks = append(s.chunks, make([]byte, 0, chunkSize))
		last++
	}
	at := len(s.chunks[last])
	s.chunks[last] = append(s.chunks[last], entry...)
	return uint64(last)*chunkSize + uint64(at)
}

// entry is what lies at a place, and its body.
func (s *shelf) entry(place uint64) (entry, body []byte) {
	entry = s.chunks[place/chunkSize][place%chunkSize:]
	n, size := binary.Uvarint(entry[checkSize:])
	from := checkSize + size
	end := from + int(n)
	return entry[:end:end], entry[from:end:end]
}

// find returns where a group rests.
func (s *shelf) find(prefix []byte) (hash uint64, body []byte, found bool) {
	if len(s.places) == 0 {
		return 0, nil, false
	}
	hash = maphash.Bytes(s.seeds[0], prefix)
	place, found := s.places[hash]
	if !found {
		return 0, nil, false
	}
	entry, body := s.entry(place)
	if binary.LittleEndian.Uint64(entry) != maphash.Bytes(s.seeds[1], prefix) {
		return 0, nil, false
	}
	return hash, body, true
}

// look returns the records of a group that rests, as they lie there.
func (s *shelf) look(prefix []byte) [][]byte {
	_, body, _ := s.find(prefix)
	return unpack(body)
}

func unpack(body []byte) [][]byte {
	var recs [][]byte
	for len(body) > 0 {
		n, size := binary.Uvarint(body)
		end := size + int(n)
		recs = append(recs, body[size:end:end])
		body = body[end:]
	}
	return recs
}

// take returns the records of a group that rests, and forgets it.
func (s *shelf) take(prefix []byte) [][]byte {
	hash, body, found := s.find(prefix)
	if !found {
		return nil
	}
	entry, _ := s.entry(s.places[hash])
	recs := unpack(bytes.Clone(body))
	delete(s.places, hash)
	if s.dead += len(entry); s.dead > max(chunkSize, len(s.chunks)*chunkSize/2) {
		s.tidy()
	}
	return recs
}

// tidy lays what rests close together again.
func (s *shelf) tidy() {
	old := *s
	s.chunks, s.dead = nil, 0
	for hash, place := range old.places {
		entry, _ := old.entry(place)
		s.places[hash] = s.append(entry)
	}
}

// rest lays a group down that has learnt, and gives nothing.
func (l *Live) rest(g *liveGroup) {
	if g.stage == 0 || g.stage >= l.spread() || !l.teaches[g.rule] {
		return
	}
	if g.dirty || g.open || g.noted || g.base != nil || len(g.out) > 0 || len(g.recs) == 0 {
		return
	}
	if st := &l.stages[g.stage]; st.shelf.put(g.prefix, g.recs) {
		delete(st.groups, g.prefix)
	}
}

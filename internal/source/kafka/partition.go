package kafka

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/source"
)

// A partition is one that this member reads.
type partition struct {
	topic  string
	number int32
	stream string
	// next is the offset of the message to come; -1 = not known yet.
	next int64
	// flights are what was delivered and is not committed yet, in order.
	flights []*flight
	// closing: it goes to another member, and nothing more of it is delivered.
	closing bool
	// gone: it belongs to another member.
	gone bool
	// behind is how many messages were left when the last one was read, whose
	// time is at.
	behind int64
	at     time.Time
	// trouble is shown until then, although reading goes on.
	trouble *source.Problem
	until   time.Time
}

// A flight is a delivery under way.
type flight struct {
	end    kgo.EpochOffset
	stored bool
}

func streamOf(topic string, number int32) string {
	return topic + "/" + strconv.Itoa(int(number))
}

// parseStream undoes streamOf.
func parseStream(stream string) (topic string, number int32, ok bool) {
	i := strings.LastIndexByte(stream, '/')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseInt(stream[i+1:], 10, 32)
	return stream[:i], int32(n), err == nil && n >= 0
}

// take notes a delivery. It returns nil if the partition is on its way to
// another member.
func (r *run) take(p *partition, end kgo.EpochOffset) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.closing || p.gone {
		return nil
	}
	f := &flight{end: end}
	p.flights = append(p.flights, f)
	return f
}

// stored notes that a delivery is stored. Only when all before it are as well
// may its offset be committed.
func (r *run) stored(p *partition, f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.stored = true
	if p.gone {
		return
	}
	done := 0
	for done < len(p.flights) && p.flights[done].stored {
		done++
	}
	if done == 0 {
		return
	}
	end := p.flights[done-1].end
	p.flights = p.flights[done:]
	r.cl.MarkCommitOffsets(map[string]map[int32]kgo.EpochOffset{p.topic: {p.number: end}})
	select {
	case r.landed <- struct{}{}:
	default:
	}
}

// settle waits until all of parts that was delivered is stored, at most for d.
func (r *run) settle(parts []*partition, d time.Duration) {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	for r.flying(parts) {
		select {
		case <-r.landed:
		case <-timeout.C:
			return
		}
	}
}

func (r *run) flying(parts []*partition) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts {
		if len(p.flights) > 0 {
			return true
		}
	}
	return false
}

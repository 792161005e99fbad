package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// begin decides where newly assigned partitions begin: where the group is, or
// where the state is if that is behind. The cursors of the state are those of
// when Run began; they count no longer where the group has moved since, because
// then another member has stored more.
func (r *run) begin(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	if r.known == nil {
		known, err := r.committed(ctx)
		if err != nil {
			return nil, err
		}
		r.known = known
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for topic, parts := range offsets {
		for number, o := range parts {
			stream := streamOf(topic, number)
			at := o.EpochOffset().Offset
			if c, ok := r.cursors[stream]; ok && (at < 0 || c < at && r.known[stream] == at) {
				parts[number] = kgo.NewOffset().At(c).WithEpoch(-1)
				at = c
			}
			if p := r.parts[stream]; p != nil {
				p.next = at
			}
		}
	}
	return offsets, nil
}

// committed asks where the group is with those partitions that have a cursor.
func (r *run) committed(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
	topics := map[string][]int32{}
	for stream := range r.cursors {
		topic, number, _ := parseStream(stream)
		topics[topic] = append(topics[topic], number)
	}
	if len(topics) == 0 {
		return out, nil
	}
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = r.s.cfg.Group
	for topic, numbers := range topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = topic, numbers
		group.Topics = append(group.Topics, t)
	}
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Groups = append(req.Groups, group)
	select {
	case <-r.joined:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	resp, err := req.RequestWith(ctx, r.cl)
	if err != nil {
		return nil, err
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return nil, err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				out[streamOf(t.Topic, p.Partition)] = p.Offset
			}
		}
	}
	return out, nil
}

// assigned begins with partitions.
func (r *run) assigned(_ context.Context, _ *kgo.Client, assigned map[string][]int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for topic, numbers := range assigned {
		for _, n := range numbers {
			stream := streamOf(topic, n)
			r.parts[stream] = &partition{topic: topic, number: n, stream: stream, next: -1}
		}
	}
}

// revoked lets partitions go to another member: what was delivered is stored
// first, if that does not take too long, and committed.
func (r *run) revoked(ctx context.Context, cl *kgo.Client, revoked map[string][]int32) {
	r.mu.Lock()
	wait := r.s.leaveWait
	if r.stopping {
		wait = r.s.stopWait
	}
	leaving := r.leaving(revoked)
	for _, p := range leaving {
		p.closing = true
	}
	r.mu.Unlock()
	r.settle(leaving, wait)
	ctx, cancel := context.WithTimeout(ctx, r.s.patience)
	defer cancel()
	if err := cl.CommitMarkedOffsets(ctx); err != nil {
		r.s.log.Warn("offsets were not committed; the next member reads some messages again", "error", err)
	}
	r.forget(leaving)
}

// lost ends with partitions that belong to another member already.
func (r *run) lost(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	r.mu.Lock()
	leaving := r.leaving(lost)
	r.mu.Unlock()
	r.forget(leaving)
}

func (r *run) leaving(of map[string][]int32) []*partition {
	var out []*partition
	for topic, numbers := range of {
		for _, n := range numbers {
			if p := r.parts[streamOf(topic, n)]; p != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

func (r *run) forget(parts []*partition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts {
		p.gone = true
		if r.parts[p.stream] == p {
			delete(r.parts, p.stream)
		}
	}
}

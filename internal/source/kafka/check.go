package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/entrawatch/entrawatch/internal/source"
)

// look asks the brokers for the topics. problems are those of single ones.
func (s *Source) look(ctx context.Context, cl *kgo.Client) (problems map[string]error, err error) {
	found, problems, err := s.find(ctx, cl)
	for _, p := range s.patterns {
		if err == nil && problems[p] == nil && !slices.ContainsFunc(slices.Collect(maps.Keys(found)), regexp.MustCompile(pattern(p)).MatchString) {
			problems[p] = &source.Problem{
				What: fmt.Sprintf("no topic matches %s", p),
				Hint: "check topics against the event hubs of the namespace; a policy of a single event hub does not show the others. Once there is one it is read",
			}
		}
	}
	return problems, err
}

// find returns the configured topics that exist, with their partitions.
func (s *Source) find(ctx context.Context, cl *kgo.Client) (found map[string][]int32, problems map[string]error, err error) {
	req := kmsg.NewPtrMetadataRequest()
	if len(s.patterns) == 0 {
		for _, t := range s.topics {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = kmsg.StringPtr(t)
			req.Topics = append(req.Topics, topic)
		}
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, nil, err
	}
	found, problems = map[string][]int32{}, map[string]error{}
	for _, t := range resp.Topics {
		if t.Topic == nil || !s.wants(*t.Topic) {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			problems[*t.Topic] = s.explain(err, nil)
			continue
		}
		for _, p := range t.Partitions {
			found[*t.Topic] = append(found[*t.Topic], p.Partition)
		}
	}
	for _, t := range s.topics {
		if found[t] == nil && problems[t] == nil && !strings.Contains(t, "*") {
			problems[t] = s.explain(kerr.UnknownTopicOrPartition, nil)
		}
	}
	return found, problems, nil
}

func (s *Source) wants(topic string) bool {
	return slices.ContainsFunc(s.topics, func(t string) bool {
		return t == topic || strings.Contains(t, "*") && regexp.MustCompile(pattern(t)).MatchString(topic)
	})
}

// Check looks at the connection, the sign-in, the topics and the group, and
// changes nothing.
func (s *Source) Check(ctx context.Context) []source.Check {
	var d dials
	ctx, cancel := context.WithTimeout(ctx, 2*s.patience)
	defer cancel()
	out := append(s.cfg.Entra.CheckEnd(time.Now()), s.cfg.TLS.checkEnd(time.Now())...)
	cl, err := s.connect(&d, s.extra...)
	if err != nil {
		return append(out, source.Check{What: "configuration", Problem: s.explain(err, nil)})
	}
	defer cl.Close()

	brokers := "connection to " + strings.Join(s.brokers(), ", ")
	found, problems, err := s.find(ctx, cl)
	if err != nil {
		return append(out, source.Check{What: brokers, Problem: s.explain(err, d.last())})
	}
	out = append(out, source.Check{What: brokers})
	for _, t := range slices.Sorted(maps.Keys(problems)) {
		out = append(out, source.Check{Stream: t, What: "topic " + t, Problem: problems[t]})
	}
	missing, err := s.look(ctx, cl)
	for _, p := range s.patterns {
		if err == nil && missing[p] != nil {
			out = append(out, source.Check{Stream: p, What: "topic " + p, Problem: missing[p]})
		}
	}
	for _, t := range slices.Sorted(maps.Keys(found)) {
		c := source.Check{Stream: t, What: "reading topic " + t}
		if messages, err := s.readable(ctx, cl, t, found[t]); err != nil {
			c.Problem = s.explain(err, d.last())
		} else {
			c.Note = fmt.Sprintf("%d partitions hold %d messages", len(found[t]), messages)
		}
		out = append(out, c)
	}
	c := source.Check{What: "group " + s.cfg.Group}
	if err := s.groupAllowed(ctx, cl); err != nil {
		c.Problem = s.explain(err, d.last())
	}
	return append(out, c)
}

// readable asks for the bounds of a topic, which takes the right to read it, and
// returns how many messages there are between them.
func (s *Source) readable(ctx context.Context, cl *kgo.Client, topic string, numbers []int32) (messages int64, err error) {
	for _, at := range []struct{ timestamp, sign int64 }{{-1, 1}, {-2, -1}} { // the end, the start
		req := kmsg.NewPtrListOffsetsRequest()
		req.ReplicaID = -1
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		for _, n := range numbers {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition, p.Timestamp = n, at.timestamp
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return 0, err
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return 0, err
				}
				messages += at.sign * p.Offset
			}
		}
	}
	return messages, nil
}

// groupAllowed asks for the offsets of the group, which takes the right to be
// a member.
func (s *Source) groupAllowed(ctx context.Context, cl *kgo.Client) error {
	req := kmsg.NewPtrOffsetFetchRequest()
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = s.cfg.Group
	req.Groups = append(req.Groups, group)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // the first member makes it
			return err
		}
	}
	return nil
}

package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/state"
)

// inflight is how many deliveries an outbox takes at a time.
const inflight = 64

// runOutbox delivers facts to a sink until ctx is done: the most severe first,
// and then in their order. A delivery that fails is tried again later and does not
// hold up the others.
func (s *Service) runOutbox(ctx context.Context, name string, sink notify.Sink) {
	for ctx.Err() == nil {
		n, err := s.deliver(ctx, name, sink)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("outbox", "sink", name, "error", err)
		}
		if err == nil && n == inflight {
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.wake[name]:
		case <-time.After(time.Second):
		}
	}
}

// deliver makes one attempt for each fact that is due.
func (s *Service) deliver(ctx context.Context, name string, sink notify.Sink) (int, error) {
	now := time.Now()
	due, err := s.State.Pending(ctx, name, now, inflight)
	if err != nil {
		return 0, fmt.Errorf("read what is to be delivered: %w", err)
	}
	if len(due) == 0 {
		return 0, nil
	}
	done := &state.Changes{}
	for _, d := range due {
		var f fact
		if err := json.Unmarshal(d.Body, &f); err != nil {
			return 0, fmt.Errorf("a stored alert is damaged: %w", err)
		}
		retry, err := sink.Notify(ctx, f.Alert, d.Alert, d.Revision)
		if ctx.Err() != nil {
			break
		}
		d.Attempts++
		d.Done, d.Problem = err == nil, ""
		if err != nil {
			d.Problem = err.Error()
			at, ok := s.Retry(d.Stored, time.Now(), d.Attempts, d.Alert, err)
			if d.Next = at; !retry || !ok {
				d.Done = true
				s.Log.Error("alert was not delivered", "sink", name, "alert", d.Alert, "revision", d.Revision, "attempts", d.Attempts, "error", err)
			}
		}
		s.health.delivered(&d, err)
		done.Deliveries = append(done.Deliveries, d)
	}
	// What was delivered is noted also when the service is about to end.
	if err := s.State.Apply(context.WithoutCancel(ctx), done); err != nil {
		return 0, fmt.Errorf("note what was delivered: %w", err)
	}
	return len(due), nil
}

package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A lister lists directory objects, round by round.
type lister struct {
	pulse
	s *Source
	l *listing

	round   time.Time // when the listing began
	open    []question
	pages   int
	lesser  bool            // first is not to be had
	partial *source.Problem // why the listing is not whole
	held    *held
}

// A held page waits for members that it does not show.
type held struct {
	page    *page
	members map[string][]json.RawMessage // by group
}

func newLister(s *Source, l *listing, cursor string) *lister {
	out := &lister{s: s, l: l, pulse: pulse{azure.Pulse{At: time.Now()}}}
	if done, err := time.Parse(time.RFC3339, cursor); err == nil {
		if next := done.Add(s.config.SnapshotEvery); next.After(out.At) && next.Sub(out.At) <= s.config.SnapshotEvery {
			out.At = next
		}
	}
	return out
}

func (r *lister) stream() string { return r.l.name }
func (r *lister) report() bool   { return r.l.report }

func (r *lister) need() need {
	return need{what: "the listing of " + r.l.name, any: r.l.needs, licence: r.l.licence, azure: r.l.azure}
}

func (r *lister) begin() {
	first := r.l.first
	if r.lesser {
		first = r.l.lesser
	}
	r.round, r.pages, r.partial, r.held = r.s.client.Now().Truncate(time.Second), 0, nil, nil
	r.open = []question{{path: first, hidden: r.l.hidden, first: true}}
}

func (r *lister) address(q question) string {
	switch {
	case strings.HasPrefix(q.path, "https://"):
		return q.path
	case r.l.azure:
		return r.s.client.Ends.ResourceManager + q.path
	}
	return r.s.client.Ends.Graph + q.path
}

func (r *lister) step(ctx context.Context, in source.Intake) error {
	r.s.identify(ctx)
	if len(r.open) == 0 {
		r.begin()
	}
	q := r.open[0]
	p, err := r.s.client.get(ctx, r.address(q))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return r.fail(ctx, in, q, err)
	}
	r.open = r.open[1:]
	if p.next != "" {
		rest := q
		rest.path = p.next
		r.open = append([]question{rest}, r.open...)
	}
	r.Well(time.Now())
	return r.take(ctx, in, q, p)
}

// take does what is to be done with a page.
func (r *lister) take(ctx context.Context, in source.Intake, q question, p *page) error {
	var body struct{ Value []json.RawMessage }
	if err := json.Unmarshal(p.body, &body); err != nil {
		return fmt.Errorf("read a page that was whole: %w", err)
	}
	if q.of != "" {
		r.held.members[q.of] = append(r.held.members[q.of], body.Value...)
		return r.release(ctx, in)
	}
	if q.first && r.l.follow != nil {
		r.open = append(r.open, r.l.follow(body.Value)...)
	}
	if r.l.members {
		r.hold(p, body.Value)
		return r.release(ctx, in)
	}
	if q.hidden {
		if len(r.open) > 0 {
			return nil
		}
		p = &page{at: p.at} // there is nothing to list
	}
	return r.deliver(ctx, in, p.body)
}

func (r *lister) deliver(ctx context.Context, in source.Intake, body []byte) error {
	r.pages++
	d := &source.Delivery{
		Stream: r.l.name, Name: fmt.Sprintf("graph/%s_%s_%d.json", r.l.name, r.round.Format("20060102T150405Z"), r.pages),
		Body: bytes.NewReader(body), Tenant: r.s.tenant, Received: time.Now(), Round: r.round,
	}
	end := len(r.open) == 0
	if end && r.partial == nil {
		d.Last, d.Cursor = true, r.round.Format(time.RFC3339)
	}
	if err := in.Deliver(ctx, d); err != nil {
		return err
	}
	if end {
		r.lesser = false // the licence may be there next time
	}
	switch {
	case end && r.partial != nil:
		r.At = time.Now().Add(partialAgain)
		in.Report(r.l.name, r.partial)
	case end:
		r.At = time.Now().Add(r.s.config.SnapshotEvery)
		in.Report(r.l.name, nil)
	}
	return nil
}

// A listing that is not whole begins again after an hour: a permission may have
// been granted.
const partialAgain = time.Hour

// shown is how many related objects a page of Graph holds at most for each.
const shown = 20

// hold keeps a page until the members are there that it cut off.
func (r *lister) hold(p *page, value []json.RawMessage) {
	r.held = &held{page: p, members: map[string][]json.RawMessage{}}
	var more []question
	for _, raw := range value {
		var o struct {
			ID      string
			Members []json.RawMessage
			Next    string `json:"members@odata.nextLink"`
		}
		if json.Unmarshal(raw, &o) == nil && o.ID != "" && (len(o.Members) >= shown || o.Next != "") {
			more = append(more, question{path: "/v1.0/groups/" + o.ID + "/members?%24select=id&%24top=999", hidden: true, of: strings.ToLower(o.ID)})
		}
	}
	r.open = append(more, r.open...)
}

// release delivers the page that is held, once all members are there.
func (r *lister) release(ctx context.Context, in source.Intake) error {
	if r.held == nil || len(r.open) > 0 && r.open[0].of != "" {
		return nil
	}
	h := r.held
	r.held = nil
	body, err := h.filled()
	if err != nil {
		return err
	}
	return r.deliver(ctx, in, body)
}

// filled returns the page with all members.
func (h *held) filled() ([]byte, error) {
	if len(h.members) == 0 {
		return h.page.body, nil
	}
	var top map[string]json.RawMessage
	var value []map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(h.page.body, &top), json.Unmarshal(top["value"], &value)); err != nil {
		return nil, fmt.Errorf("read a page that was whole: %w", err)
	}
	for _, o := range value {
		var id string
		members, ok := h.members[strings.ToLower(string(bytes.Trim(o["id"], `"`)))]
		if ok && json.Unmarshal(o["id"], &id) == nil {
			o["members"], _ = json.Marshal(members) // they were JSON before
			delete(o, "members@odata.nextLink")
		}
	}
	top["value"], _ = json.Marshal(value)
	return json.Marshal(top)
}

// fail decides what to do after an error: ask again, begin anew, or do without.
func (r *lister) fail(ctx context.Context, in source.Intake, q question, err error) error {
	problem := explain(err, r.need())
	f := (*azure.Refusal)(nil)
	refused := errors.As(err, &f) && problem.Final
	behind := strings.HasPrefix(q.path, "https://") // a page behind the first
	switch {
	case f != nil && behind && gone(f):
		r.open = nil
		problem.Final = false
		problem.Hint = "the listing begins anew"
	case refused && q.first && r.l.lesser != "" && !r.lesser:
		r.lesser, r.open = true, nil
		r.s.log.Warn("listed without what takes a licence or a permission", "stream", r.l.name, "err", problem)
		r.Well(time.Now())
		return nil
	case refused && !q.first && (q.optional || f.Status == http.StatusNotFound):
		return r.skip(ctx, in)
	case refused && !q.first:
		r.partial = problem
		return r.skip(ctx, in)
	case refused:
		r.open = nil
	}
	r.Report(in, r.l.name, err, problem)
	if f != nil && f.Status == http.StatusTooManyRequests && r.l.report {
		r.s.hush(r.At)
	}
	return nil
}

// skip goes on without the question at hand. A listing ends with a delivery also
// when there is nothing to hand on; then it is empty.
func (r *lister) skip(ctx context.Context, in source.Intake) error {
	r.open = r.open[1:]
	r.Well(time.Now())
	switch {
	case r.held != nil:
		return r.release(ctx, in)
	case len(r.open) == 0:
		return r.deliver(ctx, in, nil)
	}
	return nil
}

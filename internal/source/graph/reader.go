package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A reader reads a log.
type reader struct {
	pulse
	s     *Source
	l     *log
	start string // the cursor that is not read yet
	c     cursor
}

func newReader(s *Source, l *log, cursor string) *reader {
	return &reader{s: s, l: l, start: cursor, pulse: pulse{azure.Pulse{At: time.Now()}}}
}

func (r *reader) stream() string { return r.l.name }
func (r *reader) report() bool   { return true }

func (r *reader) need() need {
	return need{what: "the log " + r.l.name, any: r.l.needs, licence: r.l.licence}
}

// begin reads the stored cursor. One that cannot be read is as good as none: the
// log is read again as on the first day, rather than not at all.
func (r *reader) begin(in source.Intake) {
	if !r.c.Mark.IsZero() {
		return
	}
	if r.start != "" {
		c, err := readCursor(r.start)
		if err == nil {
			r.c = c
			r.tellGap(in)
			return
		}
		r.s.log.Warn("a stored cursor cannot be used, the log is read from its beginning", "stream", r.l.name, "err", err)
	}
	r.c = cursor{Mark: r.s.client.Now().Add(-r.s.config.Since)}
}

// leastKept is how long Graph keeps logs at least.
const leastKept = 7 * 24 * time.Hour

// tellGap tells when the log was left alone for so long that entries may be lost.
func (r *reader) tellGap(in source.Intake) {
	gap := r.s.client.Now().Sub(r.c.Mark)
	if gap <= leastKept {
		return
	}
	problem := &source.Problem{
		What: fmt.Sprintf("the log %s was last read %d days ago, and entries may be lost", r.l.name, int(gap.Hours()/24)),
		Hint: "Microsoft Graph keeps entries for 30 days, and for 7 in tenants without a premium licence; what it still has is read now",
	}
	r.s.log.Warn(problem.Error(), "stream", r.l.name)
	in.Report(r.l.name, problem)
}

func (r *reader) step(ctx context.Context, in source.Intake) error {
	r.s.identify(ctx)
	r.begin(in)
	if r.c.To.IsZero() {
		r.c.open(r.l, r.s.client.Now(), min(r.s.client.Skew.Abs(), day))
	}
	address := r.c.Next
	if address == "" {
		address = r.l.url(r.s.client.Ends.Graph, r.c.From, r.c.To, r.l.top)
	}
	p, err := r.s.client.get(ctx, address)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.fail(in, err)
		return nil
	}
	next := r.c.turn(p.next, p.at)
	if err := in.Deliver(ctx, &source.Delivery{
		Stream: r.l.name, Name: r.name(), Body: bytes.NewReader(p.body), Tenant: r.s.tenant, Received: time.Now(), Cursor: next.text(),
	}); err != nil {
		return err
	}
	r.c = next
	in.Report(r.l.name, nil)
	wait := r.s.config.Poll
	if p.next != "" || p.at.Sub(next.Mark) > wait+r.l.back {
		wait = 0 // there is more to read
	}
	r.Well(time.Now().Add(wait))
	return nil
}

// name is that of the delivery: the log, the window and the page.
func (r *reader) name() string {
	const form = "20060102T150405Z"
	return fmt.Sprintf("graph/%s_%s_%s_%d.json", r.l.title, r.c.From.UTC().Format(form), r.c.To.UTC().Format(form), r.c.Page+1)
}

// fail decides what to do after an error. A link to a next page may have expired
// or be broken for good, then the window is begun anew.
func (r *reader) fail(in source.Intake, err error) {
	problem := explain(err, r.need())
	if f := (*azure.Refusal)(nil); r.c.Next != "" && errors.As(err, &f) && gone(f) {
		r.c.again()
		problem.Final = false
		problem.Hint = "its window is read again from the beginning"
	} else if r.c.Next != "" && r.Failures > 0 && r.Failures%linkTries == 0 {
		r.c.again()
	}
	r.Report(in, r.l.name, err, problem)
	if f := (*azure.Refusal)(nil); errors.As(err, &f) && f.Status == http.StatusTooManyRequests {
		r.s.hush(r.At) // the budget is that of all reports
	}
}

// linkTries is how often a next page is asked for in vain before its window is
// begun anew.
const linkTries = 5

// gone reports whether a link to a page has expired. Who may not read the log is
// told so at its first page.
func gone(r *azure.Refusal) bool {
	switch r.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone:
		return !unlicensed(r)
	}
	return false
}

package mgmtapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A reader reads a type of content.
type reader struct {
	azure.Pulse
	s       *Source
	content string
	start   string // the cursor that is not read yet
	c       cursor

	subscribed bool
	// The window at hand, while open: next is the page to list, "" behind the last;
	// pending are blobs of the pages before.
	open     bool
	from, to time.Time
	wide     bool
	next     string
	pending  []blob
	tries    int       // of the first pending one
	owedAt   time.Time // when owed ones were asked for last
	fetched  int       // in the window
}

func newReader(s *Source, content, cursor string) *reader {
	return &reader{s: s, content: content, start: cursor, Pulse: azure.Pulse{At: time.Now()}}
}

// begin reads the stored cursor. One that cannot be read is as good as none.
func (r *reader) begin() {
	if !r.c.Mark.IsZero() {
		return
	}
	if r.start != "" {
		c, err := readCursor(r.start)
		if err == nil {
			r.c = c
			return
		}
		r.s.log.Warn("a stored cursor cannot be used, content is read from the beginning", "stream", r.content, "err", err)
	}
	r.c = cursor{Mark: r.s.client.Now().Add(-r.s.config.Since)}
}

// step asks one question.
func (r *reader) step(ctx context.Context, in source.Intake) error {
	err := r.ask(ctx, in)
	if d := (*stop)(nil); errors.As(err, &d) {
		return d.err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		r.fail(in, err)
	}
	return nil
}

// A stop is an error of the intake: nothing more is wanted.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

func (r *reader) ask(ctx context.Context, in source.Intake) error {
	if err := r.s.client.identify(ctx); err != nil {
		return err
	}
	r.begin()
	switch {
	case !r.subscribed:
		return r.subscribe(ctx)
	case !r.open:
		r.begins(in)
		fallthrough
	case len(r.pending) == 0 && r.next != "":
		return r.list(ctx, in)
	default:
		return r.fetch(ctx, in)
	}
}

func (r *reader) subscribe(ctx context.Context) error {
	ok, err := r.s.client.subscribed(ctx, r.content)
	if err == nil && !ok {
		err = r.s.client.subscribe(ctx, r.content)
	}
	if err == nil {
		r.subscribed = true
		r.Well(time.Now())
	}
	return err
}

// begins opens the next window. What is owed comes first, once an hour.
func (r *reader) begins(in source.Intake) {
	now := r.s.client.Now()
	from, to, wide, missed := r.c.window(now, r.s.client.Skew.Abs())
	if missed > 0 {
		problem := &source.Problem{
			What: fmt.Sprintf("content of %s from %s on was not read in time and is lost", missed.Round(time.Minute), r.c.Mark.UTC().Format(time.RFC3339)),
			Hint: "it is kept for 7 days; Microsoft Purview can export older entries of the audit log as CSV, which scan reads",
		}
		r.s.log.Error(problem.Error(), "stream", r.content)
		in.Report(r.content, problem)
		r.c.Mark = r.c.Mark.Add(missed)
	}
	r.open, r.from, r.to, r.wide, r.fetched = true, from, to, wide, 0
	r.next = r.s.listing(r.content, from, to)
	if now.Sub(r.owedAt) >= wideEvery {
		r.owedAt = now
		r.pending = append(r.pending, r.c.Owed...)
	}
}

func (r *reader) list(ctx context.Context, in source.Intake) error {
	blobs, next, err := r.s.client.list(ctx, r.next)
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if !r.c.done(b) && !r.owes(b) {
			r.pending = append(r.pending, b)
		}
	}
	r.next = next
	if r.next != "" {
		r.next = r.s.client.published(next)
	}
	r.Well(time.Now())
	return r.finish(ctx, in)
}

// every is after how many blobs the cursor is stored within a window.
const every = 16

func (r *reader) fetch(ctx context.Context, in source.Intake) error {
	b := r.pending[0]
	body, err := r.s.client.fetch(ctx, b)
	if err != nil {
		return err
	}
	r.settle(b)
	r.fetched++
	d := &source.Delivery{
		Stream: r.content, Name: "mgmtapi/" + r.content + "/" + printable(b.ID), Body: bytes.NewReader(body), Tenant: r.s.client.tenant, Received: time.Now(),
	}
	if r.fetched%every == 0 || len(r.pending) == 0 {
		d.Cursor = r.c.text()
	}
	if err := in.Deliver(ctx, d); err != nil {
		return &stop{err}
	}
	r.Well(time.Now())
	return r.finish(ctx, in)
}

// settle takes the first pending blob for done.
func (r *reader) settle(b blob) {
	r.c.finish(b)
	r.pending, r.tries = r.pending[1:], 0
	for i, o := range r.c.Owed {
		if o.ID == b.ID {
			r.c.Owed = append(r.c.Owed[:i:i], r.c.Owed[i+1:]...)
			break
		}
	}
}

// finish closes the window, if there is nothing left in it.
func (r *reader) finish(ctx context.Context, in source.Intake) error {
	if len(r.pending) > 0 || r.next != "" {
		return nil
	}
	r.open = false
	r.c.close(r.to, r.wide)
	// An empty delivery only stores the cursor. The mark of a window without anything
	// in it need not be stored each minute.
	if r.fetched > 0 || r.wide {
		if err := in.Deliver(ctx, &source.Delivery{
			Stream: r.content, Name: "mgmtapi/" + r.content + "/" + r.to.Format("20060102T150405Z"), Body: strings.NewReader(""),
			Tenant: r.s.client.tenant, Received: time.Now(), Cursor: r.c.text(),
		}); err != nil {
			return &stop{err}
		}
	}
	if n := len(r.c.Owed); n > 0 {
		in.Report(r.content, &source.Problem{
			What: fmt.Sprintf("%d content blobs cannot be had", n), Hint: "they are asked for once an hour until they expire; the service health of the tenant may say more",
		})
	} else {
		in.Report(r.content, nil)
	}
	wait := r.s.config.Poll
	if r.s.client.Now().Sub(r.to) > wait+back {
		wait = 0 // there is more to list
	}
	r.Well(time.Now().Add(wait))
	return nil
}

func (r *reader) owes(b blob) bool {
	for _, o := range r.c.Owed {
		if o.ID == b.ID {
			return true
		}
	}
	return false
}

const (
	triesOfBlob = 3
	mostOwed    = 500 // with more the stream waits
)

// fail decides what to do after an error.
func (r *reader) fail(in source.Intake, err error) {
	problem := explain(err)
	fetching := r.open && len(r.pending) > 0
	f := (*azure.Refusal)(nil)
	switch refused := errors.As(err, &f); {
	case coded(err, "AF20022"):
		r.subscribed = false
	case coded(err, "AF20031"), r.open && !fetching && refused && f.Status == http.StatusBadRequest:
		r.open, r.pending = false, nil // the window is listed anew
	case fetching && lost(err):
		problem = &source.Problem{What: "content " + printable(r.pending[0].ID) + " is no longer there", Err: err, Hint: "its records are lost to this source; Microsoft Purview can export them from the audit log as CSV, which scan reads"}
		r.s.log.Error(problem.Error(), "stream", r.content)
		in.Report(r.content, problem)
		r.settle(r.pending[0])
		r.fetched++
		if len(r.pending) == 0 && r.next == "" {
			// The next question closes the window: an empty listing of what is listed.
			r.next = r.s.listing(r.content, r.from, r.to)
		}
		r.Well(time.Now())
		return
	case fetching && (errors.Is(err, azure.ErrBroken) || refused && f.Status != http.StatusTooManyRequests && f.Status != http.StatusUnauthorized && !problem.Final):
		if r.tries++; r.tries >= triesOfBlob && r.owe() {
			r.Well(time.Now())
			return
		}
	}
	r.Report(in, r.content, err, problem)
}

// owe puts the first pending blob off. It is false when too many are.
func (r *reader) owe() bool {
	b := r.pending[0]
	if !r.owes(b) {
		if len(r.c.Owed) >= mostOwed {
			return false
		}
		r.c.Owed = append(r.c.Owed, b)
	}
	r.s.log.Warn("content cannot be had for now", "stream", r.content, "content", b.ID)
	r.pending, r.tries = r.pending[1:], 0
	r.fetched++ // so that the cursor with what is owed is stored
	if len(r.pending) == 0 && r.next == "" {
		r.next = r.s.listing(r.content, r.from, r.to)
	}
	return true
}

// printable keeps what an id may do harm with out of names.
func printable(id string) string {
	const most = 200
	id = strings.Map(func(c rune) rune {
		if c < '!' || c > '~' || c == '/' || c == '\\' {
			return '_'
		}
		return c
	}, id)
	return id[:min(len(id), most)]
}

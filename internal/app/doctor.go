package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/config"
	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/source"
)

// A Finding is what doctor says of one thing.
type Finding struct {
	Part string // "state", "source graph"
	source.Check
}

// A Doctor looks at all that a configuration names: where things are kept, where
// logs come from and where alerts go. It changes nothing and sends nothing; a
// state in PostgreSQL gets its tables, as it would from the service.
type Doctor struct {
	Config *config.Config
	Log    *slog.Logger // default: nothing is logged
	// Limit is how long a part may take; default: two minutes.
	Limit time.Duration
	// Waiting, if not nil, hears now and then which parts are not done yet.
	Waiting func(parts []string, since time.Duration)
}

// A part is looked at by itself.
type part struct {
	name string
	look func(ctx context.Context) []Finding
}

// Examine looks at all parts at the same time and tells of one after the other.
// Its error is that of ctx.
func (d *Doctor) Examine(ctx context.Context, tell func(Finding)) error {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Limit <= 0 {
		d.Limit = 2 * time.Minute
	}
	parts := []part{{"data", d.kept}}
	for _, item := range d.Config.Sources {
		name := "source " + item.Label()
		parts = append(parts, part{name, func(ctx context.Context) []Finding { return of(name, d.source(ctx, item)) }})
	}
	for _, item := range d.Config.Outlets {
		name := "outlet " + item.Label()
		parts = append(parts, part{name, func(ctx context.Context) []Finding { return of(name, d.outlet(ctx, item)) }})
	}
	began := time.Now()
	found := make([]chan []Finding, len(parts))
	for i, p := range parts {
		found[i] = make(chan []Finding, 1)
		go func() { found[i] <- d.within(ctx, p) }()
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := range parts {
		for done := false; !done; {
			select {
			case list := <-found[i]:
				for _, f := range list {
					tell(f)
				}
				done = true
			case <-tick.C:
				if d.Waiting == nil {
					continue
				}
				var names []string
				for j := i; j < len(parts); j++ {
					if len(found[j]) == 0 {
						names = append(names, parts[j].name)
					}
				}
				if len(names) > 0 {
					d.Waiting(names, time.Since(began))
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

// grace is how long a part may go on when its time is over: it has to say what it
// was waiting for.
const grace = 5 * time.Second

// within looks at a part for as long as it may take. What hangs beyond that, on a
// disk that is gone for instance, is left behind; doctor ends soon.
func (d *Doctor) within(ctx context.Context, p part) []Finding {
	ctx, cancel := context.WithTimeout(ctx, d.Limit)
	defer cancel()
	found := make(chan []Finding, 1)
	go func() { found <- p.look(ctx) }()
	stuck := time.NewTimer(d.Limit + grace)
	defer stuck.Stop()
	select {
	case list := <-found:
		return list
	case <-stuck.C:
		return of(p.name, []source.Check{{What: "looking at it", Problem: &source.Problem{
			What: fmt.Sprintf("it did not answer within %v", d.Limit), Hint: "check the disk, the network share or the network that it is on",
		}}})
	}
}

func of(part string, checks []source.Check) []Finding {
	out := make([]Finding, len(checks))
	for i, c := range checks {
		out[i] = Finding{part, c}
	}
	return out
}

// source looks at a source.
func (d *Doctor) source(ctx context.Context, item config.Source) []source.Check {
	src, err := openSource(item, d.Log.With("source", item.Label()))
	if err != nil {
		return []source.Check{{What: "configuration", Problem: err}}
	}
	c, ok := src.(interface {
		Check(ctx context.Context) []source.Check
	})
	if !ok {
		return []source.Check{{What: item.Kind, Note: "there is nothing to look at"}}
	}
	return c.Check(ctx)
}

// outlet looks at an outlet.
func (d *Doctor) outlet(ctx context.Context, item config.Outlet) []source.Check {
	c := source.Check{What: item.Kind}
	sink, err := item.Open(io.Discard)
	if err != nil {
		c.Problem = err
		return []source.Check{c}
	}
	if closer, ok := sink.(io.Closer); ok {
		defer func() { _ = closer.Close() }() // nothing was written
	}
	if checker, ok := sink.(notify.Checker); ok {
		if c.Problem = checker.Check(ctx); c.Problem == nil {
			c.Note = "it can be reached; nothing was sent"
		}
	} else {
		c.Note = "there is nothing to look at"
	}
	return []source.Check{c}
}

// Advice parts an error in what is wrong and what to do about it. Errors that
// have no fields for it end in "; " and what to do.
func Advice(err error) (what, hint string) {
	var fault *config.Error
	if p, ok := err.(*source.Problem); ok { //nolint:errorlint // what wraps a problem says more than the problem alone
		whole := *p
		whole.Hint = ""
		return whole.Error(), p.Hint
	}
	if errors.As(err, &fault) {
		whole := *fault
		whole.Hint = ""
		return whole.Error(), fault.Hint
	}
	what = err.Error()
	if i := strings.LastIndex(what, "; "); i > 0 {
		return what[:i], what[i+2:]
	}
	return what, ""
}

// Package source says what a source of records hands on, and how it tells of
// its troubles. The sources themselves are the packages below it: each speaks
// one protocol, knows nothing of what records mean, and starts where the cursor
// of each of its streams says. Behind them stands app, which cuts deliveries
// into records and stores a cursor together with what came before it.
package source

import (
	"context"
	"fmt"
	"io"
	"time"
)

// A Delivery is a stretch of a stream: whole records in any format that decode
// reads, with no limit to their number.
type Delivery struct {
	// Stream is what has a cursor of its own: a log of Graph, a partition, a
	// file. It is unique within the source.
	Stream string
	// Name is what evidence and errors call the delivery: a path, a topic with
	// partition and offset. Its last element may tell the sort of sign-ins, as
	// names of files do.
	Name string
	Body io.Reader
	// Line is the line of Name on which Body begins; 0 counts as 1.
	Line int
	// Tenant is whose records these are where they do not say it themselves; ""
	// leaves it to the configuration.
	Tenant string
	// Received is when the source had the records, for telling how far behind
	// it is; zero = now.
	Received time.Time

	// Cursor is where the stream goes on when all of Body is stored; "" leaves
	// the stream's cursor as it is.
	Cursor string
	// CursorAt is where it goes on when Body is stored up to an offset at which
	// a record ends, for long ones; nil = only the end counts.
	CursorAt func(offset int64) string
	// Stored, if not nil, is called once the delivery and its cursor are stored.
	Stored func()

	// Round is set on directory objects: they belong to the listing of Stream
	// that began then. A listing counts when its last delivery is there.
	Round time.Time
	Last  bool
}

// An Intake takes what sources read.
type Intake interface {
	// Deliver takes a delivery, and reads its body before it returns. It waits
	// while there is too much to do. An error means that nothing more is wanted.
	Deliver(ctx context.Context, d *Delivery) error
	// Report tells how a stream fares: nil = it works. A stream that is not
	// reported is silent.
	Report(stream string, problem error)
}

// A Gauge is an Intake that also hears how far behind a stream is.
type Gauge interface {
	// Lag tells how many entries of a stream are still to be read, in whatever
	// it counts its entries, and the time of the last one that was.
	Lag(stream string, behind int64, at time.Time)
}

// A Problem is an error with what to do about it.
type Problem struct {
	What string // in one sentence, without a full stop
	Hint string // what mends it: what to click, set or ask for
	// Final tells that asking again will not help until somebody has acted.
	Final bool
	Err   error // what was behind it; may be nil
}

func (p *Problem) Error() string {
	text := p.What
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

func (p *Problem) Unwrap() error { return p.Err }

// A Check is one thing that doctor looked at.
type Check struct {
	Stream  string // "" = the source as a whole
	What    string // that was looked at: "permission AuditLog.Read.All"
	Problem error  // nil = it is well
	// Notice tells that it works all the same, and that Problem is to be mended in
	// time.
	Notice bool
	Note   string // what else there is to know
}

// When something that ends is told of.
const endsSoon = 30 * 24 * time.Hour

// CheckEnd looks at something that is valid until a time. hint says what to do
// before, or then.
func CheckEnd(what string, end, now time.Time, hint string) Check {
	c := Check{What: what}
	day := end.UTC().Format(time.DateOnly)
	days := int(end.Sub(now) / (24 * time.Hour))
	left := fmt.Sprintf("%d days", days)
	switch days {
	case 0:
		left = "less than a day"
	case 1:
		left = "1 day"
	}
	switch {
	case !now.Before(end):
		c.Problem = &Problem{What: "it has ended on " + day, Hint: hint, Final: true}
	case end.Sub(now) < endsSoon:
		c.Notice, c.Problem = true, &Problem{What: "it ends on " + day + ", in " + left, Hint: hint}
	default:
		c.Note = "valid until " + day + ", " + left
	}
	return c
}

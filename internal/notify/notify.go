// Package notify says what an outlet of alerts is, and when an alert that it did
// not take is offered again. The outlets are the packages below it. Pending
// deliveries are kept in the state; the loop that offers them belongs to app.
package notify

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Sink takes alerts to somebody. It is used by one goroutine at a time. Where
// it holds something open, it is an io.Closer.
type Sink interface {
	// Notify delivers a fact of an alert, one JSON object, and returns when it was
	// taken. It may come again, after a crash or an error, with the same id and
	// revision. With an error, retry tells whether offering it again can help; the
	// error may be a *Busy.
	Notify(ctx context.Context, alert []byte, id string, revision int) (retry bool, err error)
}

// A Checker is a Sink that can tell whether alerts would arrive. It sends none.
type Checker interface {
	Check(ctx context.Context) error
}

// A Config is the section of an outlet.
type Config interface {
	setting.Section
	// Open returns the outlet. It connects to nothing yet. stdout is the standard
	// output of the program.
	Open(stdout io.Writer) (Sink, error)
}

// A Busy error says how long to wait before the alert is offered again.
type Busy struct {
	For time.Duration
	Err error
}

func (b *Busy) Error() string { return b.Err.Error() }
func (b *Busy) Unwrap() error { return b.Err }

// How often an alert is offered. What is new is soon offered again; what fails
// for long needs a person, who may be away for a long weekend.
const (
	firstWait = time.Second
	// Slow is the longest wait that the schedule itself comes to.
	Slow = 15 * time.Minute
	// maxBusy bounds what an outlet may ask for, so that a wrong answer of its
	// does not hold alerts back for ever.
	maxBusy = 6 * time.Hour
	// An alert is given up when it is older and was offered more often than this.
	// The number counts when the service itself was stopped for days.
	giveUpAfter    = 4 * 24 * time.Hour
	giveUpAttempts = 20
)

// Next returns when an alert is offered again that has failed with err, now, for
// the attempts-th time. stored is when the delivery began. The wait doubles from
// one second to 15 minutes, give or take a fifth, which follows from the id, so
// that a receiver that comes back is not met by all at once. ok is false when the
// alert is to be given up.
func Next(stored, now time.Time, attempts int, id string, err error) (at time.Time, ok bool) {
	if attempts >= giveUpAttempts && now.Sub(stored) > giveUpAfter {
		return time.Time{}, false
	}
	wait := Slow
	if attempts < 11 { // 2^10 s is more than 15 minutes
		wait = min(Slow, firstWait<<max(0, attempts-1))
	}
	wait += time.Duration(spread(id, attempts) * float64(wait) / 5)
	wait = min(wait, Slow)
	if busy := (*Busy)(nil); errors.As(err, &busy) {
		wait = max(wait, min(busy.For, maxBusy))
	}
	return now.Add(wait), true
}

// spread is a number from -1 to 1 that depends on nothing but the delivery.
func spread(id string, attempts int) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d", id, attempts)
	x := h.Sum64()
	x ^= x >> 33 // FNV mixes its last bytes badly into the upper half
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11)/(1<<52) - 1
}

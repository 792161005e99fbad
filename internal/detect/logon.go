package detect

import (
	"encoding/binary"
	"iter"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// One sign-in makes several records: an interruption, such as the question for
// a second factor, and what completed it. Rules with the view sign-ins see
// them as one: from an interruption on, further interruptions of the same
// tenant, user, application and correlation id within ten minutes, and the
// first outcome within that time, belong together, and only the outcome, or
// without one the last interruption, counts. Every outcome stands for itself:
// clients choose correlation ids, and 400 wrong passwords with one id are 400
// attempts.

// logonSpan is how long the records of one sign-in may take.
const logonSpan = 10 * time.Minute

// logonFields are the fields that tell of a sign-in.
func logonFields(s *event.Schema) []int {
	return []int{s.MustID("correlationId"), event.FOutcome, event.FUser, event.FUserName, event.FAppID}
}

// A Logon says to which sign-in a record belongs.
type Logon struct {
	Class LogonClass
	ID    string // a tuple of user, application and correlation id
}

// LogonClass says what a record is within its sign-in.
type LogonClass uint8

// The classes. A record without correlation id has none: it stands alone.
const (
	NoLogon LogonClass = iota
	Interruption
	Outcome
)

// logonOf returns what an event is within its sign-in, and the sign-in's
// correlation id. Without a rule that wants to know, nothing is.
func (m *Matcher) logonOf(ev *event.Event) (LogonClass, string) {
	if ev.Kind != event.Signin || !m.tenant(ev).logons {
		return NoLogon, ""
	}
	id := ev.Text(m.engine.correlationID)
	if id == "" || ev.Text(event.FAppID) == "" || ev.Text(event.FUser) == "" && ev.Text(event.FUserName) == "" {
		return NoLogon, ""
	}
	if ev.Text(event.FOutcome) == "interrupted" {
		return Interruption, id
	}
	return Outcome, id
}

// logonOf makes the sign-in of a record out of what its hits say. An outcome
// that nothing interrupted stands for itself.
func (c *Correlator) logonOf(class LogonClass, s *Signal, correlation string) Logon {
	if class == Outcome && !c.filters.interrupted(c.hashes.logon(c.hashes.tenant(s.Tenant), correlation)) {
		return Logon{}
	}
	var user, app string
	for i := range s.Entities {
		switch e := &s.Entities[i]; {
		case e.Type == "user" && user == "":
			user = accountOf(*e)
		case e.Type == "app" && app == "":
			app = e.ID
		}
	}
	tuple := appendPart(appendPart(appendPart(nil, user), app), correlation)
	return Logon{Class: class, ID: string(tuple)}
}

// noRule is the rule of signals that only tell of a record.
const noRule = 1<<31 - 1

// addLogon puts a record of a sign-in beside the others.
func (c *Correlator) addLogon(s *Signal) error {
	at, ok := nanos(s.Time)
	if !ok {
		return c.standing(s)
	}
	b := appendSortable(c.buf[:0], s.Tenant)
	b = append(b, s.Logon.ID...)
	if c.live != nil && s.Logon.Class == Outcome {
		return c.addOutcome(s, b, at)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(at)^1<<63)
	b = append(b, byte(s.Logon.Class))
	b = append(b, s.Key[:]...)
	c.buf = s.Append(b)
	return c.logons.Add(c.buf)
}

// addOutcome hands on the signal of an outcome, which stands for itself, and puts
// beside the others of its sign-in only that there was one.
func (c *Correlator) addOutcome(s *Signal, prefix []byte, at int64) error {
	if c.live.sieve == nil || c.live.sieve.logon(prefix, at) {
		b := binary.BigEndian.AppendUint64(prefix, uint64(at)^1<<63)
		b = append(append(b, byte(Outcome)), s.Key[:]...)
		c.buf = (&Signal{Rule: noRule, Tenant: s.Tenant, Key: s.Key, Time: s.Time}).Append(b)
		if err := c.logons.Add(c.buf); err != nil {
			return err
		}
	}
	return c.standing(s)
}

// logonPrefix is how much of a record says to which sign-ins it belongs.
func logonPrefix(rec []byte) int {
	n := len(rec) - len(afterSortable(rec))
	ids, _ := splitTuple(borrowed(rec[n:]), 3)
	return n + ids
}

// standing hands on the signal of a record that stands for its sign-in.
func (c *Correlator) standing(s *Signal) error {
	if s.Rule == noRule {
		return nil
	}
	return c.dispatch(s)
}

// finishLogons hands on the signals of the records that stand for sign-ins.
func (c *Correlator) finishLogons() error {
	if err := c.joinLogons(c.logons.Sorted()); err != nil {
		return err
	}
	c.logonsDone = true
	return c.logons.Close()
}

// A waiting is a signal with the room that its texts take.
type waiting struct {
	Signal
	reader signalReader
	room   []byte
}

// take decodes a signal that Append wrote.
func (w *waiting) take(b []byte) error {
	w.room = append(w.room[:0], b...)
	w.reader = signalReader{b: w.room, borrow: true, arena: w.reader.arena[:0]}
	return w.decode(&w.reader)
}

// joinLogons takes what addLogon wrote, in ascending order.
func (c *Correlator) joinLogons(recs iter.Seq2[[]byte, error]) error {
	var (
		id      string    // of the sign-ins at hand, with their tenant
		open    bool      // an interruption waits for its outcome
		began   int64     // when the first one happened
		last    event.Key // the last one
		pending []waiting // its signals, of rules that it satisfies
		outcome Signal    // room for those that need not be kept
		reader  signalReader
	)
	release := func() error {
		open = false
		for i := range pending {
			if err := c.standing(&pending[i].Signal); err != nil {
				return err
			}
		}
		pending = pending[:0]
		return nil
	}
	for rec, err := range recs {
		if err != nil {
			return err
		}
		n := logonPrefix(rec)
		if len(rec) < n+25 {
			return errSignal
		}
		class, at := LogonClass(rec[n+8]), int64(binary.BigEndian.Uint64(rec[n:])^1<<63)
		if string(rec[:n]) != id || open && at-began > int64(logonSpan) {
			if err := release(); err != nil {
				return err
			}
			id = string(rec[:n])
		}
		if class == Outcome {
			open, pending = false, pending[:0]
			reader = signalReader{b: rec[n+25:], borrow: true, arena: reader.arena[:0]}
			if err := outcome.decode(&reader); err != nil {
				return err
			}
			if err := c.standing(&outcome); err != nil {
				return err
			}
			continue
		}
		if key := event.Key(rec[n+9:]); !open {
			open, began, last = true, at, key
		} else if key != last {
			pending, last = pending[:0], key
		}
		if len(pending) == cap(pending) {
			pending = append(pending, waiting{})
		} else {
			pending = pending[:len(pending)+1] // with the room of one before
		}
		if err := pending[len(pending)-1].take(rec[n+25:]); err != nil {
			return err
		}
	}
	return release()
}

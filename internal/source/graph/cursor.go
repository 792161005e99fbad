package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

var plus = strings.NewReplacer("+", "%20")

// A cursor says where a log goes on.
type cursor struct {
	// Mark is up to when everything was read that could be read then.
	Mark time.Time `json:"mark"`
	// Late is the mark of the last window that reached far back.
	Late time.Time `json:"late,omitzero"`
	// Old tells that what was read last was so long past that nothing of it can
	// appear any more: then a window need not reach far back.
	Old bool `json:"old,omitempty"`
	// The window that is being read, if there is one: Wide if it reaches far back,
	// Next the address of the next page and Page its number, from 0.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	Wide bool      `json:"wide,omitempty"`
	Next string    `json:"next,omitempty"`
	Page int       `json:"page,omitempty"`
}

func (c *cursor) text() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // times beyond the year 9999, which read refuses
	}
	return string(data)
}

// readCursor reads a stored cursor.
func readCursor(text string) (cursor, error) {
	var c cursor
	err := json.Unmarshal([]byte(text), &c)
	switch {
	case err != nil:
	case c.Mark.IsZero():
		err = fmt.Errorf("it has no mark")
	case c.From.After(c.To), c.From.IsZero() != c.To.IsZero(), c.Next != "" && c.To.IsZero():
		err = fmt.Errorf("its window is none")
	}
	if err != nil {
		return cursor{}, fmt.Errorf("read cursor: %w", err)
	}
	return c, nil
}

// How often a window reaches far back.
const wideEvery = time.Hour

// open begins a window at now, which is the server's time. Where our clock differs
// by skew either may be wrong, so windows reach back that much further.
func (c *cursor) open(l *log, now time.Time, skew time.Duration) {
	// A clock that was ahead left marks in the future.
	mark := earlier(c.Mark, now)
	first := c.Late.IsZero()
	c.Wide = !first && !c.Old && (now.Sub(c.Late) >= wideEvery || now.Before(c.Late))
	switch {
	case first:
		c.From = mark // where it was told to begin
	case c.Wide:
		// What appeared just after the last wide window was not in it, so this one
		// reaches back from the mark of that one.
		c.From = earlier(c.Late, mark).Add(-l.late - skew - time.Second)
	default:
		c.From = mark.Add(-l.back - skew)
	}
	c.From = c.From.Truncate(time.Second)
	c.To = earlier(now, mark.Add(l.span)).Truncate(time.Second)
	if c.To.Before(c.From) {
		c.To = c.From
	}
	c.Old = now.Sub(c.To) > l.late
	c.Next, c.Page = "", 0
}

// turn goes on behind a page, of which the server said that it was now when it
// answered. The window ends with the page that names none behind it.
func (c cursor) turn(next string, now time.Time) cursor {
	if c.Page == 0 {
		// What lies ahead of the server's clock cannot have been read.
		c.To = earlier(c.To, now.Truncate(time.Second))
		c.From = earlier(c.From, c.To)
	}
	c.Next = next
	c.Page++
	if next != "" {
		return c
	}
	if c.Wide || c.Old || c.Late.IsZero() {
		c.Late = c.To
	}
	return cursor{Mark: c.To, Late: c.Late, Old: c.Old}
}

// again begins the window anew.
func (c *cursor) again() { c.Next, c.Page = "", 0 }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

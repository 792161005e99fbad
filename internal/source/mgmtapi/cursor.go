package mgmtapi

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A cursor says where a stream goes on.
type cursor struct {
	// Mark is up to when content was listed, by the time at which it became
	// available, and fetched or owed.
	Mark time.Time `json:"mark"`
	// Late is the mark of the last window that reached far back.
	Late time.Time `json:"late,omitzero"`
	// Done holds the hashes of blobs that are done, one behind the other, by the
	// hour in which they became available.
	Done map[string]string `json:"done,omitempty"`
	// Owed are blobs that could not be had.
	Owed []blob `json:"owed,omitempty"`
}

// A blob is an entry of the listing.
type blob struct {
	ID      string    `json:"contentId"`
	URI     string    `json:"contentUri"`
	Created time.Time `json:"contentCreated"`
	Expires time.Time `json:"contentExpiration"`
}

// Windows. Content becomes available up to hours after what it tells of, which is
// no matter here: listings go by the time at which it became available. Their
// overlap is for listings that lag behind that.
const (
	back = time.Hour
	late = 12 * time.Hour
	// The API allows 24 hours, and has refused windows of exactly that.
	span      = 10 * time.Hour
	longest   = 23*time.Hour + 30*time.Minute
	wideEvery = time.Hour
	// How long what is done is remembered: as long as it can be listed again.
	remembered = late + span + 2*wideEvery
)

func (c *cursor) text() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // times beyond the year 9999, which no cursor read has
	}
	return string(data)
}

func readCursor(text string) (cursor, error) {
	var c cursor
	err := json.Unmarshal([]byte(text), &c)
	switch {
	case err != nil:
	case c.Mark.IsZero():
		err = fmt.Errorf("it has no mark")
	default:
		for h, list := range c.Done {
			if _, bad := base64.RawURLEncoding.DecodeString(list); bad != nil || len(list)%size != 0 {
				err = fmt.Errorf("what is done in hour %q is no list of hashes", h)
			}
		}
	}
	if err != nil {
		return cursor{}, fmt.Errorf("read cursor: %w", err)
	}
	return c, nil
}

// window returns the next window, at now by the server's time, and how much time
// before it is lost, because content is kept no longer.
func (c *cursor) window(now time.Time, skew time.Duration) (from, to time.Time, wide bool, lost time.Duration) {
	mark := earlier(c.Mark, now)
	wide = !c.Late.IsZero() && (now.Sub(c.Late) >= wideEvery || now.Before(c.Late))
	from = mark.Add(-min(back+skew, late))
	if wide {
		from = earlier(mark, c.Late).Add(-late)
	}
	first := now.Add(-kept + 10*time.Minute)
	if mark.Before(first) {
		if !c.Late.IsZero() { // what was before the first run is not missed
			lost = first.Sub(mark)
		}
		mark = first
	}
	if from.Before(first) {
		from = first
	}
	to = earlier(now, mark.Add(span)).Truncate(time.Second)
	if from.Before(to.Add(-longest)) {
		from = to.Add(-longest)
	}
	return from.Truncate(time.Second), to, wide, lost
}

// close moves the mark to the end of a window and forgets blobs that will not be
// listed again.
func (c *cursor) close(to time.Time, wide bool) {
	c.Mark = to
	if wide || c.Late.IsZero() {
		c.Late = to
	}
	oldest := hour(earlier(c.Late, to).Add(-remembered))
	for h := range c.Done {
		if h < oldest {
			delete(c.Done, h)
		}
	}
}

func hour(t time.Time) string { return t.UTC().Format("2006010215") }

// size is that of a hash in text: 48 bits, compared within an hour. Of a thousand
// blobs an hour one is taken for another once in half a billion hours.
const size = 8

func hash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

func (c *cursor) done(b blob) bool {
	list, h := c.Done[hour(b.Created)], hash(b.ID)
	for ; len(list) >= size; list = list[size:] {
		if list[:size] == h {
			return true
		}
	}
	return false
}

func (c *cursor) finish(b blob) {
	if c.Done == nil {
		c.Done = map[string]string{}
	}
	if !c.done(b) {
		c.Done[hour(b.Created)] = strings.Clone(c.Done[hour(b.Created)] + hash(b.ID))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

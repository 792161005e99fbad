package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"
)

const hourLayout = "2006-01-02T15"

// A place is how far a stream was read: the text of it is its cursor.
type place struct {
	// Before is an hour. All blobs of earlier hours were read whole, as they were
	// at Full. Those that change later are read again.
	Before string    `json:"before"`
	Full   time.Time `json:"full"`
	// Open is how far blobs of that hour and of later ones were read, by their
	// names within the folder.
	Open map[string]mark `json:"open,omitempty"`
}

// A mark is how far a blob was read.
type mark struct {
	Offset  int64  `json:"offset"`
	Line    int    `json:"line,omitempty"` // how many line breaks come before Offset
	ETag    string `json:"etag"`           // of what was read
	Created int64  `json:"created"`        // Unix time
	// Modified is when the blob was changed last, as far as it was read; Unix time.
	Modified int64 `json:"modified"`
	// Tail is a hash of the last bytes before Offset: if they are others, the blob
	// was replaced.
	Tail string `json:"tail,omitempty"`
	// Waiting: behind Offset there is a line that is not complete.
	Waiting bool `json:"waiting,omitempty"`
}

// tailSize is how many bytes Tail is made of.
const tailSize = 1024

func tailOf(text []byte) string {
	sum := sha256.Sum256(text[max(0, len(text)-tailSize):])
	return hex.EncodeToString(sum[:8])
}

func (p *place) cursor() string {
	text, _ := json.Marshal(p) // texts, numbers and a time cannot fail
	return string(text)
}

func parsePlace(text string) (*place, error) {
	p := &place{}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if _, err := time.Parse(hourLayout, p.Before); err != nil {
		return nil, fmt.Errorf("before: %w", err)
	}
	for name, m := range p.Open {
		if m.Offset < 0 || m.Line < 0 {
			return nil, fmt.Errorf("%s: negative", name)
		}
	}
	return p, nil
}

// with returns a copy in which a blob was read up to m.
func (p *place) with(name string, m mark) *place {
	out := &place{Before: p.Before, Full: p.Full, Open: maps.Clone(p.Open)}
	out.set(name, m)
	return out
}

func (p *place) set(name string, m mark) {
	if p.Open == nil {
		p.Open = map[string]mark{}
	}
	p.Open[name] = m
}

// wants reports whether a blob has something to read, and from where on. A zero
// mark is its beginning.
func (p *place) wants(it *item) (from mark, ok bool) {
	m, known := p.Open[it.rest]
	switch {
	case !known:
		return mark{}, it.hour >= p.Before || it.modified.After(p.Full)
	case m.Offset == it.size && m.ETag == it.etag:
		return mark{}, false
	case m.Offset > it.size || m.Created != it.created:
		return mark{}, true
	}
	return m, true
}

// reach notes that all blobs of earlier hours than this one are read, as a
// listing of all blobs showed them at a time. Hours from settled on may still
// grow and stay open.
func (p *place) reach(hour, settled string, listed time.Time) {
	if hour < p.Before {
		return
	}
	p.Before = max(p.Before, min(hour, settled))
	if listed.After(p.Full) {
		p.Full = listed.UTC()
	}
	for name, m := range p.Open {
		if hourOf(name, m.Created) < p.Before && m.Modified <= p.Full.Unix() && !m.Waiting {
			delete(p.Open, name)
		}
	}
}

// An item is a blob as a listing shows it.
type item struct {
	container, name string
	folder, rest    string // name in two parts
	hour            string
	size            int64
	etag            string
	created         int64
	modified        time.Time
	appended        bool // it may grow
}

func (it *item) stream() string { return it.container + "/" + strings.TrimSuffix(it.folder, "/") }

// dated is the way in which Azure Monitor names hours.
var dated = regexp.MustCompile(`(?:^|/)(y=(\d{4})/m=(\d{2})/d=(\d{2})/h=(\d{2})/.*)$`)

// split parts the name of a blob into folder and the rest, which begins with the
// date. Without a date the folder is the container.
func split(name string) (folder, rest string) {
	m := dated.FindStringSubmatchIndex(name)
	if m == nil {
		return "", name
	}
	return name[:m[2]], name[m[2]:]
}

// hourOf is the hour in the name, or the one in which the blob was made.
func hourOf(rest string, created int64) string {
	if m := dated.FindStringSubmatch(rest); m != nil {
		return m[2] + "-" + m[3] + "-" + m[4] + "T" + m[5]
	}
	return time.Unix(created, 0).UTC().Format(hourLayout)
}

// Package state says what the service keeps beside the lake, and holds no code
// beyond what all stores must do alike: the packages below it keep it, in SQLite
// or in PostgreSQL, and statetest holds both to the same contract.
//
// Facts are only ever added. What changes, such as the status of an alert, is
// its newest fact, so that the history is the audit trail. What belongs together
// is one Changes: all of it is kept or nothing.
package state

import (
	"context"
	"errors"
	"iter"
	"time"
)

// A Store keeps the state of one service. Its methods may be called from several
// goroutines, also while the result of another is being read; what is being read
// stays as it was when that began. Texts and bytes may be anything.
type Store interface {
	// Apply keeps changes, all or none. When it returns they are on disk.
	Apply(ctx context.Context, c *Changes) error

	// Cursors lists all cursors, in the order of source and stream.
	Cursors(ctx context.Context) ([]Cursor, error)
	// Files lists the manifest of the lake, in the order of path.
	Files(ctx context.Context) ([]File, error)
	// Segments gives the segments of a class that hold something of since or
	// later and of until or earlier, in the order in which they were added. No
	// until is no end.
	Segments(ctx context.Context, class string, since, until time.Time) iter.Seq2[Segment, error]
	// Tallies gives all tallies, in the order of name.
	Tallies(ctx context.Context) iter.Seq2[Tally, error]
	// Alerts gives the newest fact of each alert that q wants, in the order of
	// Last, then of ID.
	Alerts(ctx context.Context, q AlertQuery) iter.Seq2[Alert, error]
	// History gives all facts of an alert, oldest first.
	History(ctx context.Context, id string) ([]Alert, error)
	// Pending gives up to n deliveries of a sink that are not done and whose
	// next attempt is due at now, in the order of Rank, then of when they were added.
	Pending(ctx context.Context, sink string, now time.Time, n int) ([]Delivery, error)
	// Hours gives what was counted since then, in the order of time, source,
	// stream and kind.
	Hours(ctx context.Context, since time.Time) iter.Seq2[Hour, error]
	// Quarantined gives the newest n records that could not be decoded, newest
	// first, and how many there are in all.
	Quarantined(ctx context.Context, n int) (newest []Quarantined, total int64, err error)
	// Value gives a named value; "" if there is none.
	Value(ctx context.Context, name string) (string, error)

	// Audit gives the newest n entries of the audit trail, newest first.
	Audit(ctx context.Context, n int) ([]AuditEntry, error)

	// Check reads everything once and reports damage as ErrCorrupt.
	Check(ctx context.Context) error
	// Backup writes a copy of the present state to a file that does not exist
	// yet, while others go on reading and writing.
	Backup(ctx context.Context, path string) error
	Close() error
}

// Errors of stores, for errors.Is.
var (
	// ErrCorrupt: what was stored cannot be read back. Nothing may be added until
	// a backup is restored.
	ErrCorrupt = errors.New("the state is damaged")
	// ErrFull: there is no room. Nothing was changed, and trying again later may
	// work.
	ErrFull = errors.New("no space is left for the state")
	// ErrNewer: a newer version of the program has written the state.
	ErrNewer = errors.New("the state was written by a newer version")
	// ErrInUse: another process holds the state.
	ErrInUse = errors.New("the state is in use by another process")
)

// Changes are what is to be kept at once. Empty fields change nothing. What is
// removed or expired goes before anything is added, and the limits are seen to
// at the end; otherwise the order is that of the fields.
type Changes struct {
	Cursors     []Cursor      // replace those of the same stream
	Files       []File        // added to the manifest; a path may come only once
	Removed     []string      // paths taken out of the manifest, if they are there
	Segments    []Segment     // added
	Expired     []Expiry      // segments to forget
	Tallies     []Tally       // replace those of the same name; an empty Body removes it
	Alerts      []Alert       // facts, added; the same ID and Revision twice is an error
	Deliveries  []Delivery    // added, or replace those with the same alert, revision and sink; the fact must be there
	Hours       []Hour        // added to what was counted for the same hour, source, stream and kind
	Quarantined []Quarantined // added
	// QuarantineLimit, if above 0, is how many bytes of them are kept, as Size
	// counts them: the oldest go.
	QuarantineLimit int64
	Values          []Value // replace those of the same name; an empty Text removes it
	// Audit entries are added, and stay for ever.
	Audit []AuditEntry
	// HistoryBefore, if set, forgets hours, done deliveries and facts of alerts
	// that are not their newest and are older than that. A fact that is still to
	// be delivered stays.
	HistoryBefore time.Time
}

// A Cursor says where a stream of a source goes on.
type Cursor struct {
	Source, Stream, Text string
	At                   time.Time // when it was stored
}

// A File is an entry of the manifest: an immutable file of the lake.
type File struct {
	Path        string // below the lake, with slashes
	Tenant      string
	Kind        string
	Day         string // of the events, UTC, 2006-01-02
	First, Last time.Time
	Rows, Bytes int64
	// Level is how often its rows were compacted.
	Level int
	Added time.Time
}

// A Segment holds what some events mean to rules, encoded.
type Segment struct {
	Seq         int64  // given by the store, rising
	Class       string // how long it is kept
	First, Last time.Time
	Body        []byte
}

// An Expiry forgets the segments of a class that hold nothing of Before or later.
type Expiry struct {
	Class  string
	Before time.Time
}

// A Tally is a running count, encoded.
type Tally struct {
	Name []byte
	Body []byte
}

// An Alert is a fact of an alert. The newest is that with the highest Revision.
type Alert struct {
	ID, Tenant, Rule string
	Revision         int
	Severity, Status string
	First, Last      time.Time // zero = the records carry no time
	Stored           time.Time // when the fact was kept
	Body             []byte    // JSON
}

// An AlertQuery says which alerts to give. The zero value wants all.
type AlertQuery struct {
	IDs     []string  // only these
	Since   time.Time // Last is then or later, or zero
	Tenant  string
	Rules   []string
	Changed time.Time // the newest fact was stored then or later
}

// A Delivery is a fact of an alert on its way to a sink.
type Delivery struct {
	Alert    string
	Revision int
	Sink     string
	Rank     int    // deliveries of lower ones go first
	Body     []byte // of the fact; set by Pending, not stored twice
	Attempts int
	Next     time.Time // of the next attempt
	Done     bool
	Problem  string // why the last attempt failed
	Stored   time.Time
}

// An Hour counts what a stream brought in an hour of arrival.
type Hour struct {
	At                              time.Time // when the hour began
	Source, Stream, Kind            string
	Events, Duplicates, Quarantined int64
	Bytes                           int64
	First, Last                     time.Time // of the events; the earliest and the latest are kept
}

// A Quarantined record could not be decoded.
type Quarantined struct {
	Seq          int64 // given by the store, rising
	At           time.Time
	Source, Name string
	Line, Index  int // Index -1 = not in an array
	Reason       string
	Raw          []byte
}

// Size is what the record takes of the quarantine's limit: its texts and bytes.
func (q *Quarantined) Size() int64 {
	return int64(len(q.Source) + len(q.Name) + len(q.Reason) + len(q.Raw))
}

// An AuditEntry says what a person did to what is kept.
type AuditEntry struct {
	Seq    int64 // given by the store, rising
	At     time.Time
	Actor  string // who did it
	Action string // such as "lake erase"
	Object string // what it was done to
	Result string // what came of it
}

// A Value is a small setting or mark of the service itself.
type Value struct{ Name, Text string }

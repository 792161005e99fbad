// Package health says how a running service fares: one value, Health, of what
// its parts report, and one judgement of it, in colours, reasons and what to do.
// It stands beside the pipeline: app fills the value, web shows it, and what
// should wake somebody becomes an alert of the service itself. It measures
// nothing and reads no clock.
package health

import "time"

// A State is the judgement in a word.
type State string

// The states. Red: logs are not read, not kept, or nobody is told. Yellow: all of
// that works, but less is seen than should be.
const (
	Green  State = "green"
	Yellow State = "yellow"
	Red    State = "red"
)

// Health is how a service fares at a time. Its JSON is what /status answers.
type Health struct {
	State   State     `json:"state"`
	Reasons []Reason  `json:"reasons"`
	Time    time.Time `json:"time"`
	// Started is when the service began to watch; absent: it does not run, and
	// this is what was known last.
	Started time.Time `json:"started,omitzero"`
	Sources []Source  `json:"sources"`
	Outlets []Outlet  `json:"outlets"`
	Store   Store     `json:"store"`
	Disk    Disk      `json:"disk"`
	Memory  Memory    `json:"memory"`
	Queues  Queues    `json:"queues"`
	Rules   Rules     `json:"rules"`
	// Lateness is how late an event may come and still be placed, in seconds.
	Lateness float64 `json:"lateness_seconds"`
}

// A Reason is why the state is not green.
type Reason struct {
	State State  `json:"state"`
	Part  string `json:"part"` // source, outlet, store, disk or rules
	Name  string `json:"name,omitempty"`
	What  string `json:"what"`
	Hint  string `json:"hint,omitempty"` // what mends it
	// Alert is the rule of the alert that the service raises of it; "" = none.
	Alert string    `json:"alert,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Key tells alerts of the rule apart; Rules are those that it keeps from
	// finding something.
	Key   []string `json:"-"`
	Rules []string `json:"-"`
}

// A Source is one of those that the configuration names.
type Source struct {
	Name        string `json:"name"`
	Quarantined int64  `json:"quarantined"`            // since the start
	Undecodable int64  `json:"quarantined_last_hours"` // in this hour and the last
	Bytes       int64  `json:"bytes"`
	Ended       bool   `json:"ended,omitempty"` // it has nothing more to read
	Logs        []Log  `json:"logs"`
	// Streams are those with a problem, then those that brought something last.
	Streams []Stream `json:"streams"`
	// MoreStreams is how many others there are.
	MoreStreams int `json:"more_streams,omitempty"`
}

// A Log is what a source brings of a kind.
type Log struct {
	Kind        string    `json:"kind"`
	LastEvent   time.Time `json:"last_event,omitzero"`
	LastArrival time.Time `json:"last_arrival,omitzero"`
	Events      int64     `json:"events"` // since the start
	Duplicates  int64     `json:"duplicates"`
	// Hour is how many events the last full hour brought, and WeekBefore how many
	// the same hour a week before; -1 = nobody watched then.
	Hour       int64 `json:"last_hour"`
	WeekBefore int64 `json:"same_hour_last_week"`
	// Silent is since when it brings nothing although it should.
	Silent time.Time `json:"silent_since,omitzero"`
	// UsualPause is how long at most it is usually quiet at this hour of the week,
	// in seconds; 0 = not known.
	UsualPause float64 `json:"usual_pause_seconds,omitempty"`
	Gaps       []Gap   `json:"gaps,omitempty"`
	// Empty are columns that had values before and have none now.
	Empty []Column `json:"empty_columns,omitempty"`
}

// A Gap is a stretch in the last week that brought nothing although it should.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// A Column is a field that went empty.
type Column struct {
	Field  string    `json:"field"`
	Format string    `json:"format"`
	Since  time.Time `json:"since"` // when it last had a value
}

// A Stream is a part of a source that has a cursor of its own.
type Stream struct {
	Name        string    `json:"name"`
	LastArrival time.Time `json:"last_arrival,omitzero"`
	Problem     string    `json:"problem,omitempty"`
	Hint        string    `json:"hint,omitempty"`
	Final       bool      `json:"final,omitempty"` // asking again does not help
	Since       time.Time `json:"since,omitzero"`  // when the problem began
	// Behind is how many entries are still to be read, in what the source counts
	// them; -1 = it does not say.
	Behind int64 `json:"behind"`
	// At is the time of the last entry that was read, as the source tells it.
	At time.Time `json:"at,omitzero"`
}

// An Outlet is one of those that the configuration names.
type Outlet struct {
	Name      string    `json:"name"`
	Pending   int       `json:"pending"`
	Oldest    time.Time `json:"oldest,omitzero"` // pending since
	Delivered int64     `json:"delivered"`       // since the start
	Failed    int64     `json:"failed"`          // attempts
	GivenUp   int64     `json:"given_up"`
	Problem   string    `json:"problem,omitempty"` // of the last attempt
	Since     time.Time `json:"since,omitzero"`    // when attempts began to fail
}

// A Store is how state and lake fare.
type Store struct {
	LastFlush    time.Time `json:"last_flush,omitzero"`
	FlushSeconds float64   `json:"flush_seconds"` // of the last one
	Flushes      int64     `json:"flushes"`       // since the start
	TotalSeconds float64   `json:"total_flush_seconds"`
	Problem      string    `json:"problem,omitempty"`
	Since        time.Time `json:"since,omitzero"`
	// Damaged: the state is, and only a backup helps. Full: there is no room.
	Damaged bool `json:"damaged,omitempty"`
	Full    bool `json:"full,omitempty"`
	// DamagedFiles are those of the lake that cannot be read, with the reason.
	DamagedFiles map[string]string `json:"damaged_files,omitempty"`
	// Duties are those of upkeep that did not succeed, with the reason.
	Duties map[string]string `json:"duties,omitempty"`
}

// A Disk is the one with the data folder, in bytes; 0 of 0 = not known.
type Disk struct {
	Folder string `json:"folder"`
	Free   uint64 `json:"free_bytes"`
	Size   uint64 `json:"size_bytes"`
}

// Memory is what the process has, in bytes.
type Memory struct {
	Total uint64 `json:"total_bytes"`
	Heap  uint64 `json:"heap_bytes"`
}

// Queues are how much waits between the parts.
type Queues struct {
	Batches     int `json:"batches"` // for a worker
	Results     int `json:"results"` // for the keeper
	BufferBytes int `json:"buffer_bytes"`
}

// Rules are how detection fares.
type Rules struct {
	Groups  int              `json:"groups"`  // that correlations hold
	Members int              `json:"members"` // in them
	Alerts  map[string]int64 `json:"alerts"`  // raised since the start, by severity
	// TooLate are events that came after what they belong to was settled, and
	// LeftOut those that lack what a correlation groups by; since the start.
	TooLate []Count `json:"too_late,omitempty"`
	LeftOut []Count `json:"left_out,omitempty"`
	// Late is how many came too late in this hour and the last.
	Late  int64   `json:"too_late_last_hours"`
	Blind []Blind `json:"blind,omitempty"`
}

// A Count is a number of events of a rule.
type Count struct {
	Rule   string `json:"rule"`
	Events int64  `json:"events"`
}

// A Blind rule can find nothing at present.
type Blind struct {
	Rule  string    `json:"rule"`
	Kind  string    `json:"kind"` // of the log that it lacks
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

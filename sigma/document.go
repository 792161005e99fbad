package sigma

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Document is a *Rule, a *Correlation or a *Filter.
type Document interface {
	// Pos returns the file and the line at which the document starts.
	Pos() (file string, line int)
	// Metadata returns what all documents have, to read or to change.
	Metadata() *Meta
	document()
}

// Meta is what rules, correlations and filters have in common.
type Meta struct {
	File string
	Line int

	Name, ID, Title, Status, Description, Author string
	Date, Modified, License, Level, Taxonomy     string

	References, Tags, FalsePositives, Fields, Scope []string

	Related []Related
	Extra   map[string]*yaml.Node // top-level keys that the specification leaves to users, such as "custom"
	Notes   []string              // what was read but should be written differently, as "file:line: text"

	merged bool // made by a collection action
}

// Pos returns the file and the line at which the document starts.
func (m *Meta) Pos() (file string, line int) { return m.File, m.Line }

// Metadata returns m.
func (m *Meta) Metadata() *Meta { return m }

func (*Meta) document() {}

// Related is a relation to another rule.
type Related struct{ ID, Type string }

// LogSource names the logs that a rule reads. At least one of Category, Product
// and Service is set.
type LogSource struct {
	Category, Product, Service, Definition string

	Extra map[string]string // keys of the writer's own
}

// Covers reports whether every log of l2 is one of l: what l names, l2 names
// with the same value.
func (l LogSource) Covers(l2 LogSource) bool {
	ok := func(want, got string) bool { return want == "" || strings.EqualFold(want, got) }
	return ok(l.Category, l2.Category) && ok(l.Product, l2.Product) && ok(l.Service, l2.Service)
}

// Search is a named part of the detection section.
type Search struct {
	Name string
	Line int
	Node Node
}

// Rule says which records it matches.
type Rule struct {
	Meta
	LogSource  LogSource
	Searches   []Search  // in the order of the file
	Conditions []string  // as written; several mean "one of them"
	Filters    []*Filter // that ApplyFilters added
	// Aggregation is the part of a condition from the pipe on, in the notation
	// that correlations have replaced. Such a rule can be read, not compiled.
	Aggregation string
	Timeframe   string // belongs to Aggregation
}

// Filter narrows rules: of the records that they match, those are left for which
// the filter's condition is true.
type Filter struct {
	Meta
	LogSource LogSource
	Rules     []string // ids or names
	Any       bool     // "rules: any": all rules of the log source
	Searches  []Search
	Condition string
}

// Correlation relates the matches of rules, or of other correlations. This
// package reads and checks it; counting is left to the caller.
type Correlation struct {
	Meta
	Type      string   // "event_count", …
	Rules     []string // ids or names, in order
	GroupBy   []string
	Timespan  Timespan
	Condition CorrelationCondition
	Aliases   []Alias
	Generate  bool // the rules named above are to report on their own as well
	// Options holds the keys of the correlation section that
	// ParseOptions.ExtraCorrelationKeys permits.
	Options map[string]*yaml.Node
}

// Alias is a name for a field that has different names in different rules.
type Alias struct {
	Name   string
	Fields []AliasField
}

// AliasField says what the alias is called in the records of one rule.
type AliasField struct{ Rule, Field string }

// Timespan is a duration, or a placeholder for one.
type Timespan struct {
	Text        string        // as written
	Duration    time.Duration // 0 with a placeholder
	Placeholder string        // the name without percent signs
}

// CorrelationCondition is what the count, or the sum, average or percentile of a
// field, must satisfy.
type CorrelationCondition struct {
	Fields     []string // value_count counts distinct combinations; the other value types have one
	Terms      []Term   // all must hold; empty for temporal types means: every rule matched
	Percentile *Limit   // nil if not given
	// Options holds the keys that ParseOptions.ExtraCorrelationKeys permits.
	Options map[string]*yaml.Node
}

// Term is a comparison of the aggregate with a limit.
type Term struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Limit Limit
}

// Limit is a number, or a placeholder for one.
type Limit struct {
	Text        string
	Number      float64 // 0 with a placeholder
	Placeholder string  // the name without percent signs
}

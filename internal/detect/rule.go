package detect

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A Rule is a Sigma rule, or a Sigma correlation of rules, with what entrawatch
// adds to it.
type Rule struct {
	*sigma.Meta
	// One of Match and Correlate is set.
	Match     *sigma.Rule
	Correlate *sigma.Correlation
	// Inputs are the rules that a correlation reads, in its order.
	Inputs []*Rule
	// Silent rules make no alerts of their own: only correlations read them.
	Silent bool
	// Slug is how people and alerts call the rule.
	Slug  string
	Extra Extra
	// Source is the hash of the file that the rule stands in, and of the filters
	// that may change it.
	Source [32]byte
	// Builtin rules came with the program.
	Builtin bool
	// Borrowed rules stand elsewhere and are only there to be read.
	Borrowed bool
}

// Extra is the block custom.entrawatch of a rule. All of it is optional.
type Extra struct {
	// Guide lists the rows of Microsoft's guides that the rule implements.
	Guide []string `yaml:"guide"`
	// Alert says which matches are one alert.
	Alert struct {
		// GroupBy names fields; user, actor, target and app stand for the
		// id of that entity, else its name. Default: actor, else user.
		GroupBy []string `yaml:"group-by"`
		// Period is the longest gap within one alert, as 90s, 10m, 24h, 14d.
		// Default: 24h.
		Period string `yaml:"period"`
	} `yaml:"alert"`
	// Summary is the sentence of the alert; {field} is replaced by the
	// field's values.
	Summary string `yaml:"summary"`
	// LevelFrom names the field whose value is the alert's severity.
	LevelFrom string `yaml:"level-from"`
	// Needs lists baseline inputs without which the rule makes no sense,
	// beside those that its fields and placeholders name.
	Needs []string `yaml:"needs"`
	// Escalate raises the severity to a level where one of the conditions
	// holds: vip, privileged or break_glass for what the baseline knows of the
	// user, widespread for thresholds.widespread_accounts accounts with alerts
	// of the rule.
	Escalate map[string][]string `yaml:"escalate"`
	// View says what counts as one sign-in: records, or sign-ins, in which
	// interruptions are part of what completed them. Default: records.
	View string `yaml:"view"`
}

// Widespread is the condition of escalate that many accounts are concerned.
const Widespread = "widespread"

// signinView is the view that joins the records of one sign-in.
const signinView = "sign-ins"

// DefaultPeriod is the longest gap within one alert where a rule names none.
const DefaultPeriod = 24 * time.Hour

var spanUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}

// ParseSpan reads a time span such as 90s, 10m, 24h or 14d.
func ParseSpan(s string) (time.Duration, error) {
	var unit time.Duration
	var n uint64
	err := strconv.ErrSyntax
	if last := len(s) - 1; last > 0 {
		unit = spanUnits[s[last]]
		n, err = strconv.ParseUint(s[:last], 10, 64)
	}
	const longest = 100_000 * 24 * time.Hour
	switch {
	case unit == 0 || errors.Is(err, strconv.ErrSyntax):
		return 0, fmt.Errorf("%q is not a time span; write 90s, 10m, 24h or 14d", s)
	case err != nil || n == 0 || n > uint64(longest/unit):
		return 0, fmt.Errorf("%q is out of range: write 1s to 100000d", s)
	}
	return time.Duration(n) * unit, nil
}

// Period is the longest gap within one alert of the rule.
func (r *Rule) Period() time.Duration {
	if r.Extra.Alert.Period != "" {
		if d, err := ParseSpan(r.Extra.Alert.Period); err == nil {
			return d
		}
	}
	return DefaultPeriod
}

// Kinds lists the kinds of event that the log source of a rule means.
func (r *Rule) Kinds() []event.Kind {
	if r.Match == nil {
		return nil
	}
	sources, _ := sourcesOf(r.Match.LogSource)
	var out []event.Kind
	for _, s := range sources {
		out = append(out, s.kind)
	}
	return out
}

// Fields lists the fields that a rule compares, as it names them.
func (r *Rule) Fields() []string {
	var out []string
	if r.Match == nil {
		return nil
	}
	for _, s := range r.Match.Searches {
		sigma.Walk(s.Node, func(n sigma.Node, _ bool) {
			if it, ok := n.(*sigma.Item); ok && it.Field != "" && !slices.Contains(out, it.Field) {
				out = append(out, it.Field)
			}
		})
	}
	return out
}

// Posture reports whether the rule is about directory objects: what it finds
// stands until somebody changes it.
func (r *Rule) Posture() bool {
	kinds := r.Kinds()
	return len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k event.Kind) bool { return !k.Snapshot() })
}

// Severity is the level of the rule in the words of alerts.
func (r *Rule) Severity() string {
	if r.Level == "" {
		return "medium"
	}
	return strings.ToLower(r.Level)
}

// NewRule reads the block custom.entrawatch of a rule or a correlation,
// strictly.
func NewRule(doc sigma.Document, builtin bool) (*Rule, error) {
	r := doc.Metadata()
	out := &Rule{Meta: r, Builtin: builtin, Slug: slugOf(r)}
	switch doc := doc.(type) {
	case *sigma.Rule:
		out.Match = doc
	case *sigma.Correlation:
		out.Correlate = doc
		if err := checkExtension(doc); err != nil {
			return nil, err
		}
	}
	custom := r.Extra["custom"]
	if custom == nil {
		return out, nil
	}
	node := valueOf(custom, "entrawatch")
	if node == nil {
		return out, nil
	}
	raw, err := yaml.Marshal(node)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: custom.entrawatch: %w", r.File, node.Line, err)
	}
	dec := yaml.NewDecoder(strings.NewReader(string(raw)))
	dec.KnownFields(true)
	if err := dec.Decode(&out.Extra); err != nil {
		return nil, fmt.Errorf("%s:%d: custom.entrawatch: %s; known keys are guide, alert, summary, level-from, needs, escalate, view", r.File, node.Line, trimYAML(err))
	}
	if p := out.Extra.Alert.Period; p != "" {
		if _, err := ParseSpan(p); err != nil {
			return nil, fmt.Errorf("%s:%d: custom.entrawatch.alert.period: %w", r.File, node.Line, err)
		}
	}
	if err := out.checkExtra(); err != nil {
		return nil, fmt.Errorf("%s:%d: custom.entrawatch.%w", r.File, node.Line, err)
	}
	return out, nil
}

// checkExtra finds what the block says that cannot be.
func (r *Rule) checkExtra() error {
	if r.Correlate != nil && len(r.Extra.Alert.GroupBy) > 0 {
		return errors.New("alert.group-by: alerts of a correlation are grouped as the correlation is; leave it out")
	}
	conditions := append([]string{Widespread}, FlagNames...)
	for _, level := range slices.Sorted(maps.Keys(r.Extra.Escalate)) {
		i := slices.Index(levels, level)
		switch {
		case i < 0:
			return fmt.Errorf("escalate: %q is no level; there are %s", level, strings.Join(levels, ", "))
		case r.Extra.LevelFrom == "" && i >= rank(r.Severity()):
			return fmt.Errorf("escalate: %q is no level above the rule's, which is %s", level, r.Severity())
		}
		for _, w := range r.Extra.Escalate[level] {
			if !slices.Contains(conditions, w) {
				return fmt.Errorf("escalate: there is no condition %q; there are %s", w, strings.Join(conditions, ", "))
			}
		}
	}
	switch r.Extra.View {
	case "", "records":
	case signinView:
		if r.Correlate != nil {
			return errors.New("view: the rules that a correlation reads say what counts as one sign-in; put it there")
		}
	default:
		return fmt.Errorf("view: %q is none; there are records and %s", r.Extra.View, signinView)
	}
	return nil
}

// widespread reports whether the rule rises with the number of accounts.
func (r *Rule) widespread() bool {
	for _, when := range r.Extra.Escalate {
		if slices.Contains(when, Widespread) {
			return true
		}
	}
	return false
}

// trimYAML takes out of an error what only the writer of this program
// understands: Go types, and lines of a text that no file has.
func trimYAML(err error) string {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return err.Error()
	}
	var out []string
	for _, s := range typed.Errors {
		s = lineOfNoFile.ReplaceAllString(s, "")
		s, _, _ = strings.Cut(s, " in type ")
		out = append(out, strings.TrimSuffix(s, " into detect.Extra"))
	}
	return strings.Join(out, "; ")
}

var lineOfNoFile = regexp.MustCompile(`^line [0-9]+: `)

func valueOf(m *yaml.Node, key string) *yaml.Node {
	if m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// slugOf names a rule: by its Sigma name, else by its file.
func slugOf(r *sigma.Meta) string {
	if r.Name != "" {
		return r.Name
	}
	base := path.Base(strings.ReplaceAll(r.File, `\`, "/"))
	return strings.TrimSuffix(strings.TrimSuffix(base, ".yml"), ".yaml")
}

// UniqueSlugs reports rules that share a slug. Rules of one file without a
// name of their own are told apart by their title.
func UniqueSlugs(rules []*Rule) error {
	seen := map[string]*Rule{}
	for _, r := range rules {
		if other := seen[r.Slug]; other != nil {
			if other.File == r.File && r.Name == "" {
				r.Slug += "-" + slugify(r.Title)
				if seen[r.Slug] == nil {
					seen[r.Slug] = r
					continue
				}
			}
			return fmt.Errorf("%s:%d: the name %q is taken by %s:%d; give one of them another name", r.File, r.Line, r.Slug, other.File, other.Line)
		}
		seen[r.Slug] = r
	}
	return nil
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

func slugify(s string) string {
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(s), "-"), "-")
}

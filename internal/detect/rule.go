package detect

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/sigma"
)

// A Rule is a Sigma rule with what entrawatch adds to it.
type Rule struct {
	*sigma.Rule
	// Slug is how people and alerts call the rule.
	Slug  string
	Extra Extra
	// Builtin rules came with the program.
	Builtin bool
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
}

// DefaultPeriod is the longest gap within one alert where a rule names none.
const DefaultPeriod = 24 * time.Hour

var spanPattern = regexp.MustCompile(`^([0-9]+)(s|m|h|d)$`)

// ParseSpan reads a time span such as 90s, 10m, 24h or 14d.
func ParseSpan(s string) (time.Duration, error) {
	m := spanPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("%q is not a time span; write 90s, 10m, 24h or 14d", s)
	}
	var n time.Duration
	if _, err := fmt.Sscan(m[1], &n); err != nil || n <= 0 || n > 100_000 {
		return 0, fmt.Errorf("%q is out of range", s)
	}
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	return n * unit, nil
}

// Period is the longest gap within one alert of the rule.
func (r *Rule) Period() time.Duration {
	if d, err := ParseSpan(r.Extra.Alert.Period); err == nil {
		return d
	}
	return DefaultPeriod
}

// Severity is the level of the rule in the words of alerts.
func (r *Rule) Severity() string {
	if r.Level == "" {
		return "medium"
	}
	return strings.ToLower(r.Level)
}

// NewRule reads the block custom.entrawatch of a rule, strictly.
func NewRule(r *sigma.Rule, builtin bool) (*Rule, error) {
	out := &Rule{Rule: r, Builtin: builtin, Slug: slugOf(r, builtin)}
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
		return nil, fmt.Errorf("%s:%d: custom.entrawatch: %s; known keys are guide, alert, summary, level-from, needs", r.File, node.Line, trimYAML(err))
	}
	if p := out.Extra.Alert.Period; p != "" {
		if _, err := ParseSpan(p); err != nil {
			return nil, fmt.Errorf("%s:%d: custom.entrawatch.alert.period: %w", r.File, node.Line, err)
		}
	}
	return out, nil
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

// slugOf names a rule: built-in ones by their file, others by their Sigma
// name, else by their file.
func slugOf(r *sigma.Rule, builtin bool) string {
	if r.Name != "" && !builtin {
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

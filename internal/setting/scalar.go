package setting

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Text reads one text that is not empty. Numbers and dates are taken as written.
func (d *Decoder) Text(n *yaml.Node, path string) (string, bool) { return d.plain(n, nil, path) }

// plain reads the text of a scalar that is read into a type.
func (d *Decoder) plain(n *yaml.Node, of reflect.Type, path string) (string, bool) {
	switch {
	case empty(n):
		d.Fail(n, path, "write one, or remove the key", "has no value")
	case n.Kind != yaml.ScalarNode:
		d.want(n, of, path, "one value", "")
	case n.Style&yaml.TaggedStyle != 0:
		d.Fail(n, path, "remove it", "YAML tags such as %s are not supported", shorten(n.Tag))
	case strings.TrimSpace(n.Value) == "":
		d.Fail(n, path, "write a value, or remove the key", "is empty")
	case strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		d.Fail(n, path, "write it on one line", "has a line break or another control character in it")
	default:
		return n.Value, true
	}
	return "", false
}

var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func (d *Decoder) scalar(n *yaml.Node, s string, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		switch {
		case n.Tag == "!!bool" && strings.EqualFold(s, "true"):
			v.SetBool(true)
		case n.Tag == "!!bool" && strings.EqualFold(s, "false"):
			v.SetBool(false)
		default:
			d.Fail(n, path, boolHint(n, s), "want true or false, got %s", describe(n))
		}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		i, err := strconv.ParseInt(s, 10, 64)
		switch {
		case n.Tag == "!!str" && integer.MatchString(s):
			d.Fail(n, path, "remove the quotes", "want a whole number, got the text %q", s)
		case !integer.MatchString(s):
			d.Fail(n, path, "write it with the digits 0 to 9, without 0 in front", "want a whole number, got %s", describe(n))
		case err != nil || v.OverflowInt(i):
			d.Fail(n, path, "", "%s is too large", describe(n))
		default:
			v.SetInt(i)
		}
	case reflect.Float64:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || n.Tag != "!!int" && n.Tag != "!!float" {
			d.Fail(n, path, "", "want a number, got %s", describe(n))
			return
		}
		v.SetFloat(f)
	default:
		panic(fmt.Sprintf("setting: %s: no way to read a %s", path, v.Type()))
	}
}

// boolHint knows the words that were booleans in YAML 1.1.
func boolHint(n *yaml.Node, s string) string {
	switch strings.ToLower(s) {
	case "yes", "on", "y":
		return "write true"
	case "no", "off", "n":
		return "write false"
	case "true", "false":
		return "remove the quotes"
	}
	return ""
}

const maxSpan = 20 * 365 * 24 * time.Hour

var spanPattern = regexp.MustCompile(`^([0-9]{1,12})(ms|s|m|h|d|w)$`)

var spanUnits = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// span reads a length of time, as baselines and rules have it.
func (d *Decoder) span(n *yaml.Node, s string, into *time.Duration, path string) {
	m := spanPattern.FindStringSubmatch(s)
	if m == nil {
		d.Fail(n, path, "write a number and ms, s, m, h, d or w, like 90s, 10m, 24h, 14d", "%s is not a span of time", describe(n))
		return
	}
	count, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits fit
	if count > int64(maxSpan/spanUnits[m[2]]) {
		d.Fail(n, path, "", "%s is longer than 20 years", s)
		return
	}
	*into = time.Duration(count) * spanUnits[m[2]]
}

// FormatSpan writes a span as configurations have it: one number and the largest
// unit that divides it, up to days.
func FormatSpan(v time.Duration) string {
	for _, unit := range []string{"d", "h", "m", "s"} {
		if v != 0 && v%spanUnits[unit] == 0 {
			return fmt.Sprintf("%d%s", v/spanUnits[unit], unit)
		}
	}
	if v == 0 {
		return "0s"
	}
	return fmt.Sprintf("%dms", v/time.Millisecond)
}

// A Size is a number of bytes. It is written with a unit: 64MiB.
type Size int64

var sizePattern = regexp.MustCompile(`^([0-9]{1,12})(B|KiB|MiB|GiB|TiB)$`)

var sizeUnits = map[string]Size{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	m := sizePattern.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%q is not a size; write a number and B, KiB, MiB, GiB or TiB, like 64MiB", shorten(string(text)))
	}
	count, _ := strconv.ParseInt(m[1], 10, 64) // twelve digits fit
	if Size(count) > math.MaxInt64/sizeUnits[m[2]] {
		return fmt.Errorf("%s is too large", text)
	}
	*s = Size(count) * sizeUnits[m[2]]
	return nil
}

// MarshalText writes the largest unit that divides it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Size) String() string {
	for _, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if s != 0 && s%sizeUnits[unit] == 0 {
			return fmt.Sprintf("%d%s", s/sizeUnits[unit], unit)
		}
	}
	return fmt.Sprintf("%dB", int64(s))
}

// A Path names a file or folder. In the configuration it is relative to the
// folder of the file that names it; once read it can be opened.
type Path string

// ReadSetting makes the path one to open.
func (p *Path) ReadSetting(d *Decoder, n *yaml.Node, path string) {
	if s, ok := d.Text(n, path); ok {
		if d.Path != nil {
			s = d.Path(s)
		}
		*p = Path(s)
	}
}

// WriteSetting writes the path to open.
func (p Path) WriteSetting() *yaml.Node {
	if p == "" {
		return nil
	}
	return textNode(string(p))
}

package baseline

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// alias is a placeholder of the public Sigma rules, by its folded name.
type alias struct {
	input  string
	reason string // why no input can fill it
}

func aliases() map[string]alias {
	others := "it stands for everything that is not listed, which no list can hold; use the field "
	return map[string]alias{
		"legitcountries":    {input: "allowed_countries"},
		"known_location":    {input: "allowed_countries"},
		"hometenantid":      {input: "home_tenant_id"},
		"approveduserupn":   {input: "approved_actors.user_lifecycle"},
		"approved_inviters": {input: "approved_actors.guest_inviters"},
		"important_appids":  {input: "hbi_mbi_apps"},
		"unlegitcountries":  {reason: others + "baseline.country.allowed"},
		"unapprovedip":      {reason: others + "baseline.ip.trusted"},
		"unapproveddevice":  {reason: others + "baseline.device.approved"},
		"closingtime":       {reason: "the time outside working hours is not a list of values; use the field baseline.time.working_hours"},
	}
}

// plain strips the percent signs around a placeholder, if it has them.
func plain(placeholder string) string { return lower(strings.Trim(placeholder, "%")) }

// PlaceholderNeeds returns the inputs that a placeholder is filled from, or, if
// it cannot be filled whatever is set, no inputs and the reason.
func PlaceholderNeeds(placeholder string) (inputs []string, reason string) {
	name := plain(placeholder)
	if a, ok := aliases()[name]; ok {
		if a.reason != "" {
			return nil, a.reason
		}
		return []string{a.input}, ""
	}
	cat := newCatalogue()
	base, part := name, ""
	if rest, ok := strings.CutPrefix(name, thresholdsPrefix); ok {
		rest, part, _ = strings.Cut(rest, ".")
		base = thresholdsPrefix + rest
	}
	s := cat.byName[base]
	if s == nil {
		if general, ok := strings.CutSuffix(base, privilegedSuffix); ok {
			s = cat.byName[general]
		}
	}
	parts := []string{"", "count", "within", "percent", "minimum", "privileged", "privileged.count", "privileged.within"}
	switch {
	case s == nil:
		return nil, strings.TrimSuffix("no baseline input has that name; "+didYouMean(name, sorted(cat.byName)), "; ")
	case !s.expands():
		return nil, "the value of " + s.name + " is not a list of values"
	case !slices.Contains(parts, part):
		return nil, "a threshold has no " + part
	}
	return []string{s.name}, ""
}

// expands reports whether values of the input can be written as a list.
func (s *spec) expands() bool {
	switch s.name {
	case "tenants", "naming_policy", "required_attributes", "stationary_groups", "working_hours", "planned_changes",
		"app_access_allowlist", "role_responsibilities", "task_role_map", "pim_settings_baseline", "elevation_policy.hours":
		return false
	}
	return s.parts == nil || s.name == "hbi_mbi_apps"
}

// Expand returns the values of a placeholder, with or without its percent signs:
// the name of an input, of a part of one (thresholds.failed_signins.within,
// elevation_policy.max_duration), or a name that public Sigma rules use. In a
// value, * is a wildcard. Groups and roles are replaced by their members. A
// threshold gives its count, percentage, span or number; spans are written as
// 10m, 36h, 1d. False means that the input is not set or cannot be written as a list.
func (v *View) Expand(placeholder string) ([]string, bool) {
	name := plain(placeholder)
	if a, ok := aliases()[name]; ok {
		if a.reason != "" {
			return nil, false
		}
		name = a.input
	}
	if t, part, ok := v.threshold(name); ok {
		s, ok := t.part(part)
		return []string{s}, ok
	}
	switch name {
	case "home_tenant_id":
		return v.homes, len(v.homes) > 0
	case "hbi_mbi_apps":
		high, ok1 := v.Expand("hbi_mbi_apps.high")
		medium, ok2 := v.Expand("hbi_mbi_apps.medium")
		return slices.Concat(high, medium), ok1 || ok2
	}
	s := v.cat.byName[name]
	if s == nil || !s.expands() {
		return nil, false
	}
	if set := v.people[name]; set != nil {
		return slices.Clone(set.list), true
	}
	if set := v.names[name]; set != nil {
		return slices.Clone(set.list), true
	}
	return texts(v.in[name].val)
}

// texts writes the values that are not kept as a set of names.
func texts(val any) ([]string, bool) {
	out := []string{}
	switch val := val.(type) {
	case []string:
		out = append(out, val...)
	case []item:
		out = append(out, textsOf(val)...)
	case []netip.Prefix:
		for _, p := range val {
			if p.IsSingleIP() {
				out = append(out, p.Addr().String())
			} else {
				out = append(out, p.String())
			}
		}
	case []device:
		for _, d := range val {
			out = append(out, d.text)
		}
	case []time.Time:
		for _, t := range val {
			out = append(out, t.Format(time.DateOnly))
		}
	case time.Duration:
		out = append(out, formatSpan(val))
	case time.Time:
		out = append(out, val.Format(time.RFC3339))
	case int:
		out = append(out, strconv.Itoa(val))
	case string:
		out = append(out, val)
	default:
		return nil, false
	}
	return out, true
}

package baseline

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An element is one value of an input. Elements of lists are their own keys;
// where an input holds several things by name, such as naming_policy, the key
// says which one, so that a change of its value can be told.
type element struct {
	key  string // compared without regard to case
	text string // as people read it
}

// flatten takes the value of an input apart, in no order. Values that mean the
// same give the same elements, however they were written.
func flatten(val any) []element {
	var out []element
	add := func(text string) { out = append(out, element{lower(text), text}) }
	keyed := func(key, text string) { out = append(out, element{"\x00" + lower(key), key + ": " + text}) }
	switch val := val.(type) {
	case []ref:
		for _, t := range textsOfRefs(val) {
			add(t)
		}
	case plainNames, appNames, roleNames, groupNames, domainNames, protocolNames, []item:
		for _, t := range itemsOf(val) {
			add(t)
		}
	case []string:
		for _, c := range val {
			add(c)
		}
	case []netip.Prefix:
		list, _ := texts(val)
		for _, p := range list {
			add(p)
		}
	case []device:
		for _, d := range val {
			if d.byName {
				d.text = "name:" + d.text
			}
			add(d.text)
		}
	case []time.Time:
		for _, t := range val {
			add(t.Format(time.DateOnly))
		}
	case []hours:
		for _, h := range val {
			add(h.String())
		}
	case []plannedChange:
		for _, c := range val {
			keyed(c.id, fmt.Sprintf("actors %s, activities %s, targets %s, from %s to %s", joined(textsOfRefs(c.actors)), joined(textsOf(c.activities)),
				joined(textsOfRefs(c.targets)), c.from.UTC().Format(time.RFC3339), c.to.UTC().Format(time.RFC3339)))
		}
	case []stationaryGroup:
		for _, g := range val {
			ips, _ := texts(g.ips)
			add(fmt.Sprintf("%s in %s from %s", joined(textsOfRefs(g.members)), joined(g.countries), joined(ips)))
		}
	case []appUsers:
		for _, a := range val {
			keyed(a.app, joined(textsOfRefs(a.users)))
		}
	case []rolesOf:
		for _, r := range val {
			keyed(r.who.String(), joined(r.roles))
		}
	case []taskRole:
		for _, t := range val {
			keyed(t.task, t.role)
		}
	case []namedPattern:
		for _, p := range val {
			keyed(p.name, strings.TrimPrefix(p.re.String(), "(?i)"))
		}
	case map[string]PIMSettings:
		for role, s := range val {
			keyed(role, s.String())
		}
	case Threshold:
		out = append(out, element{"\x00", val.String()})
	case asWorkingHours:
		add("working_hours")
	case tenantID:
		out = append(out, element{"\x00", string(val)})
	default:
		list, ok := texts(val)
		if !ok {
			list = []string{fmt.Sprint(val)}
		}
		for _, t := range list { // one value, which replaces the other
			out = append(out, element{"\x00", t})
		}
	}
	return out
}

func textsOfRefs(refs []ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.String()
	}
	return out
}

// itemsOf returns the texts of a list of any sort.
func itemsOf(val any) []string {
	switch val := val.(type) {
	case plainNames:
		return textsOf(val)
	case appNames:
		return textsOf(val)
	case roleNames:
		return textsOf(val)
	case groupNames:
		return textsOf(val)
	case domainNames:
		return textsOf(val)
	case protocolNames:
		return textsOf(val)
	case []item:
		return textsOf(val)
	}
	return nil
}

// joined writes a list whose order means nothing.
func joined(list []string) string {
	if len(list) == 0 {
		return "any"
	}
	sorted := make([]string, len(list))
	for i, s := range list {
		sorted[i] = lower(s)
	}
	slices.Sort(sorted)
	return strings.Join(slices.Compact(sorted), ", ")
}

// String writes a schedule: "*: mon, tue 07:00-19:00 Europe/Stockholm".
func (h hours) String() string {
	who := joined(append(textsOfRefs(h.members), h.countries...))
	var days []string
	for i := range 7 {
		if day := time.Weekday((i + 1) % 7); h.days[day] {
			days = append(days, lower(day.String()[:3]))
		}
	}
	return fmt.Sprintf("%s: %s %02d:%02d-%02d:%02d %s", who, strings.Join(days, ", "), h.from/60, h.from%60, h.to/60, h.to%60, h.clock.zone)
}

// String writes what a threshold says, in the words of the file.
func (t Threshold) String() string {
	var parts []string
	if t.Count > 0 {
		parts = append(parts, "count "+strconv.Itoa(t.Count))
	}
	if t.Within > 0 {
		parts = append(parts, "within "+formatSpan(t.Within))
	}
	if t.Percent > 0 {
		parts = append(parts, "percent "+strconv.FormatFloat(t.Percent, 'f', -1, 64), "minimum "+strconv.Itoa(t.Minimum))
	}
	if t.Value > 0 {
		parts = append(parts, strconv.FormatFloat(t.Value, 'f', -1, 64))
	}
	if t.Privileged != nil {
		parts = append(parts, "privileged ("+t.Privileged.String()+")")
	}
	return strings.Join(parts, ", ")
}

// String writes what is said about a role.
func (s PIMSettings) String() string {
	var parts []string
	for _, flag := range []struct {
		name string
		on   *bool
	}{{"mfa_on_activation", s.MFA}, {"approval", s.Approval}, {"justification", s.Justification}} {
		if flag.on != nil {
			parts = append(parts, flag.name+" "+strconv.FormatBool(*flag.on))
		}
	}
	if s.MaxDuration > 0 {
		parts = append(parts, "max_duration "+formatSpan(s.MaxDuration))
	}
	return strings.Join(parts, ", ")
}

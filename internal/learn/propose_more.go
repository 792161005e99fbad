package learn

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// names proposes the form of user names, if nearly all names have few forms.
func (b *proposer) names() {
	values, noun := b.p.all(dimDirShape), "member"
	if len(values) == 0 {
		values, noun = b.p.all(dimShape), "user"
	}
	lines := formOf("user", values, minNamed, noun)
	b.put("naming_policy", append(lines, formOf("privileged", b.p.all(dimAdminShape), minMembers, "privileged account")...))
}

// formOf proposes up to four forms for a class of account, if nearly all fit.
func formOf(class string, values []Value, floor int, noun string) []Line {
	total, covered := 0, 0
	for _, v := range values {
		total += v.Members
	}
	var forms []string
	for _, v := range values {
		if v.Members >= minMembers && 20*v.Members >= total && len(forms) < 4 {
			forms = append(forms, v.Text)
			covered += v.Members
		}
	}
	share := fmt.Sprintf("%d of %s", covered, plural(total, noun))
	pattern := strings.Join(forms, "|")
	switch {
	case total == 0:
		return nil
	case total < floor:
		return []Line{{Remark: fmt.Sprintf("%s: nothing to tell from %s, fewer than %d", class, plural(total, noun), floor)}}
	case 20*covered < 19*total:
		return []Line{{Remark: class + ": the most frequent forms fit " + share + ", fewer than 95 %: " + quote(pattern)}}
	}
	return []Line{{Text: class + ": " + quote(pattern), Remark: share + " fit"}}
}

// domains proposes the domains of members.
func (b *proposer) domains() {
	known := map[string]Value{}
	for _, v := range b.p.all(dimDirDomain) {
		known[v.Text] = v
	}
	var yes []Line
	var rest []Value
	for _, v := range b.p.all(dimDomain) {
		if _, ok := known[v.Text]; !ok {
			rest = append(rest, v)
		}
	}
	for _, v := range b.p.all(dimDirDomain) {
		if v.Members >= minMembers && baseline.Takes("approved_domains", v.Text) {
			yes = append(yes, Line{Text: "- " + quote(v.Text), Remark: plural(v.Members, "member") + " in the directory"})
			continue
		}
		yes = append(yes, Line{Remark: "seen, not proposed: " + quote(v.Text) + ": fewer than " + plural(minMembers, "member") + " in the directory"})
	}
	b.put("approved_domains", append(yes, b.lines("approved_domains", rest, b.p.more[dimDomain], minMembers, minDays, "user")...))
}

// networks proposes addresses that many users share: one address where nearly
// all of its network's sign-ins come from it, else the network.
func (b *proposer) networks() {
	single := map[string]Value{}
	for _, v := range b.p.all(dimAddress) {
		a, err := netip.ParseAddr(v.Text)
		if err != nil {
			continue
		}
		net, _, _ := networkOf(v.Text)
		if best, ok := single[net]; !ok || v.Records > best.Records || v.Records == best.Records && a.Less(netip.MustParseAddr(best.Text)) {
			single[net] = v
		}
	}
	var values []Value
	for _, v := range b.p.all(dimNetwork) {
		if s := single[v.Text]; s.Members >= minNetUsers && 10*s.Records >= 9*v.Records {
			v = s
		}
		values = append(values, v)
	}
	lines := b.lines("egress_ips", values, b.p.more[dimNetwork], minNetUsers, minDays, "user")
	for i := range lines {
		if lines[i].Text != "" {
			lines[i].Remark += "; yours, or a VPN, carrier or cloud that others use too?"
		}
	}
	if flagged := b.p.all(dimFlagged); len(flagged) > 0 {
		var list []string
		for _, v := range flagged {
			list = append(list, v.Text)
		}
		slices.Sort(list)
		more := ""
		if n := len(list) - maxShown + b.p.more[dimFlagged]; len(list) > maxShown {
			list, more = list[:maxShown], fmt.Sprintf(" and %d more", n)
		}
		lines = append(lines, Line{Remark: "nothing was learned from sign-ins of addresses that a risk names: " + quoteAll(list) + more})
	}
	b.put("egress_ips", lines)
}

// hours proposes working hours for each country that is proposed.
func (b *proposer) hours() {
	week := b.weeks(dimHour)
	var lines []Line
	for _, c := range b.p.all(dimCountry) {
		if short(c, minMembers, minDays, "user") != "" || !baseline.Takes("allowed_countries", c.Text) {
			continue
		}
		lines = append(lines, hoursOf("countries: ["+quote(c.Text)+"]", c.Text, week[c.Text], minHours))
	}
	b.put("working_hours", append(b.adminHours(), lines...))
}

// adminHours proposes hours for the holders of privileged roles: changes that
// they make have no country. These win over those of countries, so they must
// hold wherever holders work.
func (b *proposer) adminHours() []Line {
	var roles []string
	for _, l := range b.powers() {
		roles = append(roles, strings.TrimPrefix(l.Text, "- "))
	}
	week := b.weeks(dimAdminHour)
	all, covered := 0, 0
	var lines []Line
	for _, country := range sortedKeys(week) {
		line := hoursOf("members: ["+strings.Join(roles, ", ")+"]", country, week[country], minAdminHour)
		for _, day := range week[country] {
			for _, n := range day {
				if all += n; line.Text != "" {
					covered += n
				}
			}
		}
		if line.Text != "" {
			lines = append(lines, line)
		}
	}
	switch {
	case all == 0 || len(roles) == 0:
		return nil
	case 20*covered < 19*all:
		return []Line{{Remark: fmt.Sprintf("holders of privileged roles: nothing proposed: only %d of their %d users, days and hours are in countries with hours; declare them", covered, all)}}
	}
	return lines
}

// weeks counts, by country, how many users there were in each hour of a week.
func (b *proposer) weeks(d dim) map[string]*[7][24]int {
	week := map[string]*[7][24]int{}
	for _, v := range b.p.all(d) {
		var country string
		var day, hour int
		if _, err := fmt.Sscanf(v.Text, "%s %d %d", &country, &day, &hour); err != nil || day < 0 || day > 6 || hour < 0 || hour > 23 {
			continue
		}
		if week[country] == nil {
			week[country] = &[7][24]int{}
		}
		week[country][day][hour] += v.Pairs
	}
	return week
}

// shares of sign-ins, in 1,000, that working hours hold: the first of them that
// fits into maxHours. One in a hundred outside would be alerts every day.
var shares = []int{999, 995, 990, 950}

const maxHours = 17 // which leaves a night

// hoursOf finds the weekdays with at least a quarter of what the busiest one
// has, and the shortest part of the day with nearly all of theirs. whose says
// for whom they hold.
func hoursOf(whose, country string, week *[7][24]int, floor int) Line {
	if zones[country] == "" {
		return Line{Remark: country + ": nothing proposed: the country has several time zones; declare them"}
	}
	if week == nil {
		return Line{Remark: country + ": nothing proposed: no interactive sign-ins"}
	}
	var perDay [7]int
	busiest := 0
	for d := range week {
		for _, n := range week[d] {
			perDay[d] += n
		}
		busiest = max(busiest, perDay[d])
	}
	var hours [24]int
	var days []string
	total, all := 0, 0
	for i := range 7 {
		d := (i + 1) % 7
		all += perDay[d]
		if 4*perDay[d] < busiest || perDay[d] == 0 {
			continue
		}
		days = append(days, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[d])
		for h, n := range week[d] {
			hours[h] += n
		}
		total += perDay[d]
	}
	if total < floor {
		return Line{Remark: fmt.Sprintf("%s: nothing proposed: interactive sign-ins of %d different users, days and hours, fewer than %d", country, total, floor)}
	}
	for _, share := range shares {
		from, to, inside := shortest(&hours, share*total)
		if to-from > maxHours {
			continue
		}
		return Line{
			Text:   fmt.Sprintf("- {%s, time_zone: %s, days: [%s], from: \"%02d:00\", to: \"%02d:00\"}", whose, zones[country], strings.Join(days, ", "), from, to),
			Remark: fmt.Sprintf("%.1f %% of %d: interactive sign-ins, counted once for each user, day and hour", 100*float64(inside)/float64(all), all),
		}
	}
	return Line{Remark: country + ": nothing proposed: people sign in at all hours"}
}

// shortest finds the shortest part of a day that holds so many thousandths, and
// how many it holds.
func shortest(hours *[24]int, thousandths int) (from, to, inside int) {
	for length := 1; length <= 24; length++ {
		for start := 0; start+length <= 24; start++ {
			n := 0
			for _, c := range hours[start : start+length] {
				n += c
			}
			if 1000*n >= thousandths {
				return start, start + length, n
			}
		}
	}
	return 0, 24, 0
}

// protocols proposes to declare unused what was not seen for long enough.
func (b *proposer) protocols() {
	seen := map[string]Value{}
	said, days := int64(0), 0
	for _, v := range b.p.all(dimProtocol) {
		seen[v.Text] = v
		days = max(days, v.Days)
		if v.Text != "none" {
			said += v.Records
		}
	}
	var lines []Line
	for _, p := range []string{"deviceCode", "ropc", "authenticationTransfer"} {
		v, used := seen[strings.ToLower(p)]
		switch {
		case used:
			lines = append(lines, Line{Remark: p + " is used: " + b.evidence(v, "user")})
		case said == 0 || days < minProtocol:
			lines = append(lines, Line{Remark: fmt.Sprintf("%s: not seen, but %s of sign-ins cannot show that nobody uses it (that takes %d, and sign-ins that name their protocol)", p, plural(days, "day"), minProtocol)})
		default:
			lines = append(lines, Line{Text: "- " + p, Remark: "not seen on " + plural(days, "day") + ", among " + plural(int(said), "sign-in") + " that name their protocol"})
		}
	}
	for _, v := range b.p.all(dimDevice) {
		lines = append(lines, Line{Remark: "device codes for " + quote(v.Text) + ": " + b.evidence(v, "user")})
	}
	if b.total.Records > 0 || said > 0 {
		b.put("unused_protocols", lines)
	}
}

// sources proposes which logs must keep arriving. They are the tenant's own
// only where there is one.
func (b *proposer) sources() {
	if !b.home {
		return
	}
	var lines []Line
	for _, kind := range sortedKeys(b.tally.Sources) {
		if !baseline.Takes("expected_log_sources", kind) {
			continue
		}
		n := len(b.tally.Sources[kind])
		if n < minDays {
			lines = append(lines, Line{Remark: fmt.Sprintf("seen, not proposed: %s: on %s, fewer than %d", kind, plural(n, "day"), minDays)})
			continue
		}
		lines = append(lines, Line{Text: "- " + kind, Remark: "on " + plural(n, "day")})
	}
	b.put("expected_log_sources", lines)
}

// remarks lists what a person should know when declaring other inputs.
func (b *proposer) remarks() {
	var lines []Line
	for _, v := range b.p.all(dimLegacy) {
		lines = append(lines, Line{Remark: "legacy client in use: " + quote(v.Text) + ": " + b.evidence(v, "user")})
	}
	b.put("legacy_auth_disabled_since", lines)
	lines = nil
	for _, v := range b.p.all(dimMethod) {
		if v.Text != "" && v.Text != "[]" {
			lines = append(lines, Line{Remark: "registered method: " + quote(v.Text) + ": " + plural(v.Members, "user")})
		}
	}
	apps := map[string]int{}
	for _, v := range b.p.all(dimService) {
		name, _, _ := strings.Cut(v.Text, "\t")
		apps[name]++
	}
	for _, name := range sortedKeys(apps) {
		lines = append(lines, Line{Remark: "application that signs in by itself: " + quote(name) + ", from " + plural(apps[name], "address")})
		if len(lines) > 3*maxShown {
			break
		}
	}
	b.put("seen", lines)
}

package learn

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
)

// The floors: what was seen less often is listed and not proposed. There is
// none on the number of events, which one account can make in an hour.
const (
	minMembers   = 3 // different users
	minDays      = 5 // different days
	minActorDays = 3 // days on which somebody made changes of one kind
	minNetUsers  = 5 // users who share an address that is no home
	minNamed     = 10
	minHours     = 100 // different users, days and hours
	minAdminHour = 40  // the same of holders of privileged roles, who are few
	minProtocol  = 14  // days without a protocol
	minUnchanged = 14  // days of changes, none of one kind
	maxShown     = 12  // values that are listed and not proposed
)

// A Line is one entry of a block: a value to approve, or a remark.
type Line struct {
	Text   string // YAML; "" for a remark only
	Remark string
}

// A Block is what a draft says of one input.
type Block struct {
	Input string
	Lines []Line
}

// proposed reports whether the block sets its input.
func (b *Block) proposed() bool {
	for _, l := range b.Lines {
		if l.Text != "" {
			return true
		}
	}
	return false
}

// A proposer makes the blocks of one tenant.
type proposer struct {
	p      *Profile
	tally  *Tally
	home   bool
	roles  []string // that give power
	b2c    bool
	total  Value // sign-ins that teach
	blocks []Block
}

// Propose says what to declare for one tenant.
func Propose(p *Profile, tally *Tally, roles []string, home bool) []Block {
	if p == nil {
		p = &Profile{values: map[dim][]Value{}, more: map[dim]int{}}
	}
	b := &proposer{p: p, tally: tally, home: home, roles: roles, b2c: isB2C(p)}
	if all := p.all(dimSignin); len(all) > 0 {
		b.total = all[0]
	}
	b.privileged()
	b.actors()
	b.list("approved_sources", dimSource, 1, minActorDays, "account")
	b.list("sync_service_accounts", dimSync, 1, minActorDays, "account")
	b.names()
	b.domains()
	b.list("partner_organizations", dimPartner, minMembers, minDays, "user")
	b.list("allowed_countries", dimCountry, minMembers, minDays, "user")
	b.networks()
	b.hours()
	b.list("ropc_allowed_apps", dimROPC, minMembers, minDays, "user")
	b.protocols()
	b.sources()
	b.remarks()
	return b.blocks
}

func isB2C(p *Profile) bool {
	for _, v := range p.all(dimB2C) {
		if v.Days >= 2 || v.Days == 0 && v.Members >= minMembers {
			return true
		}
	}
	return false
}

func (b *proposer) put(input string, lines []Line) {
	if len(lines) > 0 {
		b.blocks = append(b.blocks, Block{input, lines})
	}
}

// list proposes the values of a sort that reach the floors.
func (b *proposer) list(input string, d dim, members, days int, noun string) {
	b.put(input, b.lines(input, b.p.all(d), b.p.more[d], members, days, noun))
}

func (b *proposer) lines(input string, values []Value, more, members, days int, noun string) []Line {
	var yes, no []Line
	for _, v := range values {
		switch why := short(v, members, days, noun); {
		case !baseline.Takes(input, v.Text):
			no = append(no, Line{Remark: "seen, not proposed: " + quote(v.Text) + ", which would not mean itself here; " + b.evidence(v, noun)})
		case why != "":
			no = append(no, Line{Remark: "seen, not proposed: " + quote(v.Text) + ": " + why + "; " + b.evidence(v, noun)})
		default:
			yes = append(yes, Line{Text: "- " + quote(v.Text), Remark: b.evidence(v, noun)})
		}
	}
	if more += max(0, len(no)-maxShown); more > 0 {
		no = append(no[:min(len(no), maxShown)], Line{Remark: fmt.Sprintf("and %d more, seen on fewer days", more)})
	}
	return append(yes, no...)
}

// short says by which floor a value falls short.
func short(v Value, members, days int, noun string) string {
	switch {
	case v.Members < members && v.Days < days:
		return fmt.Sprintf("fewer than %s and than %s", plural(members, noun), plural(days, "day"))
	case v.Members < members:
		return "fewer than " + plural(members, noun)
	case v.Days < days:
		return "fewer than " + plural(days, "day")
	}
	return ""
}

// evidence is what a person needs to approve a value.
func (b *proposer) evidence(v Value, noun string) string {
	parts := []string{plural(v.Members, noun)}
	if v.Days > 0 {
		parts = append(parts, plural(v.Days, "day"), plural(int(v.Records), "event"))
	}
	if noun == "user" && b.total.Records > 0 && v.Days > 0 {
		parts = append(parts, fmt.Sprintf("%.1f %% of sign-ins", 100*float64(v.Records)/float64(b.total.Records)))
	}
	if !v.First.IsZero() {
		parts = append(parts, v.First.Format(time.DateOnly)+" to "+v.Last.Format(time.DateOnly))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// privileged lists who holds privileged roles. Being listed allows nothing, so
// that no floor is needed.
func (b *proposer) privileged() {
	roles := map[string][]string{}
	facts := map[string]Value{}
	var order []string
	for _, v := range b.p.all(dimHolder) {
		who, role, _ := strings.Cut(v.Text, "\t")
		if roles[strings.ToLower(who)] == nil {
			order = append(order, who)
			facts[strings.ToLower(who)] = v
		}
		roles[strings.ToLower(who)] = append(roles[strings.ToLower(who)], role)
	}
	lines := b.powers()
	for _, who := range order {
		v := facts[strings.ToLower(who)]
		remark := quoteAll(unique(roles[strings.ToLower(who)]))
		if v.Days > 0 {
			remark += "; given or activated on " + plural(v.Days, "day") + ", " + v.First.Format(time.DateOnly) + " to " + v.Last.Format(time.DateOnly)
		} else {
			remark += "; in the snapshot of role assignments"
		}
		if !baseline.Takes("privileged_accounts", who) {
			lines = append(lines, Line{Remark: "holds a role, not proposed: " + quote(who) + ", which would not mean itself here; " + remark})
			continue
		}
		lines = append(lines, Line{Text: "- " + quote(who), Remark: remark})
	}
	b.put("privileged_accounts", lines)
	if b.home {
		lines = nil
		for _, role := range b.roles {
			lines = append(lines, Line{Text: "- " + quote(role)})
		}
		b.put("privileged_roles", lines)
	}
	lines = nil
	for _, v := range b.p.all(dimGroup) {
		if baseline.Takes("privileged_groups", v.Text) {
			lines = append(lines, Line{Text: "- " + quote(v.Text), Remark: "holds a privileged role"})
		}
	}
	b.put("privileged_groups", lines)
	lines = nil
	for _, v := range b.p.all(dimRelief) {
		lines = append(lines, Line{Remark: "candidate, by its name: " + quote(v.Text) + "; every use of a listed account is an alert"})
	}
	b.put("break_glass_accounts", lines)
}

// powers names the privileged roles that have holders in the snapshots. Who
// is given one later is then privileged without another draft.
func (b *proposer) powers() []Line {
	var lines []Line
	for _, v := range b.p.all(dimRole) {
		for _, role := range b.roles {
			if strings.EqualFold(role, v.Text) {
				lines = append(lines, Line{Text: "- " + quote("role:"+role), Remark: plural(v.Members, "holder") + " in the snapshot of role assignments, and whoever holds it later"})
			}
		}
	}
	return lines
}

// ofCustomers are the classes of changes that only a B2C tenant knows.
var ofCustomers = []string{"custom_policies", "user_flows", "api_connectors"}

// actors lists who made changes, by class.
func (b *proposer) actors() {
	byClass := map[string][]Value{}
	for _, v := range b.p.all(dimActor) {
		class, who, _ := strings.Cut(v.Text, "\t")
		v.Text = who
		byClass[class] = append(byClass[class], v)
	}
	for _, in := range baseline.Inputs() {
		class, ok := strings.CutPrefix(in.Name, "approved_actors.")
		if !ok || class == "consumer_lifecycle" && !b.b2c || class == "user_lifecycle" && b.b2c {
			continue
		}
		lines := b.lines(in.Name, byClass[class], 0, 1, minActorDays, "object")
		if len(byClass[class]) == 0 && b.changeDays() >= minUnchanged && (b.b2c || !slices.Contains(ofCustomers, class)) {
			lines = []Line{{Text: "[]", Remark: "nobody: no such change among those of " + plural(b.changeDays(), "day") + "; whoever makes one is to alert"}}
		}
		for i := range lines {
			if strings.HasPrefix(lines[i].Text, `- "app:`) && !strings.Contains(lines[i].Text, "-") {
				lines[i].Remark += "; known by its name only, which others can take: prefer its id"
			}
		}
		b.put(in.Name, lines)
	}
}

// changeDays is on how many days there were entries of the audit log.
func (b *proposer) changeDays() int {
	if all := b.p.all(dimAudit); len(all) > 0 {
		return all[0].Days
	}
	return 0
}

func unique(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if k := strings.ToLower(s); !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	return out
}

// Kind returns which kind of tenant a profile shows.
func Kind(p *Profile) string {
	if p != nil && isB2C(p) {
		return baseline.B2C
	}
	return baseline.Workforce
}

package detect

import (
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/ascii"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A Signal is "rule R matched event E", or "correlation R held for group G":
// all that correlations and alerts need to know, so that the event itself need
// not be kept.
type Signal struct {
	Rule   int
	Tenant string
	Group  []string  // tells alerts of the rule apart
	Time   time.Time // of the event; when the correlation first held
	// Identity is the event's key without its version.
	Identity event.Key
	Key      event.Key
	Version  string // text that rises with versions of one identity
	// Logon is set where the rule sees the records of a sign-in as one.
	Logon Logon
	Detail
}

// At gives the signal, and what it rests on, another time.
func (s *Signal) At(t time.Time) {
	s.Time, s.First, s.Last = t, t, t
	for i := range s.Evidence {
		s.Evidence[i].Time = t
	}
}

// ruleSignals is what signals of a rule hold.
type ruleSignals struct {
	group [][event.NumKinds]access
	// slots are the values that signals carry: first those of the summary, in
	// order, then those for correlations.
	slots  []slotFields
	level  *[event.NumKinds]access
	flags  [][event.NumKinds]access // what escalate asks of the baseline, by flag
	brief  bool                     // brief hits are enough
	logons bool                     // its signals are joined to sign-ins first
	// groupings are those of which brief hits hold hashes for the rule, a bit
	// each, and notes what filters want to know of them.
	groupings uint64
	notes     []briefNote
	present   []access // fields without which a correlation leaves events out
}

// slotFields are the fields of a slot. A slot of several, and one that a
// correlation reads, holds tuples.
type slotFields struct {
	slot
	fields []string
	access [event.NumKinds][]access
	tuple  bool
	notes  []groupNote
	refs   []fieldRef // the fields with what aliases say of them further down
}

// A groupNote is a filter that wants to know the groups of a slot, which are the
// first so many of its fields.
type groupNote struct {
	groups  int
	mark    int  // of Filters.groups; -1 if nobody asks
	travels bool // travel reads them
	counts  int  // the correlation that fires from so many events on; -1 if none
	values  bool // it counts different values
}

// groupNote is what filters want to know for a correlation of one of its inputs.
func (e *Engine) groupNote(up reader) groupNote {
	c := e.rules[up.rule].Correlate
	n := groupNote{len(c.GroupBy), e.mark[up.rule][up.input], c.Type == "travel", -1, false}
	if e.least[up.rule] {
		n.counts, n.values = up.rule, c.Type == "value_count"
	}
	return n
}

// asks reports whether there is anything to note.
func (n *groupNote) asks() bool { return n.mark >= 0 || n.travels || n.counts >= 0 }

// prepareSignals settles which fields signals need, and how they are read.
func (e *Engine) prepareSignals() {
	for i, r := range e.rules {
		rs := &e.signals[i]
		rs.logons = r.Extra.View == signinView
		rs.group = make([][event.NumKinds]access, len(r.Extra.Alert.GroupBy))
		levelFrom := e.levelFrom(i)
		if levelFrom != "" {
			rs.level = new([event.NumKinds]access)
		}
		if e.escalates(i) {
			rs.flags = make([][event.NumKinds]access, len(flagFields))
		}
		for _, up := range e.readers[i] {
			if n := e.groupNote(up); n.asks() {
				rs.slots[up.slot].notes = append(rs.slots[up.slot].notes, n)
			}
		}
		for k := range e.plans[i].byKind {
			for j, name := range r.Extra.Alert.GroupBy {
				rs.group[j][k] = e.access(&e.wanted, k, name)
			}
			if rs.level != nil {
				rs.level[k] = e.access(&e.wanted, k, levelFrom)
			}
			for j := range rs.flags {
				rs.flags[j][k] = e.access(&e.wanted, k, flagFields[j])
			}
			for j := range rs.slots {
				s := &rs.slots[j]
				for _, name := range s.fields {
					s.access[k] = append(s.access[k], e.access(&e.wanted, k, name))
				}
			}
			if rs.logons {
				e.wantAll(&e.hot, k, logonFields(e.Schema))
			}
		}
	}
	e.prepareBrief()
	for k := event.Kind(1); k < event.NumKinds; k++ {
		e.wantAll(&e.wanted, k, []int{
			event.FUser, event.FUserName, event.FActorID, event.FActorName, event.FActorType, event.FTargetsID,
			event.FTargetsName, event.FTargetsType, event.FIP, event.FAppID, event.FAppName, event.FSPID, event.FSPName,
			event.FDisplayName, event.FID,
		})
		e.wantAll(&e.wanted, k, logonFields(e.Schema))
	}
}

func (e *Engine) wantAll(list *[event.NumKinds][]int, k event.Kind, ids []int) {
	for _, id := range ids {
		if e.Schema.Field(k, id) != nil {
			want(list, k, id)
		}
	}
}

// flagFields are the questions behind Flags, in their order.
var flagFields = []string{"baseline.user.vip", "baseline.user.privileged", "baseline.user.break_glass"}

// escalates reports whether severities of a rule, or of a correlation above
// it, rise with what the baseline knows of the user.
func (e *Engine) escalates(i int) bool {
	for _, when := range e.rules[i].Extra.Escalate {
		for _, w := range when {
			if w != Widespread {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.readers[i], func(up reader) bool { return e.escalates(up.rule) })
}

// levelFrom names the field that says how bad an event is for a rule, or for a
// correlation above it.
func (e *Engine) levelFrom(i int) string {
	if from := e.rules[i].Extra.LevelFrom; from != "" {
		return from
	}
	for _, up := range e.readers[i] {
		if from := e.levelFrom(up.rule); from != "" {
			return from
		}
	}
	return ""
}

// summaryFields lists the names between braces.
func summaryFields(template string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		if !ok {
			return out
		}
		name, tail, ok := strings.Cut(rest, "}")
		if !ok {
			return out
		}
		out = append(out, name)
		template = tail
	}
}

// versionOf tells versions of one risk record apart in order.
func versionOf(ev *event.Event) string {
	switch ev.Kind {
	case event.RiskDetection:
		return ev.Get("lastupdateddatetime")
	case event.RiskyUser:
		return ev.Get("risklastupdateddatetime")
	}
	return ""
}

// entityKey is the id of an entity, else its name.
func entityKey(ev *event.Event, ids [2]int) string {
	if id := ev.Text(ids[0]); id != "" {
		return ascii.ToLower(id)
	}
	return ascii.ToLower(ev.Text(ids[1]))
}

// defaultGroup is the entity by which alerts of a rule without group-by are
// told apart: who did it, else whom it concerns.
func defaultGroup(ev *event.Event) string {
	for _, entity := range []string{"actor", "user", "app"} {
		if k := entityKey(ev, entityIDs[entity]); k != "" {
			return k
		}
	}
	if ev.Kind.Snapshot() {
		return strings.ToLower(ev.ID)
	}
	return ev.Text(event.FIP)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most] + "…"
}

// appendEntity adds an entity, if there is one and it is not there yet.
func appendEntity(out []Entity, typ, id, name string) []Entity {
	if id == "" && name == "" {
		return out
	}
	for i := range out {
		have := &out[i]
		if have.Type == typ && strings.EqualFold(have.ID, id) && (id != "" || strings.EqualFold(have.Name, name)) {
			return out
		}
	}
	return append(out, Entity{Type: typ, ID: ascii.ToLower(id), Name: clip(name, 200)})
}

// appendEntities adds whom and what an event concerns.
func appendEntities(out []Entity, ev *event.Event) []Entity {
	add := func(typ, id, name string) { out = appendEntity(out, typ, id, name) }
	actor := "user"
	if ev.Text(event.FActorType) == "app" {
		actor = "service_principal"
	}
	if ev.Kind != event.Audit {
		add("user", ev.Text(event.FUser), ev.Text(event.FUserName))
	}
	if actor == "service_principal" || ev.Kind == event.Audit || ev.Kind == event.Activity {
		add(actor, ev.Text(event.FActorID), ev.Text(event.FActorName))
	}
	n := max(ev.Elems(event.FTargetsID), ev.Elems(event.FTargetsName))
	for i := range min(n, 8) {
		typ := targetEntity(ev.TextAt(event.FTargetsType, i))
		add(typ, ev.TextAt(event.FTargetsID, i), ev.TextAt(event.FTargetsName, i))
	}
	if ip := ev.Text(event.FIP); ip != "" {
		add("ip", "", ip)
	}
	if ev.Kind == event.Signin {
		add("app", ev.Text(event.FAppID), ev.Text(event.FAppName))
	}
	if len(out) == 0 && ev.Kind.Snapshot() {
		add(ev.Kind.String(), ev.ID, ev.Text(event.FDisplayName))
	}
	return out
}

func targetEntity(typ string) string {
	switch typ {
	case "User":
		return "user"
	case "ServicePrincipal":
		return "service_principal"
	case "Application":
		return "app"
	case "Group", "Role", "Device", "Policy":
		return strings.ToLower(typ)
	}
	return "object"
}

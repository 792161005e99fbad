package detect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A Signal is "rule R matched event E": all that alerts need to know of the
// event, so that the event itself need not be kept.
type Signal struct {
	Rule     int
	Tenant   string
	Group    []string // values of the rule's group-by fields; "" = the event has none
	Time     time.Time
	Identity event.Key // of the event without its version
	Key      event.Key
	Version  string // text that rises with versions of one identity
	Severity string // from level-from, else ""
	Entities []Entity
	Summary  []string // values for the placeholders of the rule's summary
	Source   string
}

// An Entity is a user, address, application, … that a signal concerns.
type Entity struct {
	Type string `json:"type"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// signalFields are the fields that signals of each rule read, by kind.
type signalFields struct {
	rules []ruleSignals
}

type ruleSignals struct {
	group   []groupField
	summary []string // field names in order
	level   string
}

// A groupField is one key of a group: an entity or a field.
type groupField struct {
	name   string
	entity bool
}

var entityIDs = map[string][2]int{
	"user": {event.FUser, event.FUserName}, "actor": {event.FActorID, event.FActorName},
	"target": {event.FTargetsID, event.FTargetsName}, "app": {event.FAppID, event.FAppName},
}

// prepareSignals settles which fields signals need.
func (e *Engine) prepareSignals() {
	for i, r := range e.rules {
		rs := ruleSignals{level: r.Extra.LevelFrom, summary: summaryFields(r.Extra.Summary)}
		for _, g := range r.Extra.Alert.GroupBy {
			_, entity := entityIDs[g]
			rs.group = append(rs.group, groupField{g, entity})
		}
		e.signal.rules = append(e.signal.rules, rs)
		for k := range e.plans[i].byKind {
			for _, name := range append(rs.summary, rs.level) {
				e.wantByName(k, name)
			}
			for _, g := range rs.group {
				e.wantByName(k, g.name)
			}
		}
	}
	for k := event.Kind(1); k < event.NumKinds; k++ {
		for _, id := range []int{
			event.FUser, event.FUserName, event.FActorID, event.FActorName, event.FActorType, event.FTargetsID,
			event.FTargetsName, event.FTargetsType, event.FIP, event.FAppID, event.FAppName, event.FSPID, event.FSPName,
			event.FDisplayName, event.FID,
		} {
			if e.Schema.Field(k, id) != nil {
				want(&e.wanted, k, id)
			}
		}
	}
}

func (e *Engine) wantByName(k event.Kind, name string) {
	if name == "" {
		return
	}
	if isBaseline(name) {
		for _, id := range e.factsRead(k, name) {
			want(&e.wanted, k, id)
		}
		return
	}
	if _, entity := entityIDs[name]; entity {
		return
	}
	want(&e.wanted, k, e.Schema.Resolve(k, name).ID)
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

// Signal makes the signal of a rule that the event has just satisfied.
func (m *Matcher) Signal(rule int, ev *event.Event) Signal {
	e := m.engine
	rs := &e.signal.rules[rule]
	s := Signal{
		Rule: rule, Tenant: ev.Tenant, Time: ev.Time, Identity: ev.Identity, Key: ev.Key,
		Version: version(ev), Source: ev.Source.String(), Entities: entitiesOf(ev),
	}
	if rs.level != "" {
		s.Severity = m.text(ev, rs.level, 1)
	}
	for _, g := range rs.group {
		if g.entity {
			s.Group = append(s.Group, entityKey(ev, g.name))
		} else {
			s.Group = append(s.Group, m.text(ev, g.name, 8))
		}
	}
	if len(rs.group) == 0 {
		s.Group = append(s.Group, defaultGroup(ev))
	}
	for _, name := range rs.summary {
		s.Summary = append(s.Summary, m.text(ev, name, 3))
	}
	return s
}

// version tells versions of one risk record apart in order.
func version(ev *event.Event) string {
	switch ev.Kind {
	case event.RiskDetection:
		return ev.Get("lastupdateddatetime")
	case event.RiskyUser:
		return ev.Get("risklastupdateddatetime")
	}
	return ""
}

func entityKey(ev *event.Event, entity string) string {
	ids := entityIDs[entity]
	if id := ev.Text(ids[0]); id != "" {
		return strings.ToLower(id)
	}
	return strings.ToLower(ev.Text(ids[1]))
}

// defaultGroup is the entity by which alerts of a rule without group-by are
// told apart: who did it, else whom it concerns.
func defaultGroup(ev *event.Event) string {
	for _, entity := range []string{"actor", "user", "app"} {
		if k := entityKey(ev, entity); k != "" {
			return k
		}
	}
	if ev.Kind.Snapshot() {
		return strings.ToLower(ev.ID)
	}
	return ev.Text(event.FIP)
}

// text returns up to most values of a field as one text.
func (m *Matcher) text(ev *event.Event, name string, most int) string {
	var values []event.Value
	if isBaseline(name) {
		i := m.engine.baselineField(name)
		if i < 0 {
			return ""
		}
		m.rec.begin(ev, m.engine.tenant(ev.Tenant))
		values = m.rec.Append(nil, m.engine.first+i)
	} else if ids, ok := entityIDs[name]; ok {
		if t := ev.Text(ids[1]); t != "" {
			return t
		}
		return ev.Text(ids[0])
	} else {
		f := m.engine.Schema.Lookup(ev.Kind, name)
		if f == nil {
			return ""
		}
		values = ev.Append(nil, f.ID)
	}
	var out []string
	for _, v := range values {
		if v.Kind == sigma.Null || v.Text == "" || contained(out, v.Text) {
			continue
		}
		if len(out) == most {
			out = append(out, "…")
			break
		}
		out = append(out, clip(v.Text, 200))
	}
	return strings.Join(out, ", ")
}

func contained(list []string, s string) bool {
	for _, t := range list {
		if t == s {
			return true
		}
	}
	return false
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

// entitiesOf lists whom and what an event concerns.
func entitiesOf(ev *event.Event) []Entity {
	var out []Entity
	add := func(typ, id, name string) {
		if id == "" && name == "" {
			return
		}
		for _, have := range out {
			if have.Type == typ && strings.EqualFold(have.ID, id) && (id != "" || strings.EqualFold(have.Name, name)) {
				return
			}
		}
		out = append(out, Entity{Type: typ, ID: strings.ToLower(id), Name: clip(name, 200)})
	}
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

// Append encodes a signal. The encoding sorts by tenant, rule, group, time and
// identity, which is the order in which alerts are made.
func (s *Signal) Append(dst []byte) []byte {
	dst = appendSortable(dst, s.Tenant)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Rule))
	for _, g := range s.Group {
		dst = appendSortable(append(dst, 1), g)
	}
	dst = append(dst, 0)
	// The time that is not known is the first of all.
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Time.Unix())^1<<63)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.Time.Nanosecond()))
	dst = append(dst, s.Identity[:]...)
	dst = appendText(dst, s.Version)
	dst = append(dst, s.Key[:]...)
	dst = appendText(dst, s.Severity)
	dst = binary.AppendUvarint(dst, uint64(len(s.Entities)))
	for _, e := range s.Entities {
		dst = appendText(appendText(appendText(dst, e.Type), e.ID), e.Name)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.Summary)))
	for _, t := range s.Summary {
		dst = appendText(dst, t)
	}
	dst = append(dst, s.Source...)
	return binary.BigEndian.AppendUint32(dst, uint32(len(s.Source)))
}

// SameButSource reports whether two encoded signals differ at most in their
// source, which is how the signals of copies of one record do.
func SameButSource(a, b []byte) bool {
	return bytes.Equal(withoutSource(a), withoutSource(b))
}

func withoutSource(b []byte) []byte {
	if len(b) < 4 {
		return b
	}
	n := int(binary.BigEndian.Uint32(b[len(b)-4:]))
	return b[:max(0, len(b)-4-n)]
}

// appendSortable writes text so that the encoding sorts as the text does: a
// zero byte within is written as 0 1, the end as 0 0.
func appendSortable(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, s[i])
		if s[i] == 0 {
			dst = append(dst, 1)
		}
	}
	return append(dst, 0, 0)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errSignal = errors.New("signal is damaged")

// DecodeSignal reads what Append wrote.
func DecodeSignal(b []byte) (Signal, error) {
	d := signalReader{b: b}
	s := Signal{Tenant: d.sortable(), Rule: int(d.uint32())}
	for d.take(1)[0] == 1 {
		s.Group = append(s.Group, d.sortable())
	}
	s.Time = time.Unix(int64(d.uint64()^1<<63), int64(d.uint32())).UTC()
	s.Identity = d.key()
	s.Version = d.text()
	s.Key = d.key()
	s.Severity = d.text()
	for range d.count() {
		s.Entities = append(s.Entities, Entity{Type: d.text(), ID: d.text(), Name: d.text()})
	}
	for range d.count() {
		s.Summary = append(s.Summary, d.text())
	}
	if d.bad || len(d.b) < 4 || int(binary.BigEndian.Uint32(d.b[len(d.b)-4:])) != len(d.b)-4 {
		return s, errSignal
	}
	s.Source = string(d.b[:len(d.b)-4])
	return s, nil
}

type signalReader struct {
	b   []byte
	bad bool
}

func (d *signalReader) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.bad, d.b = true, nil
		return make([]byte, max(0, min(n, 16)))
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *signalReader) uint32() uint32 { return binary.BigEndian.Uint32(d.take(4)) }
func (d *signalReader) uint64() uint64 { return binary.BigEndian.Uint64(d.take(8)) }

func (d *signalReader) key() event.Key { return event.Key(d.take(16)) }

func (d *signalReader) count() int {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[size:]
	return int(n)
}

func (d *signalReader) text() string { return string(d.take(d.count())) }

func (d *signalReader) sortable() string {
	var out []byte
	for i := 0; i+1 < len(d.b); i++ {
		if d.b[i] != 0 {
			out = append(out, d.b[i])
			continue
		}
		if d.b[i+1] == 0 {
			d.b = d.b[i+2:]
			return string(out)
		}
		out = append(out, 0)
		i++
	}
	d.bad, d.b = true, nil
	return ""
}

package detect

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// An access says how a value that a rule names is read from events of a kind.
type access struct {
	what accessKind
	id   int    // of a field, or of a baseline field
	ids  [2]int // of an entity: its id, its name
}

type accessKind uint8

const (
	accessNothing accessKind = iota
	accessField
	accessBaseline
	accessEntity
)

// entityIDs are the words by which rules call entities.
var entityIDs = map[string][2]int{
	"user": {event.FUser, event.FUserName}, "actor": {event.FActorID, event.FActorName},
	"target": {event.FTargetsID, event.FTargetsName}, "app": {event.FAppID, event.FAppName},
}

// access finds how a name is read, and adds what that takes to a list.
func (e *Engine) access(list *[event.NumKinds][]int, k event.Kind, name string) access {
	if isBaseline(name) {
		i := e.baselineField(name)
		if i < 0 {
			return access{}
		}
		for _, id := range e.factsRead(k, name) {
			want(list, k, id)
		}
		return access{what: accessBaseline, id: e.first + i}
	}
	if ids, ok := entityIDs[name]; ok {
		e.wantAll(list, k, ids[:])
		return access{what: accessEntity, ids: ids}
	}
	f := e.Schema.Resolve(k, name)
	want(list, k, f.ID)
	return access{what: accessField, id: f.ID}
}

// values returns what is there to read, of an entity its name. It is valid
// until the next call.
func (m *Matcher) values(ev *event.Event, a access) []event.Value {
	m.scratch = m.scratch[:0]
	switch a.what {
	case accessBaseline:
		m.rec.begin(ev, m.tenant(ev))
		m.scratch = m.rec.Append(m.scratch, a.id)
	case accessField:
		m.scratch = ev.Append(m.scratch, a.id)
	case accessEntity:
		t := ev.Text(a.ids[1])
		if t == "" {
			t = ev.Text(a.ids[0])
		}
		m.scratch = append(m.scratch, event.Value{Kind: sigma.String, Text: t})
	}
	return m.scratch
}

// keyValues returns the values by which signals are told apart: those that say
// something, and of an entity its id.
func (m *Matcher) keyValues(ev *event.Event, a access) []event.Value {
	if a.what == accessEntity {
		m.scratch = append(m.scratch[:0], event.Value{Kind: sigma.String, Text: entityKey(ev, a.ids)})
	} else {
		m.values(ev, a)
	}
	m.scratch = slices.DeleteFunc(m.scratch, func(v event.Value) bool { return v.Kind == sigma.Null || v.Text == "" })
	return m.scratch
}

// one returns what keyValues does, if that is one value.
func (m *Matcher) one(ev *event.Event, a access) (value string, ok bool) {
	switch a.what {
	case accessField:
		return ev.One(a.id)
	case accessEntity:
		value = entityKey(ev, a.ids)
		return value, value != ""
	}
	if v := m.keyValues(ev, a); len(v) == 1 {
		return v[0].Text, true
	}
	return "", false
}

// texts returns up to most different values as a person reads them. It is
// valid until the next call.
func (m *Matcher) texts(ev *event.Event, a access, most int) []string {
	m.shown = m.shown[:0]
	for _, v := range m.values(ev, a) {
		if len(m.shown) == most {
			break
		}
		if v.Kind == sigma.Null || v.Text == "" {
			continue
		}
		if t := clip(v.Text, 200); !slices.Contains(m.shown, t) {
			m.shown = append(m.shown, t)
		}
	}
	return m.shown
}

// text returns up to most values as one text.
func (m *Matcher) text(ev *event.Event, a access, most int) string {
	t := m.texts(ev, a, most+1)
	if len(t) == 1 {
		return t[0]
	}
	if len(t) > most {
		t[most] = "…"
	}
	return strings.Join(t, ", ")
}

// groupText is a value by which alerts are told apart.
func (m *Matcher) groupText(ev *event.Event, a access) string {
	if a.what == accessEntity {
		return entityKey(ev, a.ids)
	}
	return m.text(ev, a, 8)
}

package baseline

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// plannedChange is a change announced in advance, as written.
type plannedChange struct {
	id         string
	actors     []ref
	activities []item
	targets    []ref // empty: any
	from, to   time.Time
	at         place
}

func (p *parser) plannedChanges(n *yaml.Node, path string) any {
	list := []plannedChange{}
	ids := map[string]int{}
	if !p.sequence(n, path, func(n *yaml.Node, path string) {
		c := plannedChange{at: p.at(n, path)}
		ok := p.object(n, path,
			key{"id", true, func(n *yaml.Node, path string) { c.id, _ = p.scalar(n, path) }},
			key{"actors", true, func(n *yaml.Node, path string) { c.actors = p.principals(n, path, bareNothing) }},
			key{"activities", true, func(n *yaml.Node, path string) { c.activities = p.texts(n, path) }},
			key{"targets", false, func(n *yaml.Node, path string) { c.targets = p.principals(n, path, bareName) }},
			key{"from", true, func(n *yaml.Node, path string) { c.from, _ = p.moment(n, path, false) }},
			key{"to", true, func(n *yaml.Node, path string) { c.to, _ = p.moment(n, path, false) }},
		)
		if !ok {
			return
		}
		if first, twice := ids[lower(c.id)]; twice {
			p.failNode(n, path, "", "%s is planned twice, first in line %d", c.id, first)
			return
		}
		ids[lower(c.id)] = n.Line
		if !c.from.Before(c.to) {
			p.failNode(n, path, "", "ends before it begins")
			return
		}
		list = append(list, c)
	}) {
		return nil
	}
	return list
}

// normalActivity brings the name of an activity into the form in which names
// are compared: lower case, single blanks, plain dashes, no full stop behind it.
func normalActivity(s string) string {
	s = strings.NewReplacer("–", "-", "—", "-").Replace(s)
	s = strings.Join(strings.Fields(lower(s)), " ")
	return strings.TrimSpace(strings.TrimSuffix(s, "."))
}

// change is a planned change with its principals resolved.
type change struct {
	id         string
	actors     *principalSet
	activities *nameSet
	targets    *principalSet // nil: any
	from, to   time.Time
}

func (r *resolver) changes(input string, list []plannedChange) []change {
	out := make([]change, len(list))
	for i, c := range list {
		out[i] = change{id: c.id, from: c.from, to: c.to, actors: r.set(input, c.actors, true), activities: newNameSet(nil)}
		for _, a := range c.activities {
			out[i].activities.add(normalActivity(a.text))
		}
		if len(c.targets) > 0 && !everybody(c.targets) {
			out[i].targets = r.set(input, c.targets, true)
		}
	}
	return out
}

// covers reports whether the change is this one: an announced actor and
// activity, at least one announced target, and a time from the beginning of the
// span up to but not including its end.
func (c *change) covers(f Facts) bool {
	t := f.Time()
	if t.Before(c.from) || !t.Before(c.to) || !c.activities.has(f.Activity()) || !c.actors.has(f.Actor()) {
		return false
	}
	return c.targets == nil || anyTarget(f, c.targets.has)
}

func anyTarget(f Facts, is func(Principal) bool) bool {
	for i := 0; ; i++ {
		t, ok := f.Target(i)
		if !ok {
			return false
		}
		if is(t) {
			return true
		}
	}
}

package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

type conditionalAccess struct {
	Options
	effects map[effectKey]*effect
	list    [][]any // of one user
	seen    int     // sign-ins
	silent  int     // of those, without any policy
}

type effectKey struct{ period, policy string }

// An effect is what a policy did in a period.
type effect struct {
	results map[string]int // by result in lower case
	users   map[string]bool
	devices int // sign-ins concerned, from devices that are compliant or managed
}

func newConditionalAccess(o Options) *conditionalAccess {
	return &conditionalAccess{Options: o, effects: map[effectKey]*effect{}}
}

func (*conditionalAccess) Fields() map[event.Kind][]string {
	return map[event.Kind][]string{event.Signin: {
		"user.id", "user.name", "appliedConditionalAccessPolicies.displayName", "appliedConditionalAccessPolicies.result",
		"conditionalAccessStatus", "appDisplayName", "ip", "outcome", "deviceDetail.isCompliant", "deviceDetail.isManaged",
	}}
}

// Places of the fields.
const (
	caPolicies = iota + 2
	caResults
	caStatus
	caApp
	caIP
	caOutcome
	caCompliant
	caManaged
)

// notConcerned are the results of policies that a sign-in did not concern.
var notConcerned = map[string]bool{"notapplied": true, "notenabled": true, "unknown": true, "reportonlynotapplied": true, "": true}

func (c *conditionalAccess) Add(r *Row) {
	if c.User != "" && !r.is(c.User) {
		return
	}
	c.seen++
	names, results := r.Values[caPolicies], r.Values[caResults]
	if len(names) == 0 {
		c.silent++
	}
	var concerned []string
	for i, name := range names {
		result := ""
		if i < len(results) {
			result = results[i]
		}
		if !notConcerned[strings.ToLower(result)] {
			concerned = append(concerned, name+": "+result)
		}
		if c.User == "" {
			c.count(r, name, strings.ToLower(result))
		}
	}
	if c.User != "" {
		c.list = append(c.list, []any{
			r.Time.Format(clock), r.text(caApp), r.text(caIP), r.text(caOutcome), r.text(caStatus), device(r), strings.Join(concerned, "; "),
		})
	}
}

func (c *conditionalAccess) count(r *Row, policy, result string) {
	key := effectKey{period(r.Time, c.Period), policy}
	e := c.effects[key]
	if e == nil {
		e = &effect{results: map[string]int{}, users: map[string]bool{}}
		c.effects[key] = e
	}
	e.results[result]++
	if notConcerned[result] {
		return
	}
	e.users[r.userKey()] = true
	if device(r) != "" {
		e.devices++
	}
}

func device(r *Row) string {
	switch {
	case strings.EqualFold(r.text(caCompliant), "true"):
		return "compliant"
	case strings.EqualFold(r.text(caManaged), "true"):
		return "managed"
	}
	return ""
}

func (c *conditionalAccess) Table() *Table {
	t := &Table{}
	if c.silent > 0 {
		t.Notes = append(t.Notes, plural(c.silent, "sign-in names", "sign-ins name")+" no policies: their format does not, or nobody with the right to read policies exported them")
	}
	if c.User != "" {
		t.Head, t.Rows = []string{"Time", "App", "IP", "Outcome", "Status", "Device", "Policies"}, c.list
		return t
	}
	t.Head = []string{"Period", "Policy", "Success", "Failure", "Not applied", "Report only success", "Report only failure", "Other", "Users", "Compliant or managed"}
	for _, key := range slices.SortedFunc(maps.Keys(c.effects), func(a, b effectKey) int {
		return cmp.Or(cmp.Compare(a.period, b.period), cmp.Compare(a.policy, b.policy))
	}) {
		e := c.effects[key]
		known, all := 0, 0
		columns := []any{key.period, key.policy}
		for _, names := range [][]string{{"success"}, {"failure"}, {"notapplied", "notenabled"}, {"reportonlysuccess"}, {"reportonlyfailure"}} {
			n := 0
			for _, name := range names {
				n += e.results[name]
			}
			known += n
			columns = append(columns, n)
		}
		for _, n := range e.results {
			all += n
		}
		t.Rows = append(t.Rows, append(columns, all-known, len(e.users), e.devices))
	}
	return t
}

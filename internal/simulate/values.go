package simulate

import (
	"maps"
	"slices"
	"strings"
)

// Values are paths of a record with what is written there.
type Values map[string]any

// Remove as a value takes the field out.
type Remove struct{}

// The tables of this package are full of them.
type (
	values = Values
	remove = Remove
)

// With lays values over each other. Who writes an object or array as a whole
// means all of it, so what was below it goes.
func With(all ...Values) Values {
	out := Values{}
	for _, v := range all {
		for path := range v {
			maps.DeleteFunc(out, func(have string, _ any) bool { return strings.HasPrefix(have, path+".") })
		}
		maps.Copy(out, v)
	}
	return out
}

func with(all ...values) values { return With(all...) }

// Apply writes all values, in an order that does not depend on chance: removals
// come last, and of those the last element of an array first.
func (v Values) Apply(r Record) error {
	var gone []string
	for _, path := range slices.Sorted(maps.Keys(v)) {
		if _, ok := v[path].(Remove); ok {
			gone = append([]string{path}, gone...)
		} else if err := r.Set(path, v[path]); err != nil {
			return err
		}
	}
	for _, path := range gone {
		if err := r.Delete(path); err != nil {
			return err
		}
	}
	return nil
}

// apply is Apply for values of this package's own. A record that does not take
// them is a mistake in it.
func (v Values) apply(r Record) {
	if err := v.Apply(r); err != nil {
		panic(err)
	}
}

// By is a user as actor of an audit entry.
func By(id, upn, ip string) Values {
	return Values{"initiatedBy.user.id": id, "initiatedBy.user.userPrincipalName": upn, "initiatedBy.user.ipAddress": ip}
}

// ByApp is an application as actor of an audit entry.
func ByApp(servicePrincipal, name string) Values {
	return Values{"initiatedBy": map[string]any{"user": nil, "app": map[string]any{
		"appId": nil, "displayName": name, "servicePrincipalId": servicePrincipal, "servicePrincipalName": nil,
	}}}
}

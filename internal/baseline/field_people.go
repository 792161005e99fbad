package baseline

import "strings"

// subject picks the principal that a field is about.
type subject func(f Facts) Principal

func theUser(f Facts) Principal  { return f.User() }
func theActor(f Facts) Principal { return f.Actor() }

// member is the field "who is in the input".
func member(name, doc, input string, who subject) Field {
	return bound(Field{Name: name, Doc: doc, Needs: []string{input}}, func(v *View) Answer {
		set := v.people[input]
		if set == nil {
			return noAnswer
		}
		return func(f Facts) (string, bool) {
			p := who(f)
			if p.zero() {
				return "", false
			}
			return yesNo(set.has(p))
		}
	})
}

// targetMember is the field "any of the targets is in the input".
func targetMember(name, doc, input string) Field {
	return Field{Name: name, Doc: doc, Needs: []string{input}, Compute: func(v *View, f Facts) (string, bool) {
		set := v.people[input]
		if set == nil {
			return "", false
		}
		return ofTargets(f, func(p Principal) (is, known bool) { return set.has(p), !p.zero() })
	}}
}

// ofTargets is "true" if test holds for any target, "false" if it holds for none
// of those it knows an answer for.
func ofTargets(f Facts, test func(Principal) (is, known bool)) (string, bool) {
	answered := false
	for i := 0; ; i++ {
		p, ok := f.Target(i)
		if !ok {
			return yesNoIf(false, answered)
		}
		is, known := test(p)
		if is {
			return "true", true
		}
		answered = answered || known
	}
}

// exempt is a field of members of an exception list; emergency accounts are
// excepted as well.
func exempt(input string, who subject) func(v *View, f Facts) (string, bool) {
	return func(v *View, f Facts) (string, bool) {
		p := who(f)
		if p.zero() {
			return "", false
		}
		return yesNo(v.people[input].has(p) || v.people["break_glass_accounts"].has(p))
	}
}

func userFields() []Field {
	return []Field{
		member("baseline.user.privileged", "the user is in privileged_accounts", "privileged_accounts", theUser),
		member("baseline.user.break_glass", "the user is in break_glass_accounts", "break_glass_accounts", theUser),
		member("baseline.user.vip", "the user is in vip_accounts", "vip_accounts", theUser),
		member("baseline.user.approved.user_lifecycle", "the user is in approved_actors.user_lifecycle, for checks of who holds a right",
			"approved_actors.user_lifecycle", theUser),
		{
			Name: "baseline.user.conditional_access_exception", Doc: "the user is in conditional_access_exceptions or break_glass_accounts",
			Needs: []string{"conditional_access_exceptions"}, Compute: exempt("conditional_access_exceptions", theUser),
		},
		{
			Name: "baseline.user.standing_access_allowed", Doc: "the user is in standing_access_exceptions or break_glass_accounts",
			Needs: []string{"standing_access_exceptions"}, Compute: exempt("standing_access_exceptions", theUser),
		},
		{
			Name: "baseline.user.approved_device", Doc: "as baseline.device.approved, but only for records that have a user",
			Needs: []string{"approved_devices"}, Compute: func(v *View, f Facts) (string, bool) {
				if f.User().zero() {
					return "", false
				}
				return v.deviceIn("approved_devices", f)
			},
		},
		{
			Name: "baseline.user.stationary_violation", Doc: "the user is in a group of stationary_groups, and not in the countries and addresses of any of his groups",
			Needs: []string{"stationary_groups"}, Compute: stationaryViolation,
		},
	}
}

// stationaryViolation tests every constraint that a group sets. A person in
// several groups may be at the place of any of them; an unknown place is no answer.
func stationaryViolation(v *View, f Facts) (string, bool) {
	user := f.User()
	if user.zero() || v.stationary == nil {
		return "", false
	}
	inside, unknown := true, false
	for i := range v.stationary {
		g := &v.stationary[i]
		if !g.members.has(user) {
			continue
		}
		countryOK, countryKnown := g.countries == nil || g.countries.has(f.Country()), g.countries == nil || f.Country() != ""
		ipOK, ipKnown := true, true
		if g.ips != nil {
			ipOK, ipKnown = g.ips.has(f.IP())
		}
		switch {
		case countryOK && ipOK:
			return "false", true
		case countryKnown && !countryOK || ipKnown && !ipOK:
			inside = false
		case !countryKnown || !ipKnown:
			unknown = true
		}
	}
	if unknown {
		return "", false
	}
	return yesNo(!inside)
}

// actorClasses are the parts of approved_actors.
func actorClasses() []string {
	var out []string
	for _, s := range inputTable() {
		if s.name == "approved_actors" {
			for _, part := range s.parts {
				out = append(out, part.name)
			}
		}
	}
	return out
}

func actorFields() []Field {
	fields := []Field{
		member("baseline.actor.privileged", "the actor is in privileged_accounts", "privileged_accounts", theActor),
		member("baseline.actor.break_glass", "the actor is in break_glass_accounts", "break_glass_accounts", theActor),
		member("baseline.actor.approved_source", "the actor is in approved_sources, as account or by the name of the app", "approved_sources", theActor),
		member("baseline.actor.sync_service", "the actor is in sync_service_accounts", "sync_service_accounts", theActor),
		member("baseline.actor.purge_allowed", "the actor is in deletion_policy.purge_requires_actor", "deletion_policy.purge_requires_actor", theActor),
	}
	fields = append(fields, Field{
		Name: "baseline.actor.standing_rights", Doc: "the actor holds Global or User Administrator for good, as the role assignments among the snapshots say, and is not in standing_access_exceptions or break_glass_accounts; no answer without schedule instances",
		Needs: []string{"elevation_policy"}, Compute: standingRights,
	})
	for _, class := range actorClasses() {
		input := "approved_actors." + class
		fields = append(fields, member("baseline.actor.approved."+class, "the actor is in "+input, input, theActor))
	}
	return fields
}

func standingRights(v *View, f Facts) (string, bool) {
	p := f.Actor()
	if v.standing == nil || p.App || p.ID == "" && p.UPN == "" {
		return "", false
	}
	stands := v.standing[lower(p.ID)]
	for _, id := range v.dir.usersNamed(p.UPN) {
		stands = stands || v.standing[id]
	}
	return yesNo(stands && !v.people["standing_access_exceptions"].has(p) && !v.people["break_glass_accounts"].has(p))
}

func targetFields() []Field {
	return []Field{
		targetMember("baseline.target.privileged", "any target is in privileged_accounts", "privileged_accounts"),
		targetMember("baseline.target.break_glass", "any target is in break_glass_accounts", "break_glass_accounts"),
		targetMember("baseline.target.vip", "any target is in vip_accounts", "vip_accounts"),
		{
			Name: "baseline.target.standing_access_allowed", Doc: "any target is in standing_access_exceptions or break_glass_accounts",
			Needs: []string{"standing_access_exceptions"}, Compute: func(v *View, f Facts) (string, bool) {
				return ofTargets(f, func(p Principal) (bool, bool) {
					return v.people["standing_access_exceptions"].has(p) || v.people["break_glass_accounts"].has(p), !p.zero()
				})
			},
		},
		{
			Name: "baseline.target.high_value_app", Doc: "any target is in high_value_apps, by id, application id or name",
			Needs: []string{"high_value_apps"}, Compute: func(v *View, f Facts) (string, bool) { return v.targetApp(f, "high_value_apps") },
		},
	}
}

// targetApp looks for targets, other than users, in a list of apps.
func (v *View) targetApp(f Facts, input string) (string, bool) {
	set := v.names[input]
	if set == nil {
		return "", false
	}
	return ofTargets(f, func(p Principal) (bool, bool) {
		if strings.EqualFold(p.Type, "user") || p.UPN != "" && !p.App || p.zero() {
			return false, !p.zero()
		}
		return set.has(p.Name) || set.has(p.AppID) || set.has(p.ID), true
	})
}

// typeIs reports whether a target is, or as far as the record says may be, of a type.
func typeIs(p Principal, name string) bool {
	return strings.EqualFold(p.Type, name) || p.Type == "" && p.UPN == "" && !p.App
}

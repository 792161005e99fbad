package baseline

func timeFields() []Field {
	return []Field{
		bound(Field{
			Name: "baseline.time.working_hours", Doc: "the time is within working_hours of the user, else of the actor: by member, else by country, else for everybody",
			Needs: []string{"working_hours"},
		}, workingHours),
		{
			Name: "baseline.time.elevation_hours", Doc: "the time is within elevation_policy.hours of the actor",
			Needs: []string{"elevation_policy.hours"}, Compute: func(v *View, f Facts) (string, bool) {
				actor := f.Actor()
				return within(v.rosters["elevation_policy.hours"], &actor, f)
			},
		},
	}
}

func workingHours(v *View) Answer {
	r := v.rosters["working_hours"]
	if r == nil {
		return noAnswer
	}
	return func(f Facts) (string, bool) {
		who := f.User()
		if who.zero() {
			who = f.Actor()
		}
		return within(r, &who, f)
	}
}

func within(r *roster, who *Principal, f Facts) (string, bool) {
	t := f.Time()
	if r == nil || t.IsZero() {
		return "", false
	}
	in, known := r.covers(who, f.Country(), t)
	return yesNoIf(in, known)
}

func changeFields() []Field {
	return []Field{
		{
			Name: "baseline.change.planned", Doc: "an entry of planned_changes covers actor, activity, one of the targets and time",
			Needs: []string{"planned_changes"}, Compute: func(v *View, f Facts) (string, bool) {
				return yesNo(v.planned(f) != nil)
			},
		},
		{
			Name: "baseline.change.id", Doc: "id of the first entry of planned_changes that covers the change; absent if none does",
			Needs: []string{"planned_changes"}, Compute: func(v *View, f Facts) (string, bool) {
				if c := v.planned(f); c != nil {
					return c.id, true
				}
				return "", false
			},
		},
	}
}

func (v *View) planned(f Facts) *change {
	for i := range v.changes {
		if v.changes[i].covers(f) {
			return &v.changes[i]
		}
	}
	return nil
}

package simulate

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// auditsPerHour is how many audit entries the directory sees in the busiest hour.
const auditsPerHour = 40

// deed is an ordinary change to the directory: a base record that apply makes
// the act of one person upon another.
type deed struct {
	base   string
	weight int
	self   bool // people do it to themselves
	apply  func(r Record, rng *rand.Rand, target *person) error
}

var deeds = []deed{
	{base: "audit-update-user", weight: 40, apply: func(r Record, rng *rand.Rand, p *person) error {
		departments := []string{"Sales", "Finance", "Logistics", "Research", "Support", "Legal"}
		from := rng.IntN(len(departments))
		to := (from + 1 + rng.IntN(len(departments)-1)) % len(departments)
		return r.SetChange("Department", jsonText([]any{departments[from]}), jsonText([]any{departments[to]}))
	}},
	{base: "audit-group-member", weight: 30, apply: func(r Record, rng *rand.Rand, p *person) error {
		n := rng.IntN(60)
		id := makeGUID(mix(uint64(n), 1), mix(uint64(n), 2)).String()
		if err := r.SetChange("Group.ObjectID", "", id); err != nil {
			return err
		}
		if err := r.SetChange("Group.DisplayName", "", fmt.Sprintf("Project %02d", n)); err != nil {
			return err
		}
		return r.Set("targetResources.1.id", id)
	}},
	{base: "audit-security-info", weight: 12, self: true},
	{base: "audit-reset-password", weight: 10},
	{base: "audit-add-user", weight: 4, apply: func(r Record, rng *rand.Rand, p *person) error {
		// A newcomer: nobody of whom there are sign-ins.
		upn := fmt.Sprintf("new.%06x@contoso.com", rng.Uint32()>>8)
		if err := r.SetChange("UserPrincipalName", "[]", jsonText([]any{upn})); err != nil {
			return err
		}
		if err := r.Set("targetResources.0.id", randomGUID(rng).String()); err != nil {
			return err
		}
		return r.Set("targetResources.0.userPrincipalName", upn)
	}},
	{base: "audit-pim-activation", weight: 3, apply: func(r Record, rng *rand.Rand, p *person) error {
		actor, _ := r.Get("initiatedBy.user.id")
		name, _ := r.Get("initiatedBy.user.displayName")
		upn, _ := r.Get("initiatedBy.user.userPrincipalName")
		return r.Set("targetResources.2", map[string]any{
			"id": actor, "displayName": name, "type": "User", "userPrincipalName": upn, "groupType": nil, "modifiedProperties": []any{},
		})
	}},
	{base: "audit-invite", weight: 1, apply: func(r Record, rng *rand.Rand, p *person) error {
		actor, _ := r.Get("initiatedBy.user.id")
		if err := r.Set("additionalDetails.1.value", actor); err != nil {
			return err
		}
		mail := fmt.Sprintf("visitor.%04x@fabrikam.com", rng.IntN(1<<16))
		if err := r.Set("additionalDetails.6.value", mail); err != nil {
			return err
		}
		return r.Set("targetResources.0.userPrincipalName", strings.Replace(mail, "@", "_", 1)+"#EXT#@contoso.onmicrosoft.com")
	}},
}

// AuditRecords returns the ordinary changes that go with SigninRecords(seed): a
// few hundred a day by the same administrators and staff, without end. Nothing
// among them should alarm anybody.
func AuditRecords(seed uint64) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		rng := rand.New(rand.NewPCG(seed, 0x617564697473))
		people := newPeople(seed)
		total := 0
		for _, d := range deeds {
			total += d.weight
		}
		for at := int64(trafficStart); ; {
			at += 1 + int64(rng.ExpFloat64()*ticksPerSecond*3600/auditsPerHour)
			target := &people[rng.IntN(len(people))]
			admin := &people[rng.IntN(adminCount)]
			n := rng.IntN(total)
			d := 0
			for ; n >= deeds[d].weight; d++ {
				n -= deeds[d].weight
			}
			actor := admin
			if deeds[d].self {
				actor = target
			}
			if target.guest || rng.Float64() >= busy(at, actor.home) {
				continue
			}
			r, err := deeds[d].record(rng, at, actor, target)
			if err != nil {
				panic(err) // the base records do not fit the deeds
			}
			if !yield(r) {
				return
			}
		}
	}
}

func (d *deed) record(rng *rand.Rand, at int64, actor, target *person) (Record, error) {
	r, ok := Base(d.base)
	if !ok {
		return r, fmt.Errorf("no base record %s", d.base)
	}
	correlation := randomGUID(rng).String()
	prefix, _, _ := strings.Cut(text(r.Fields["id"]), "_")
	r = r.WithTime(tickTime(at)).WithID(fmt.Sprintf("%s_%s_%05X_%d", prefix, correlation, rng.IntN(1<<20), rng.IntN(1e9)))
	values := map[string]any{
		"correlationId": correlation, "initiatedBy.user.id": actor.id, "initiatedBy.user.userPrincipalName": actor.upn,
	}
	if v, _ := r.Get("initiatedBy.user.displayName"); v != nil {
		values["initiatedBy.user.displayName"] = actor.name
	}
	if v, _ := r.Get("initiatedBy.user.ipAddress"); v != nil {
		values["initiatedBy.user.ipAddress"] = actor.homeIP
	}
	if v, _ := r.Get("targetResources.0.type"); v == "User" {
		values["targetResources.0.id"], values["targetResources.0.userPrincipalName"] = target.id, target.upn
		if v, _ := r.Get("targetResources.0.displayName"); v != nil {
			values["targetResources.0.displayName"] = target.name
		}
	}
	for path, v := range values {
		if err := r.Set(path, v); err != nil {
			return r, err
		}
	}
	if d.apply == nil {
		return r, nil
	}
	return r, d.apply(r, rng, target)
}

// Records returns SigninRecords and AuditRecords of one seed together, in the
// order of their times.
func Records(seed uint64) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		next, stop := iter.Pull(AuditRecords(seed))
		defer stop()
		audit, _ := next()
		at := eventTime(audit)
		for r := range SigninRecords(seed) {
			for t := eventTime(r); at.Before(t); at = eventTime(audit) {
				if !yield(audit) {
					return
				}
				audit, _ = next()
			}
			if !yield(r) {
				return
			}
		}
	}
}

func eventTime(r Record) time.Time {
	t, _ := r.Time()
	return t
}

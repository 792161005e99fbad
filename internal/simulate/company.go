package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// CustomerTenant is the id of contosocustomers.onmicrosoft.com, in which the
// customers of Contoso have accounts.
const CustomerTenant = "8a1d4f72-6c0b-4e59-b3d7-95f20c86ea14"

// Options say what a company is like. Equal options give equal records.
type Options struct {
	Seed      uint64
	People    int       // staff and guests
	Customers int       // accounts of the B2C tenant
	Days      int       // how long the logs are
	Start     time.Time // midnight UTC of the first day
	Attacks   []string  // slugs; nil = none
	// NameMembers has the baseline name people instead of their groups, for who
	// does not read the directory.
	NameMembers bool
}

// A Company is an invented tenant: who works there, who does what for it, and
// what it has announced. Logs, directory, baseline and labels of a simulation
// all come from one.
type Company struct {
	opt        Options
	staff      []person // the first ones have duties, see below
	admins     []person // accounts for administration only, on PAWs
	breakGlass []person
	customers  []person  // of the B2C tenant
	keepers    []*person // administrators of the B2C tenant, who work there only; the first builds policies
	victims    []*person
	changes    []plannedChange
	releases   []plannedChange                // of what customers see, by the builder
	planted    map[string][]Record            // what attacks left in the directory, by file
	rng        *rand.Rand                     // for what attacks draw
	hours      map[bool]map[time.Time][24]int // see staffHours
	leftOut    []string                       // attacks for which the logs are too short
}

// The members of staff who have duties stand first, in this order.
const (
	deskCount    = 3 // service desk
	inviterCount = 2 // may invite guests
	ownerCount   = 2 // keep applications
	dutyCount    = deskCount + inviterCount + ownerCount
)

// MinPeople is the smallest company: those with duties, and somebody to serve.
const MinPeople = 20

// FullDays is how long logs must be to hold every attack, whatever the day on
// which they begin.
const FullDays = 18

// plannedChange is an announced piece of work of one administrator.
type plannedChange struct {
	id       string
	who      *person
	from, to time.Time
}

// NewCompany draws a company.
func NewCompany(opt Options) (*Company, error) {
	switch {
	case opt.People < MinPeople:
		return nil, fmt.Errorf("a company has %d people at least, not %d", MinPeople, opt.People)
	case opt.Days < 1:
		return nil, fmt.Errorf("logs of %d days", opt.Days)
	}
	opt.Start = opt.Start.UTC().Truncate(24 * time.Hour)
	c := &Company{opt: opt, planted: map[string][]Record{}, rng: rand.New(rand.NewPCG(opt.Seed, 0x61747461636b))}
	rng := rand.New(rand.NewPCG(opt.Seed, 0x636f6d70616e79))
	c.staff = drawPeople(rng, opt.People, 0)
	for i := range c.staff {
		p := &c.staff[i]
		p.legacyApp = nil // old protocols are switched off here
		p.shift = i >= dutyCount && i%40 == 20 && !p.guest
		if i%12 == 11 && !p.guest { // somebody had the name before
			p.upn = strings.Replace(p.upn, "@", "2@", 1)
		}
		if i < dutyCount && p.guest {
			p.guest, p.upn = false, strings.Replace(p.upn, "fabrikam.com", "contoso.com", 1)
			p.laptop = ownDevice(rng, laptopEdge, fmt.Sprintf("LAPTOP-%04d", 1000+i))
			p.phone = ownDevice(rng, phoneApple, "phone")
		}
	}
	for i := range max(3, min(12, opt.People/100)) {
		c.admins = append(c.admins, c.newAdmin(rng, i))
	}
	for i := range 2 {
		upn := fmt.Sprintf("breakglass%d@contoso.onmicrosoft.com", i+1)
		c.breakGlass = append(c.breakGlass, person{
			id: randomGUID(rng).String(), name: fmt.Sprintf("Emergency access %d", i+1), upn: upn, home: &places[0],
			homeIP: "203.0.113.10", laptop: deviceModels[laptopEdge], apps: adminApps(),
		})
	}
	for i := range opt.Customers {
		p := person{id: randomGUID(rng).String(), name: fmt.Sprintf("Customer %d", i+1), home: &places[rng.IntN(2)], hash: rng.Uint64()}
		p.upn = p.id + "@contosocustomers.onmicrosoft.com" // as the service names local accounts
		p.homeIP = fmt.Sprintf("2001:db8:e%03x:%x::1", i>>16&0xfff, i&0xffff)
		p.laptop = deviceModels[homeComputer]
		p.apps = []*application{&customerApp}
		c.customers = append(c.customers, p)
	}
	for _, upn := range []string{builder, keeperName(1), keeperName(2)} {
		p := person{id: derivedGUID("user", upn), name: "Keeper (admin)", upn: upn, home: &places[0], admin: true}
		p.laptop = ownDevice(rng, laptopEdge, "PAW-K"+string(rune('1'+len(c.keepers))))
		c.keepers = append(c.keepers, &p)
	}
	c.plan(rng)
	return c, nil
}

// customerApp is under what name Entra logs the password check of a B2C policy.
var customerApp = application{
	id: "5e7f8d3a-1b6c-4f29-8e04-d27a90b1c6f5", name: "ProxyIdentityExperienceFramework", client: inBrowser,
	resource: &resource{"2c9b7e14-5fd0-4a83-96e1-70d8b5f3a2c6", "IdentityExperienceFramework", "9d4e1f60-b8a2-4c75-8e39-16f7c0d5b2a8"},
}

func adminApps() []*application {
	var out []*application
	for i := range applications {
		if applications[i].admins {
			out = append(out, &applications[i])
		}
	}
	return out
}

func (c *Company) newAdmin(rng *rand.Rand, i int) person {
	given, family := givenNames[(7*i+3)%len(givenNames)], familyNames[(11*i+5)%len(familyNames)]
	p := person{
		id: randomGUID(rng).String(), name: given + " " + family + " (admin)",
		upn:  strings.ToLower("adm."+given+"."+family) + "@contoso.com",
		home: &places[0], homeIP: "203.0.113.10", apps: adminApps(), admin: true, hash: rng.Uint64(),
	}
	p.laptop = ownDevice(rng, laptopEdge, fmt.Sprintf("PAW-%02d", i+1))
	p.phone = p.laptop
	return p
}

// plan announces what administrators will do: on each working day one of them
// has a ticket for an hour and a half of the morning; and each Wednesday the
// builder of the customers' tenant has one.
func (c *Company) plan(rng *rand.Rand) {
	for day := range c.opt.Days {
		t := c.opt.Start.AddDate(0, 0, day)
		if wd := t.Weekday(); wd == time.Saturday || wd == time.Sunday {
			continue
		}
		who := &c.admins[day%len(c.admins)]
		from := t.Add(8*time.Hour + time.Duration(rng.IntN(4))*30*time.Minute)
		c.changes = append(c.changes, plannedChange{fmt.Sprintf("CHG-%04d", 1001+day), who, from, from.Add(90 * time.Minute)})
		if t.Weekday() == time.Wednesday && c.opt.Customers > 0 {
			from = t.Add(9 * time.Hour)
			c.releases = append(c.releases, plannedChange{fmt.Sprintf("REL-%04d", 1001+day), c.keepers[0], from, from.Add(4 * time.Hour)})
		}
	}
}

func (c *Company) desk() []person     { return c.staff[:deskCount] }
func (c *Company) inviters() []person { return c.staff[deskCount : deskCount+inviterCount] }
func (c *Company) owners() []person   { return c.staff[deskCount+inviterCount : dutyCount] }

// victim returns one more member of staff, of whom only an attack tells: so the
// alerts of different attacks can be told apart by whom they name.
func (c *Company) victim() *person {
	n := len(c.victims)
	p := &drawPeople(c.rng, 1, 0)[0]
	given, family := givenNames[(n*5+1)%len(givenNames)], familyNames[(n*3+2)%len(familyNames)]
	p.name, p.guest, p.legacyApp, p.home = given+" "+family, false, nil, &places[0]
	p.upn = fmt.Sprintf("%s.%s%d@contoso.com", strings.ToLower(given), strings.ToLower(family), 500+n)
	p.homeIP = fmt.Sprintf("2001:db8:3000:%x::2", n)
	p.laptop = ownDevice(c.rng, laptopEdge, fmt.Sprintf("LAPTOP-V%03d", n))
	c.victims = append(c.victims, p)
	return p
}

// end is when the logs end.
func (c *Company) end() time.Time { return c.opt.Start.AddDate(0, 0, c.opt.Days) }

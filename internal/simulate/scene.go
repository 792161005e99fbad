package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A scene gathers the records of one piece of the story: an attack, or a day's
// housekeeping.
type scene struct {
	*Company
	rng      *rand.Rand
	at       time.Time // of the next record
	tenant   string
	where    *place // from where the intruder comes
	ip       string
	records  []Record
	usual    []Record // what somebody did before, as ever
	entities map[string][]string
	chapters []chapter
}

// A chapter is a step of a story that has a label of its own.
type chapter struct {
	name     string
	rows     []string
	from     int // the first of its records
	entities map[string][]string
}

// step begins the next step of a story: its name and the rows that must alert;
// without rows it has no label.
func (s *scene) step(name string, rows ...string) {
	s.entities = map[string][]string{}
	s.chapters = append(s.chapters, chapter{name, rows, len(s.records), s.entities})
}

func (c *Company) newScene(rng *rand.Rand, at time.Time) *scene {
	return &scene{Company: c, rng: rng, at: at, tenant: Tenant, where: &hideouts[0], entities: map[string][]string{}}
}

// hideouts are where attacks come from: a rented server in a country where
// Contoso works, and a country where it does not.
var hideouts = []place{
	{"Frankfurt am Main", "Hessen", "DE", "50.11552", "8.68417", "64520", 60, 0},
	{"Almaty", "Almaty", "KZ", "43.25000", "76.91667", "64521", 300, 0},
}

// later moves the scene on.
func (s *scene) later(d time.Duration) { s.at = s.at.Add(d) }

// involve notes entities that the label of the attack names. The address of an
// office is everybody's, and tells nothing.
func (s *scene) involve(kind string, ids ...string) {
	for _, id := range ids {
		if id != "" && !strings.HasPrefix(id, officeNetwork) && !slices.Contains(s.entities[kind], id) {
			s.entities[kind] = append(s.entities[kind], id)
		}
	}
}

func (s *scene) keep(r Record, v values) Record {
	v.apply(r)
	if s.tenant != Tenant {
		r = inTenant(r, s.tenant)
	}
	s.records = append(s.records, r)
	return r
}

// inTenant moves a record to another tenant.
func inTenant(r Record, tenant string) Record {
	r.Tenant = tenant
	if r.Kind == event.Signin {
		values{"homeTenantId": tenant, "resourceTenantId": tenant}.apply(r)
	}
	return r
}

// signin adds an interactive sign-in. Without values it goes well, with password
// and notification, from the person's own laptop in the office.
func (s *scene) signin(p *person, app *application, v values) Record {
	sv := visit{
		at: s.at.UnixNano() / 100, who: p, app: app, device: &p.laptop, where: p.home, ip: officeAddress(p.home), office: true,
		outcome: answered, latency: 40 + s.rng.IntN(300), step: 6 + s.rng.IntN(20), id: requestGUID(s.rng), correlation: randomGUID(s.rng),
		session: randomGUID(s.rng),
	}
	r := s.keep(sv.record(), v)
	s.involve("user", p.id)
	s.involve("ip", text(r.Fields["ipAddress"]))
	return r
}

// intruder is how a sign-in of somebody else looks: from the scene's place, with
// a browser that Entra does not know.
func (s *scene) intruder() values {
	return with(from(s.where, s.ip), values{
		"userAgent":            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"deviceDetail.browser": "Firefox 128.0", "deviceDetail.operatingSystem": "Linux", "deviceDetail.deviceId": "", "deviceDetail.displayName": nil,
		"deviceDetail.isCompliant": nil, "deviceDetail.isManaged": nil, "deviceDetail.trustType": nil,
	})
}

func from(p *place, ip string) values {
	return values{
		"ipAddress": ip, "autonomousSystemNumber": number(p.asn), "location.city": p.city, "location.state": p.state,
		"location.countryOrRegion": p.country, "location.geoCoordinates.latitude": number(p.lat), "location.geoCoordinates.longitude": number(p.lon),
		"networkLocationDetails": []any{},
	}
}

// audit adds an entry of the directory's log by a person.
func (s *scene) audit(base string, actor *person, v values) Record {
	return s.auditBy(base, with(by(actor, officeAddress(actor.home)), v))
}

// auditBy adds an entry whose actor is among the values.
func (s *scene) auditBy(base string, v values) Record {
	r, ok := Base(base)
	if !ok {
		panic("simulate: no base record " + base)
	}
	correlation := randomGUID(s.rng).String()
	prefix, _, _ := strings.Cut(text(r.Fields["id"]), "_")
	r = r.WithTime(s.at).WithID(fmt.Sprintf("%s_%s_%05X_%d", prefix, correlation, s.rng.IntN(1<<20), s.rng.IntN(1e9)))
	if sub, _ := r.Get("initiatedBy.user"); sub == nil && v["initiatedBy.user.id"] != nil {
		v = with(values{"initiatedBy": map[string]any{"app": nil, "user": map[string]any{"displayName": nil, "userType": nil, "homeTenantId": nil, "homeTenantName": nil}}}, v)
	}
	r = s.keep(r, with(values{"correlationId": correlation}, v))
	for _, path := range []string{"initiatedBy.user.id", "targetResources.0.id"} {
		id, _ := r.Get(path)
		s.involve("user", text(id))
	}
	ip, _ := r.Get("initiatedBy.user.ipAddress")
	s.involve("ip", text(ip))
	name, _ := r.Get("initiatedBy.app.displayName")
	s.involve("app", text(name))
	return r
}

// by is a person as actor of an audit entry.
func by(p *person, ip string) values { return By(p.id, p.upn, ip) }

// byApp is an application as actor of an audit entry.
func byApp(name string) values { return ByApp(derivedGUID("service principal", name), name) }

// on is a person as target of an audit entry.
func on(p *person) values {
	return values{"targetResources.0.id": p.id, "targetResources.0.userPrincipalName": p.directoryName(), "targetResources.0.displayName": p.name}
}

// directoryName is the name under which the directory holds a person.
func (p *person) directoryName() string {
	if !p.guest {
		return p.upn
	}
	return strings.Replace(p.upn, "@", "_", 1) + "#EXT#@contoso.onmicrosoft.com"
}

// change writes modified properties: name, old, new.
func change(r Record, changes ...[3]string) {
	for _, c := range changes {
		if err := r.SetChange(c[0], c[1], c[2]); err != nil {
			panic(err)
		}
	}
}

// object adds a base record of another log.
func (s *scene) object(base string, v values) Record {
	r, ok := Base(base)
	if !ok {
		panic("simulate: no base record " + base)
	}
	return s.keep(r.WithTime(s.at).WithID(randomGUID(s.rng).String()), v)
}

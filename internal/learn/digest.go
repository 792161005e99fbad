package learn

import (
	"bytes"
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/event"
)

// A Digest turns observations into profiles.
type Digest struct {
	// Home is the tenant of records that name none.
	Home string
	// View says which roles are privileged.
	View *baseline.View
	// Held is how many counts are held before they are sorted; 0 = 65,536.
	Held int

	gatherer
	zones   map[string]*time.Location
	holders map[string]bool // of privileged roles, by lower-case name and id
}

// maxHolders bounds how many holders of roles are told apart.
const maxHolders = 1 << 16

// consumerAccounts is the tenant of personal Microsoft accounts, whose domains
// are nobody's.
const consumerAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad"

// Profiles reads what observers wrote, sorted, and uses another sorter to
// count it, by tenant.
func (d *Digest) Profiles(in, out Sorter) (map[string]*Profile, error) {
	d.gatherer = gatherer{out: out, held: map[string]counts{}, most: cmp.Or(d.Held, maxHeld)}
	d.zones, d.holders = map[string]*time.Location{}, map[string]bool{}
	var address, seen, last []byte
	flagged := false
	for rec, err := range in.Sorted() {
		if err != nil {
			return nil, err
		}
		r := reader{rec: rec[1:]}
		switch rec[0] {
		case aboutSignin:
			tenant, ip := d.home(r.text()), r.text()
			if own := rec[:len(rec)-len(r.rec)]; !bytes.Equal(own, address) {
				address, flagged = append(address[:0], own...), false
			}
			if r.byte() == 0 {
				flagged = true
				err = d.add(dimFlagged, tenant, ip, 0, 0)
				break
			}
			key := r.take(16)
			if seen = append(append(seen[:0], address...), key...); bytes.Equal(seen, last) {
				break // the same event, from another export
			}
			last = append(last[:0], seen...)
			if !flagged {
				err = d.signin(tenant, ip, &r)
			}
		case aboutOther:
			if key := r.take(16); bytes.Equal(key, last) {
				break
			} else {
				last = append(last[:0], key...)
			}
			err = d.other(&r)
		}
		if err != nil {
			return nil, err
		}
		if r.bad {
			return nil, errDamaged
		}
	}
	if err := d.flush(); err != nil {
		return nil, err
	}
	return profiles(out)
}

func (d *Digest) home(tenant string) string {
	if tenant == "" {
		return d.Home
	}
	return tenant
}

// signin counts one sign-in that carries no risk.
func (d *Digest) signin(tenant, ip string, r *reader) error {
	at, flags := r.int64(), r.byte()
	country, user, upn, client, protocol := r.text(), r.text(), r.text(), r.text(), r.text()
	appID, appName, homeTenant, resTenant := r.text(), r.text(), r.text(), r.text()
	if r.bad || at <= 0 {
		return nil
	}
	who := member(user)
	var first error
	add := func(k dim, value string) {
		if err := d.add(k, tenant, value, who, at); err != nil && first == nil {
			first = err
		}
	}
	if protocol != "" && !strings.EqualFold(protocol, "none") {
		add(dimProtocol, strings.ToLower(protocol))
	} else {
		add(dimProtocol, "none")
	}
	if flags&success == 0 {
		return first
	}
	if flags&application != 0 {
		add(dimService, cmp.Or(appName, appID)+"\t"+appID+"\t"+ip)
		return first
	}
	if user == "" {
		return first
	}
	add(dimSignin, "all")
	add(dimCountry, country)
	if net, single, ok := networkOf(ip); ok {
		add(dimNetwork, net)
		add(dimAddress, single)
	}
	if flags&interactive != 0 && country != "" {
		hour := d.hour(country, at)
		add(dimHour, hour)
		if d.holders[strings.ToLower(user)] { // snapshots sort before sign-ins
			add(dimAdminHour, cmp.Or(hour, country+" 0 0")) // of a country without a zone only that it was there
		}
	}
	app := cmp.Or(appID, appName)
	switch strings.ToLower(protocol) {
	case "ropc":
		add(dimROPC, app)
	case "devicecode":
		add(dimDevice, app)
	}
	if flags&legacy != 0 {
		add(dimLegacy, client)
	}
	if homeTenant != "" && tenant != "" && !strings.EqualFold(homeTenant, tenant) {
		add(dimPartner, strings.ToLower(homeTenant))
		if !strings.EqualFold(homeTenant, consumerAccounts) { // an invitation names the domain
			add(dimPartner, domainOf(upn))
		}
	} else if resTenant != "" && tenant != "" && !strings.EqualFold(resTenant, tenant) {
		add(dimPartner, strings.ToLower(resTenant))
	}
	if flags&guest == 0 && (homeTenant == "" || strings.EqualFold(homeTenant, tenant)) {
		add(dimDomain, domainOf(upn))
		add(dimShape, shapeOf(upn))
	}
	return first
}

// hour names the hour of a week at a place: "SE 1 14" is Monday, 14 to 15 h.
func (d *Digest) hour(country string, at int64) string {
	zone, known := d.zones[country]
	if !known {
		zone, _ = timeZone(country)
		if len(d.zones) < 1000 {
			d.zones[strings.Clone(country)] = zone
		}
	}
	if zone == nil {
		return ""
	}
	t := time.Unix(at, 0).In(zone)
	return country + " " + strconv.Itoa(int(t.Weekday())) + " " + strconv.Itoa(t.Hour())
}

// networkOf returns the /24 or /48 of an address, and the address itself.
// Private addresses are no way out.
func networkOf(ip string) (network, single string, ok bool) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "", "", false
	}
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return "", "", false
	}
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	return p.String(), a.String(), err == nil
}

func domainOf(upn string) string {
	_, domain, ok := strings.Cut(strings.ToLower(upn), "@")
	if !ok || strings.Contains(upn, "#EXT#") {
		return ""
	}
	return domain
}

// other counts what is no sign-in.
func (d *Digest) other(r *reader) error {
	kind := event.Kind(r.byte())
	at := r.int64()
	tenant := d.home(r.text())
	var texts [5]string
	for i := range texts {
		texts[i] = r.text()
	}
	if r.bad {
		return nil
	}
	switch kind {
	case event.Audit:
		if at <= 0 {
			return nil
		}
		return d.audit(tenant, texts, at)
	case event.User:
		return d.user(tenant, texts)
	case event.RegistrationDetails:
		for m := range strings.SplitSeq(texts[1], "\n") {
			if err := d.add(dimMethod, tenant, m, member(texts[0]), 0); err != nil {
				return err
			}
		}
	case event.RoleAssignment:
		return d.holder(tenant, texts)
	}
	return nil
}

func (d *Digest) audit(tenant string, texts [5]string, at int64) error {
	actor, activity, target, role, service := texts[0], texts[1], texts[2], texts[3], texts[4]
	if err := d.add(dimAudit, tenant, "all", 0, at); err != nil {
		return err
	}
	for _, class := range classesOf(activity) {
		k, value := dimActor, class+"\t"+actor
		if class == classSource {
			k, value = dimSource, actor
		}
		if actor == "" || k == dimSource && !strings.HasPrefix(actor, "app:") {
			continue
		}
		if err := d.add(k, tenant, value, member(target), at); err != nil {
			return err
		}
	}
	if name := strings.ToLower(actor); strings.HasPrefix(name, "sync_") || strings.HasPrefix(name, "adtoaadsyncserviceaccount") {
		if err := d.add(dimSync, tenant, actor, member(target), at); err != nil {
			return err
		}
	}
	if givesRole(activity) && role != "" && strings.Contains(target, "@") && !strings.Contains(target, ":") && d.View.PrivilegedRole(role) {
		if err := d.add(dimHolder, tenant, target+"\t"+role, 0, at); err != nil {
			return err
		}
	}
	if strings.EqualFold(service, "B2C") {
		return d.add(dimB2C, tenant, "audit entries of B2C", 0, at)
	}
	return nil
}

func (d *Digest) user(tenant string, texts [5]string) error {
	id, upn, userType, creation := texts[0], texts[1], texts[2], texts[3]
	if strings.EqualFold(creation, "LocalAccount") {
		return d.add(dimB2C, tenant, "local accounts", member(id), 0)
	}
	if strings.EqualFold(userType, "guest") {
		return nil
	}
	if err := d.add(dimDirDomain, tenant, domainOf(upn), member(id), 0); err != nil {
		return err
	}
	return d.add(dimDirShape, tenant, shapeOf(upn), member(id), 0)
}

func (d *Digest) holder(tenant string, texts [5]string) error {
	id, upn, role, name, sort := texts[0], texts[1], texts[2], texts[3], texts[4]
	if !d.View.PrivilegedRole(role) {
		return nil
	}
	if err := d.add(dimRole, tenant, role, member(id), 0); err != nil {
		return err
	}
	if strings.HasSuffix(strings.ToLower(sort), "group") {
		return d.add(dimGroup, tenant, cmp.Or(name, id), 0, 0)
	}
	if len(d.holders) < maxHolders {
		d.holders[strings.ToLower(upn)], d.holders[strings.ToLower(id)] = true, true
	}
	who := cmp.Or(upn, id)
	if strings.Contains(upn, ":") {
		who = id
	}
	if relief.MatchString(upn) || relief.MatchString(name) {
		if err := d.add(dimRelief, tenant, who, 0, 0); err != nil {
			return err
		}
	} else if err := d.add(dimAdminShape, tenant, shapeOf(upn), member(id), 0); err != nil {
		return err
	}
	return d.add(dimHolder, tenant, who+"\t"+role, 0, 0)
}

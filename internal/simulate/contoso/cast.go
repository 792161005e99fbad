package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// A person of Contoso, or an account that no person owns.
type person struct {
	name, upn  string
	id         string
	home       *place
	department string
	title      string
	laptop     string // name of the device; "" = none that Entra knows
	guest      bool
}

// A place from which people sign in, with addresses from the ranges that are
// kept for documentation.
type place struct {
	city, state, country string
	lat, lon             float64
	asn                  int
	office               string // named location; "" = none
	ip                   string // of the office
}

var (
	gothenburg = &place{"Gothenburg", "Vastra Gotalands Lan", "SE", 57.70716, 11.96679, 64496, "Gothenburg office", "203.0.113.24"}
	oslo       = &place{"Oslo", "Oslo", "NO", 59.91273, 10.74609, 64497, "Oslo office", "203.0.113.40"}
	hamburg    = &place{"Hamburg", "Hamburg", "DE", 53.55073, 9.99302, 64499, "Hamburg office", "203.0.113.56"}
	// Where the attack comes from.
	sofia = &place{"Sofia", "Sofia-Capital", "BG", 42.69751, 23.32415, 64509, "", "192.0.2.45"}
	malmo = &place{"Malmo", "Skane Lan", "SE", 55.60587, 13.00073, 64510, "", "192.0.2.118"}
	// A rented server, in a country where Contoso works.
	frankfurt = &place{"Frankfurt", "Hessen", "DE", 50.11552, 8.68417, 64511, "", "192.0.2.201"}
)

// The people. Accounts for administration are separate from those for work.
var (
	alice  = member("Alice Lindqvist", gothenburg, "Finance", "Controller")
	bo     = member("Bo Andersson", gothenburg, "IT", "Developer")
	carla  = member("Carla Nyberg", gothenburg, "IT", "Identity engineer")
	dan    = member("Dan Okafor", hamburg, "Finance", "Accountant")
	ebba   = member("Ebba Holm", gothenburg, "Human resources", "HR manager")
	felix  = member("Felix Brandt", hamburg, "Sales", "Account manager")
	greta  = member("Greta Sand", oslo, "Sales", "Account manager")
	hanna  = member("Hanna Vik", oslo, "IT", "Service desk")
	ivar   = member("Ivar Dahl", oslo, "Logistics", "Planner")
	jonas  = member("Jonas Ek", gothenburg, "Logistics", "Planner")
	karin  = member("Karin Moe", oslo, "Legal", "Counsel")
	lena   = member("Lena Voss", hamburg, "Marketing", "Designer")
	mats   = member("Mats Ryd", gothenburg, "Board", "Managing director")
	nora   = member("Nora Falk", gothenburg, "Finance", "Payroll clerk")
	otto   = member("Otto Kern", hamburg, "Logistics", "Driver manager")
	gustav = member("Gustav Hjelm", gothenburg, "Sales", "Account manager") // left in September

	admCarla    = admin("Carla Nyberg")
	admErik     = admin("Erik Strand")
	breakGlass1 = emergency(1)
	breakGlass2 = emergency(2)
	pat         = visitor("Pat Jones", "fabrikam.com")
)

// staff are those who come to work every day.
var staff = []*person{alice, bo, carla, dan, ebba, felix, greta, hanna, ivar, jonas, karin, lena, mats, nora, otto}

// sprayed are those whose passwords somebody tries from one address. The last
// one's is found.
var sprayed = []*person{bo, carla, dan, ebba, felix, greta, ivar, jonas, karin, lena, mats, otto}

// backdoor is an account that the intruder makes and takes away again.
var backdoor = member("Anders Lind", gothenburg, "", "")

func everybody() []*person {
	return append(append([]*person{}, staff...), gustav, admCarla, admErik, breakGlass1, breakGlass2, pat)
}

func member(name string, home *place, department, title string) *person {
	upn := strings.ToLower(strings.Replace(name, " ", ".", 1)) + "@contoso.com"
	return &person{name: name, upn: upn, id: guid("user", upn), home: home, department: department, title: title, laptop: deviceName(upn)}
}

func admin(name string) *person {
	upn := "adm." + strings.ToLower(strings.Replace(name, " ", ".", 1)) + "@contoso.com"
	return &person{name: name + " (admin)", upn: upn, id: guid("user", upn), home: gothenburg, department: "IT", title: "Administrator", laptop: "PAW-0" + fmt.Sprint(1+len(name)%2)}
}

func emergency(n int) *person {
	upn := fmt.Sprintf("breakglass%d@contoso.onmicrosoft.com", n)
	return &person{name: fmt.Sprintf("Emergency access %d", n), upn: upn, id: guid("user", upn), home: gothenburg}
}

func visitor(name, domain string) *person {
	mail := strings.ToLower(strings.Replace(name, " ", ".", 1)) + "@" + domain
	return &person{name: name, upn: mail, id: guid("user", mail), home: hamburg, guest: true}
}

func deviceName(upn string) string {
	h := sha256.Sum256([]byte(upn))
	return fmt.Sprintf("LAPTOP-%04d", 1000+(int(h[0])<<8|int(h[1]))%9000)
}

// upnInTenant is the name under which the directory holds a guest.
func (p *person) upnInTenant() string {
	if !p.guest {
		return p.upn
	}
	return strings.Replace(p.upn, "@", "_", 1) + "#EXT#@contoso.onmicrosoft.com"
}

// guid returns a GUID that depends on nothing but the parts.
func guid(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// An application to which people sign in, and the resource that it opens.
type application struct {
	id, name, resourceID, resource string
}

// Microsoft's applications have these ids everywhere; Contoso's own are made up.
var (
	officeHome = &application{"4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome", "5f09333a-842c-47da-a157-57da27fcbca5", "Office365 Shell WCSS-Server"}
	outlook    = &application{"9199bf20-a13f-4107-85dc-02114787ef48", "One Outlook Web", "00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"}
	teams      = &application{"1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams", "00000003-0000-0000-c000-000000000000", "Microsoft Graph"}
	azure      = &application{"c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal", "797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API"}
	exchange   = &application{"00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"}
	payroll    = &application{guid("app", "Payroll"), "Payroll", guid("resource", "Payroll"), "Payroll"}
	invoices   = &application{"c3aba1df-5854-5a41-9074-7dc1e4e87829", "Invoice Portal", guid("resource", "Invoice Portal"), "Invoice Portal"}
)

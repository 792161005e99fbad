package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Numbers of people; the first adminCount are administrators.
const (
	peopleCount = 4000
	adminCount  = 12
)

// person is one who signs in, with habits.
type person struct {
	id, name, upn string
	home          *place
	homeIP        string
	laptop, phone device
	apps          []*application
	legacyApp     *application // nil for nearly everyone
	guest         bool         // of Fabrikam
	admin         bool
	bare          bool      // without a second factor
	shift         bool      // works on one weekend day in four
	last          time.Time // signed in last before the logs; zero: a few days before
	hash          uint64    // for choices that last a day or a week
}

type device struct {
	id, name    string
	os, browser string
	agent       string // User-Agent
	trust       string // trustType; "" when Entra does not know the device
}

const (
	laptopEdge = iota
	laptopChrome
	laptopMac
	phoneAndroid
	phoneApple
	homeComputer
)

var deviceModels = [...]device{
	laptopEdge: {
		os: "Windows10", browser: "Edge 142.0.0", trust: "Azure AD joined",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
	},
	laptopChrome: {
		os: "Windows10", browser: "Chrome 142.0.0", trust: "Hybrid Azure AD joined",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	},
	laptopMac: {
		os: "MacOs", browser: "Safari 18.6", trust: "Azure AD registered",
		agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
	},
	phoneAndroid: {
		os: "Android 15", browser: "Chrome Mobile 142.0.0", trust: "Azure AD registered",
		agent: "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
	},
	phoneApple: {
		os: "Ios 18.6", browser: "Mobile Safari 18.6", trust: "Azure AD registered",
		agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
	},
	homeComputer: {
		os: "Windows10", browser: "Firefox 145.0",
		agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
	},
}

var givenNames = strings.Fields(`Aino Alva Amir Anders Anja Anton Astrid Bea Bjorn Camille Carlos Cecilia Clara Daniel Deepa Diego Ebba Edith
	Elias Elif Emil Emma Erik Esther Eva Farah Felix Filip Freja Gustav Hana Hannah Hassan Helga Henrik Hugo Ida Ines Ingrid Isak Jakub Jasmin
	Johan Jonas Josefin Julia Kaja Karin Kofi Lars Leila Leo Linnea Lotte Lukas Maja Malik Maria Marta Matteo Maya Mei Mikkel Milena Nadia Nils
	Nora Olga Oscar Otto Paula Petra Priya Rasmus Rosa Sanna Sara Signe Simon Sofia`)

var familyNames = strings.Fields(`Aalto Ahmed Almeida Axelsson Bakker Bauer Berg Bianchi Blom Bose Chen Dahl Delgado Dubois Ekman Eriksen
	Fischer Forsberg Garcia Grabowski Haddad Hansen Holm Ibrahim Iversen Jansen Johansson Joshi Kaur Keller Klein Koh Kowalski Kumar Larsen Lind
	Lopez Lund Madsen Martin Mehta Meyer Moreau Nguyen Nilsson Novak Nyman Okoye Olsen Patel`)

// newPeople draws the staff of Contoso and its guests for endless traffic.
func newPeople(seed uint64) []person {
	return drawPeople(rand.New(rand.NewPCG(seed, 0x70656f706c65)), peopleCount, adminCount)
}

// drawPeople draws so many people, the first of whom are administrators.
func drawPeople(rng *rand.Rand, count, admins int) []person {
	weights := 0
	for _, p := range places {
		weights += p.weight
	}
	people := make([]person, count)
	for i := range people {
		p := &people[i]
		given, family := givenNames[i%len(givenNames)], familyNames[i/len(givenNames)%len(familyNames)]
		p.name, p.hash = given+" "+family, rng.Uint64()
		p.id = randomGUID(rng).String()
		local := strings.ToLower(given + "." + family)
		if n := i / (len(givenNames) * len(familyNames)); n > 0 {
			local += fmt.Sprint(n + 1) // a name that somebody has already
		}
		p.upn = local + "@contoso.com"
		p.admin = i < admins
		p.guest = !p.admin && rng.IntN(50) == 0
		for n := rng.IntN(weights); p.home == nil; {
			for j := range places {
				if n -= places[j].weight; n < 0 {
					p.home = &places[j]
					break
				}
			}
		}
		p.homeIP = fmt.Sprintf("2001:db8:%x:%x::%x", 0x4000+i%0xc000, rng.IntN(16), 2+rng.IntN(250))
		p.laptop = ownDevice(rng, rng.IntN(laptopMac+1), fmt.Sprintf("LAPTOP-%04d", 1000+i))
		p.phone = ownDevice(rng, phoneAndroid+rng.IntN(2), given+"s phone")
		if p.guest { // whose devices Contoso does not know
			p.upn = local + "@fabrikam.com"
			p.laptop.id, p.phone.id = "", ""
		}
		for j := range applications {
			if a := &applications[j]; p.admin && a.admins || rng.IntN(100) < a.share {
				p.apps = append(p.apps, a)
			}
		}
		if len(p.apps) == 0 {
			p.apps = append(p.apps, &applications[0])
		}
		if rng.IntN(150) == 0 && !p.guest {
			p.legacyApp = &legacyApplications[rng.IntN(len(legacyApplications))]
		}
	}
	return people
}

func ownDevice(rng *rand.Rand, model int, name string) device {
	d := deviceModels[model]
	d.id, d.name = randomGUID(rng).String(), name
	return d
}

func lower(s string) string { return strings.ToLower(s) }

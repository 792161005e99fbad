// Package graphfake is a Microsoft Graph, with Azure Resource Manager and the
// token endpoint on the same host: logs whose records appear when they should or
// later, directory objects, pages, filters, permissions and licences, and moods
// in which it throttles, breaks off, forgets tokens and repeats itself. It is
// written from the documentation and refuses what is not documented. Equal
// seeds and requests give equal answers. It takes part in nothing but tests.
//
// For another process, serve it with [httptest.Server.StartTLS], tell the fake its
// address with [Fake.At], name the same address as login, graph and
// resource_manager under endpoints of the source, and put the server's
// certificate in PEM into the file that the process has in SSL_CERT_FILE.
package graphfake

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/entrawatch/entrawatch/internal/source/azure/loginfake"
)

// The tenant, application and secret of every fake.
const (
	Tenant = "11111111-2222-3333-4444-555555555555"
	Client = "66666666-7777-8888-9999-000000000000"
	Secret = "correct horse"
)

// The audiences of tokens, for [loginfake.Login.Grant].
func (f *Fake) audience(arm bool) string {
	if arm {
		return f.ARM
	}
	return f.Graph
}

// A Record is an entry of a log.
type Record struct {
	At      time.Time // what its field of time says
	Appears time.Time // when it can first be read; zero = at once
	JSON    []byte

	types []string // of a sign-in
}

// Moods are what goes wrong, each with a chance from 0 to 1 for every request.
type Moods struct {
	Throttle float64 // 429 with Retry-After in seconds or as a date
	Fail     float64 // 500, 502, 503 with Retry-After, 504
	Truncate float64 // the body ends before Content-Length
	Garble   float64 // the body is whole and no JSON
	Revoke   float64 // all tokens become invalid
	Repeat   float64 // the page begins with the last record of the one before
	Stale    float64 // the link to a page has expired
	Lure     float64 // the link to the next page leads to another host
	Redirect float64 // 302 to another host
	Slow     float64 // the answer takes Delay
	Delay    time.Duration
	// ByKey makes the link to a next page go on behind the last record of its page,
	// so that a record which appears before it is not in any page to come. Without it
	// links count records, and what is behind moves back a place.
	ByKey bool
	// Wait is what Retry-After says; zero = 10 s.
	Wait time.Duration
	// Skew is by how much the header Date is ahead.
	Skew time.Duration
}

// A Request is one that was answered.
type Request struct {
	At           time.Time
	Path         string
	Status       int
	Report, Page bool // for a log or report; for a page behind the first
}

// A Fake is an http.Handler.
type Fake struct {
	Login *loginfake.Login
	// Graph and ARM are the audiences of tokens; the default is that of the
	// global cloud. A client that is told other endpoints asks for tokens for these.
	Graph, ARM string
	// Most is the size of a page, where the request does not ask for fewer.
	Most int
	// LinkLife is how long a link to a next page works.
	LinkLife time.Duration
	// Now tells the time; the default is that of the machine.
	Now func() time.Time

	mu       sync.Mutex
	chance   *rand.Rand
	moods    Moods
	logs     map[string][]Record
	objects  map[string][]json.RawMessage
	licences map[string]bool
	requests []Request
	overruns int
}

// New returns a fake without records, with all permissions and licences.
func New(seed uint64) *Fake {
	f := &Fake{
		Login: loginfake.New(Tenant, Client, Secret), Graph: "https://graph.microsoft.com", ARM: "https://management.azure.com",
		Most: 1000, LinkLife: time.Hour, Now: time.Now,
		chance: rand.New(rand.NewPCG(seed, 0)), logs: map[string][]Record{}, objects: map[string][]json.RawMessage{},
		licences: map[string]bool{"P1": true, "P2": true, "Workload": true},
	}
	f.Grant(Permissions()...)
	return f
}

// At makes endpoint the address of Graph and of Resource Manager.
func (f *Fake) At(endpoint string) {
	roles := f.Login.Roles(f.Graph)
	f.Graph, f.ARM = endpoint, endpoint
	f.Login.Grant(endpoint, roles...)
}

// Grant sets the application permissions for Graph of tokens from now on.
func (f *Fake) Grant(permissions ...string) { f.Login.Grant(f.Graph, permissions...) }

// License says which licences the tenant has: P1, P2, Workload.
func (f *Fake) License(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.licences)
	for _, n := range names {
		f.licences[n] = true
	}
}

// Be sets the moods.
func (f *Fake) Be(m Moods) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moods = m
}

// Add adds records to a log, such as auditLogs/signIns.
func (f *Fake) Add(log string, records ...Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.logs[log]
	for _, r := range records {
		r.types = types(r.JSON)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b Record) int { return a.At.Compare(b.At) })
	f.logs[log] = list
}

// Put replaces a collection of objects: users, or a path of Resource Manager
// such as /subscriptions. Groups hold all their members.
func (f *Fake) Put(path string, objects ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]json.RawMessage, len(objects))
	for i, o := range objects {
		list[i] = json.RawMessage(o)
	}
	f.objects[path] = list
}

// Requests returns what was asked so far, tokens aside.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// Overruns is how often the budget of 5 requests for reports in 10 s was exceeded.
func (f *Fake) Overruns() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.overruns
}

// luck rolls the dice for one thing.
func (f *Fake) luck(chance float64) bool { return chance > 0 && f.chance.Float64() < chance }

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if loginfake.Handles(r) {
		f.Login.ServeHTTP(w, r)
		return
	}
	a := f.answer(r)
	if a.delay > 0 {
		select {
		case <-time.After(a.delay):
		case <-r.Context().Done():
			return
		}
	}
	a.write(w)
}

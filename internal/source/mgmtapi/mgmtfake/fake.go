// Package mgmtfake is an Office 365 Management Activity API, with the token
// endpoint on the same host: subscriptions, listings in pages, content that
// becomes available late and expires, error codes, and moods in which it
// throttles, breaks off and forgets tokens. It is written from the documentation.
// Equal seeds and requests give equal answers. It takes part in nothing but tests.
package mgmtfake

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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

// A Blob is content.
type Blob struct {
	ID      string
	Created time.Time // what the listing says
	Appears time.Time // when it is listed; zero = when it was created
	JSON    []byte    // an array of records
	// Fails is how often fetching it fails with 500 before it works.
	Fails int
}

// Moods are what goes wrong, each with a chance from 0 to 1 for every request.
type Moods struct {
	Throttle, Fail, Truncate, Garble, Revoke float64
	StalePage                                float64 // AF20031 for a page behind the first
	Lure                                     float64 // content or the next page is at another host
	Skew                                     time.Duration
}

// A Fake is an http.Handler.
type Fake struct {
	Login *loginfake.Login
	Most  int // entries in a page of the listing
	Now   func() time.Time

	mu       sync.Mutex
	chance   *rand.Rand
	moods    Moods
	audience string
	blobs    map[string][]Blob
	enabled  map[string]bool // by content; false = disabled by an administrator
	requests int
}

// New returns a fake without content, whose address is endpoint.
func New(seed uint64, endpoint string) *Fake {
	f := &Fake{
		Login: loginfake.New(Tenant, Client, Secret), Most: 200, Now: time.Now,
		chance: rand.New(rand.NewPCG(seed, 0)), audience: endpoint, blobs: map[string][]Blob{}, enabled: map[string]bool{},
	}
	f.Login.Grant(endpoint, "ActivityFeed.Read")
	return f
}

// Be sets the moods.
func (f *Fake) Be(m Moods) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moods = m
}

// Add adds content of a type.
func (f *Fake) Add(content string, blobs ...Blob) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blobs[content] = append(f.blobs[content], blobs...)
	slices.SortStableFunc(f.blobs[content], func(a, b Blob) int { return a.Created.Compare(b.Created) })
}

// Disable lets an administrator disable the subscription to a type of content,
// Forget removes it.
func (f *Fake) Disable(content string) { f.subscribe(content, false) }

// Forget removes the subscription to a type of content.
func (f *Fake) Forget(content string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.enabled, content)
}

func (f *Fake) subscribe(content string, enabled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.enabled[content] = enabled
}

// Subscribed reports whether there is an enabled subscription.
func (f *Fake) Subscribed(content string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.enabled[content]
}

// Requests is how many were answered, tokens aside.
func (f *Fake) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

type answer struct {
	status int
	header http.Header
	body   []byte
	short  int
}

func failure(status int, code, message string) *answer {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": code, "message": message}})
	return &answer{status: status, body: body}
}

func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if loginfake.Handles(r) {
		f.Login.ServeHTTP(w, r)
		return
	}
	a, date := f.answer(r)
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)-a.short])
	if a.short > 0 {
		_ = http.NewResponseController(w).Flush() // else the client would see no answer, and ask again
		panic(http.ErrAbortHandler)               // cuts the connection
	}
}

func (f *Fake) luck(chance float64) bool { return chance > 0 && f.chance.Float64() < chance }

func (f *Fake) answer(r *http.Request) (*answer, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	now := f.Now()
	a := f.decide(r, now)
	if a.status == http.StatusOK && len(a.body) > 0 {
		switch {
		case f.luck(f.moods.Truncate):
			a.short = 1 + f.chance.IntN(len(a.body))
		case f.luck(f.moods.Garble):
			a.body = a.body[:f.chance.IntN(len(a.body))]
		}
	}
	return a, now.Add(f.moods.Skew)
}

func (f *Fake) decide(r *http.Request, now time.Time) *answer {
	if f.luck(f.moods.Revoke) {
		f.Login.Revoke()
	}
	audience, roles, ok := f.Login.Valid(r)
	if !ok || audience != f.audience {
		return &answer{status: http.StatusUnauthorized, body: []byte(`{"Message":"Authorization has been denied for this request."}`)}
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1.0/"+Tenant+"/activity/feed/")
	q := r.URL.Query()
	switch {
	case !ok:
		return failure(http.StatusBadRequest, "AF20010", "The tenant ID passed in the URL does not match the tenant ID passed in the access token.")
	case q.Get("PublisherIdentifier") == "":
		return failure(http.StatusBadRequest, "AF20001", "Missing parameter: PublisherIdentifier.")
	case !slices.Contains(roles, "ActivityFeed.Read"):
		return failure(http.StatusForbidden, "AF10001", "The permission set () sent in the request did not include the expected permission ActivityFeed.Read.")
	case f.luck(f.moods.Throttle):
		a := failure(http.StatusTooManyRequests, "AF429", "Too many requests. Method=GET, PublisherId="+q.Get("PublisherIdentifier"))
		if f.chance.IntN(2) == 0 {
			a.header = http.Header{"Retry-After": {"20"}}
		}
		return a
	case f.luck(f.moods.Fail):
		return failure(http.StatusInternalServerError, "AF50000", "An internal error occurred. Retry the request.")
	}
	switch content := q.Get("contentType"); {
	case rest == "subscriptions/list":
		list := []map[string]any{}
		for c, enabled := range f.enabled {
			list = append(list, map[string]any{"contentType": c, "status": map[bool]string{true: "enabled", false: "disabled"}[enabled], "webhook": nil})
		}
		body, _ := json.Marshal(list)
		return &answer{status: http.StatusOK, body: body}
	case rest == "subscriptions/start" && r.Method == http.MethodPost:
		if enabled, ok := f.enabled[content]; ok && !enabled {
			return failure(http.StatusBadRequest, "AF20023", "The subscription was disabled by a tenant admin.")
		}
		f.enabled[content] = true
		return &answer{status: http.StatusOK, body: []byte(`{"contentType":"` + content + `","status":"enabled","webhook":null}`)}
	case rest == "subscriptions/content":
		return f.list(r, now, content, q)
	case strings.HasPrefix(rest, "audit/"):
		return f.blob(now, strings.TrimPrefix(rest, "audit/"))
	}
	return failure(http.StatusNotFound, "AF20002", "There is no such operation.")
}

func (f *Fake) list(r *http.Request, now time.Time, content string, q url.Values) *answer {
	if enabled, ok := f.enabled[content]; !ok {
		return failure(http.StatusBadRequest, "AF20022", "No subscription found for the specified content type.")
	} else if !enabled {
		return failure(http.StatusBadRequest, "AF20023", "The subscription was disabled by a tenant admin.")
	}
	const form = "2006-01-02T15:04:05"
	from, err := time.Parse(form, q.Get("startTime"))
	to, err2 := time.Parse(form, q.Get("endTime"))
	if err != nil || err2 != nil || to.Before(from) || to.Sub(from) >= 24*time.Hour || now.Sub(from) > 7*24*time.Hour {
		return failure(http.StatusBadRequest, "AF20055", "Start time and end time must both be specified (or both omitted) and must be less than or equal to 24 hours apart, with the start time no more than 7 days in the past.")
	}
	begin := 0
	if page := q.Get("nextPage"); page != "" {
		if begin, err = strconv.Atoi(page); err != nil || f.luck(f.moods.StalePage) {
			return failure(http.StatusBadRequest, "AF20031", "Invalid nextPage Input: "+page+".")
		}
	}
	var all []Blob
	for _, b := range f.blobs[content] {
		if !b.Created.Before(from) && b.Created.Before(to) && !now.Before(b.Created) && !now.Before(b.Appears) {
			all = append(all, b)
		}
	}
	root := "https://" + r.Host
	if f.luck(f.moods.Lure) {
		root = "https://attacker.example"
	}
	end := min(begin+f.Most, len(all))
	list := []map[string]string{}
	for _, b := range all[min(begin, end):end] {
		list = append(list, map[string]string{
			"contentType": content, "contentId": b.ID, "contentUri": root + "/api/v1.0/" + Tenant + "/activity/feed/audit/" + b.ID,
			"contentCreated": b.Created.UTC().Format("2006-01-02T15:04:05.000Z"), "contentExpiration": b.Created.Add(7 * 24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"),
		})
	}
	body, _ := json.Marshal(list)
	a := &answer{status: http.StatusOK, body: body}
	if end < len(all) {
		q.Set("nextPage", strconv.Itoa(end))
		a.header = http.Header{"Nextpageuri": {root + r.URL.Path + "?" + q.Encode()}}
	}
	return a
}

func (f *Fake) blob(now time.Time, id string) *answer {
	for _, list := range f.blobs {
		for i := range list {
			b := &list[i]
			switch {
			case b.ID != id:
				continue
			case now.Sub(b.Created) > 7*24*time.Hour:
				return failure(http.StatusBadRequest, "AF20051", "Content requested with the key "+id+" has already expired. Content older than 7 days cannot be retrieved.")
			case b.Fails > 0:
				b.Fails--
				return failure(http.StatusInternalServerError, "AF50000", "An internal error occurred. Retry the request.")
			}
			return &answer{status: http.StatusOK, body: b.JSON}
		}
	}
	return failure(http.StatusBadRequest, "AF20050", "The specified content ("+id+") does not exist.")
}

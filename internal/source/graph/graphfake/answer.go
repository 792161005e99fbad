package graphfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An answer is ready to be written.
type answer struct {
	status int
	header http.Header
	body   []byte
	short  int // that many bytes fewer than Content-Length are sent
	delay  time.Duration
}

func (a *answer) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal")
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)-a.short])
	if a.short > 0 {
		_ = http.NewResponseController(w).Flush() // else the client would see no answer, and ask again
		panic(http.ErrAbortHandler)               // cuts the connection
	}
}

// failure is the error object that Graph answers with.
func failure(status int, code, message string) *answer {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{
		"code": code, "message": message, "innerError": map[string]any{"request-id": "00000000-0000-0000-0000-000000000000"},
	}})
	return &answer{status: status, body: body}
}

// answer decides about a request, in one go.
func (f *Fake) answer(r *http.Request) *answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.Now()
	version, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	arm := version != "v1.0" && version != "beta"
	if arm {
		path = r.URL.Path
	}
	e, exact, known := endpointOf(path)
	a := f.decide(r, now, e, exact, known, arm, path)
	f.requests = append(f.requests, Request{At: now, Path: path, Status: a.status, Report: e.report, Page: r.URL.Query().Has("$skiptoken")})
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set("Date", now.Add(f.moods.Skew).UTC().Format(http.TimeFormat))
	if f.luck(f.moods.Slow) {
		a.delay = f.moods.Delay
	}
	return a
}

func (f *Fake) decide(r *http.Request, now time.Time, e endpoint, exact, known, arm bool, path string) *answer {
	if f.luck(f.moods.Revoke) {
		f.Login.Revoke()
	}
	if audience, _, ok := f.Login.Valid(r); !ok || audience != f.audience(arm) {
		return failure(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	}
	if r.Method != http.MethodGet {
		return failure(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	if e.report && f.spent(now) {
		f.overruns++
		return f.throttled(now)
	}
	switch {
	case f.luck(f.moods.Throttle):
		return f.throttled(now)
	case f.luck(f.moods.Fail):
		status := []int{500, 502, 503, 504}[f.chance.IntN(4)]
		a := failure(status, "UnknownError", "")
		if status == http.StatusServiceUnavailable {
			a.header = http.Header{"Retry-After": {"3"}}
		}
		return a
	case f.luck(f.moods.Redirect):
		return &answer{status: http.StatusFound, header: http.Header{"Location": {"https://attacker.example/" + path}}}
	}
	var a *answer
	switch {
	case arm:
		a = f.manager(r, path)
	case !known:
		a = failure(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+path+"'.")
	default:
		if a = f.allowed(r, e); a == nil {
			a = f.list(r, now, e, exact)
		}
	}
	if a.status == http.StatusOK {
		switch {
		case f.luck(f.moods.Truncate):
			a.short = 1 + f.chance.IntN(len(a.body))
		case f.luck(f.moods.Garble):
			a.body = a.body[:f.chance.IntN(len(a.body))]
		}
	}
	return a
}

// spent reports whether the budget of the last ten seconds is used up.
func (f *Fake) spent(now time.Time) bool {
	n := 0
	for _, r := range slices.Backward(f.requests) {
		if now.Sub(r.At) >= 10*time.Second {
			break
		}
		if r.Report {
			n++
		}
	}
	return n >= 5
}

func (f *Fake) throttled(now time.Time) *answer {
	wait := f.moods.Wait
	if wait == 0 {
		wait = 10 * time.Second
	}
	a := failure(http.StatusTooManyRequests, "TooManyRequests", "Please retry again later.")
	after := strconv.FormatFloat(wait.Seconds(), 'f', -1, 64)
	if f.chance.IntN(2) == 0 {
		after = now.Add(f.moods.Skew + wait).UTC().Format(http.TimeFormat)
	}
	a.header = http.Header{"Retry-After": {after}}
	return a
}

// allowed returns the refusal of what permission or licence do not allow.
func (f *Fake) allowed(r *http.Request, e endpoint) *answer {
	_, roles, _ := f.Login.Valid(r)
	if !slices.ContainsFunc(e.needs, func(p string) bool { return slices.Contains(roles, p) }) {
		if strings.HasPrefix(e.path, "auditLogs/") {
			return failure(http.StatusForbidden, "Authentication_MSGraphPermissionMissing", "The principal does not have required Microsoft Graph permission(s): "+e.needs[0]+" to call this API.")
		}
		return failure(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	}
	if e.licence == "" || f.licences[e.licence] {
		return nil
	}
	switch {
	case e.licence == "P1":
		return failure(http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C or tenant doesn't have premium license")
	case strings.HasPrefix(e.path, "roleManagement"):
		return failure(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
	}
	return failure(http.StatusForbidden, "Forbidden", "Your tenant is not licensed for this feature.")
}

// manager answers for Resource Manager.
func (f *Fake) manager(r *http.Request, path string) *answer {
	q := r.URL.Query()
	if q.Get("api-version") == "" {
		return failure(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	list, ok := f.objects[path]
	if !ok {
		return failure(http.StatusForbidden, "AuthorizationFailed", "The client does not have authorization to perform action over scope.")
	}
	begin, _ := strconv.Atoi(q.Get("$skiptoken"))
	end := min(begin+f.Most, len(list))
	page := map[string]any{"value": list[min(begin, end):end]}
	if end < len(list) {
		q.Set("$skiptoken", strconv.Itoa(end))
		page["nextLink"] = f.link(r, q)
	}
	body, _ := json.Marshal(page)
	return &answer{status: http.StatusOK, body: body}
}

func (f *Fake) link(r *http.Request, q url.Values) string {
	host := r.Host
	if f.luck(f.moods.Lure) {
		host = "attacker.example"
	}
	return fmt.Sprintf("https://%s%s?%s", host, r.URL.Path, q.Encode())
}

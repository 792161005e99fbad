package graphfake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// list answers with a page of a collection.
func (f *Fake) list(r *http.Request, now time.Time, e endpoint, exact bool) *answer {
	q := r.URL.Query()
	all, refused := f.choose(r, now, e, exact, q)
	if refused != nil {
		return refused
	}
	begin := 0
	if text := q.Get("$skiptoken"); text != "" {
		k, ok := readToken(text)
		if !ok {
			return failure(http.StatusBadRequest, "Request_BadRequest", "The page token is not valid.")
		}
		if now.Sub(time.Unix(k.Issued, 0)) > f.LinkLife || f.luck(f.moods.Stale) {
			return failure(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
		}
		begin = k.At
		if i := slices.IndexFunc(all, func(raw json.RawMessage) bool { return k.Key != "" && digest(raw) == k.Key }); i >= 0 {
			begin = i + 1
		}
	}
	size := f.Most
	if top := q.Get("$top"); top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 || n > e.most {
			return failure(http.StatusBadRequest, "BadRequest", "Invalid page size specified: '"+top+"'. Must be between 1 and "+strconv.Itoa(e.most)+" inclusive.")
		}
		size = min(size, n)
	}
	begin = min(begin, len(all))
	end := min(begin+size, len(all))
	page := struct {
		Context string            `json:"@odata.context"`
		Next    string            `json:"@odata.nextLink,omitempty"`
		Value   []json.RawMessage `json:"value"`
	}{Value: append([]json.RawMessage{}, all[begin:end]...)}
	version, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	page.Context = "https://" + r.Host + "/" + version + "/$metadata#" + context(e.path, exact)
	if begin > 0 && f.luck(f.moods.Repeat) {
		page.Value = slices.Insert(page.Value, 0, all[begin-1])
	}
	if end < len(all) {
		k := token{At: end, Issued: now.Unix()}
		if f.moods.ByKey {
			k.Key = digest(all[end-1])
		}
		q.Set("$skiptoken", k.text())
		page.Next = f.link(r, q)
	}
	body, err := json.Marshal(page)
	if err != nil {
		panic("a record or object that is no JSON: " + err.Error())
	}
	return &answer{status: http.StatusOK, body: body}
}

// A token says where a page begins.
type token struct {
	At     int
	Key    string `json:",omitempty"` // of the record before it
	Issued int64
}

func digest(raw []byte) string { return fmt.Sprintf("%x", sha256.Sum256(raw)) }

func (k token) text() string {
	data, _ := json.Marshal(k)
	return base64.RawURLEncoding.EncodeToString(data)
}

func readToken(text string) (k token, ok bool) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	return k, err == nil && json.Unmarshal(data, &k) == nil
}

// context names a collection as Graph does.
func context(path string, exact bool) string {
	parts := strings.Split(path, "/")
	if exact || len(parts) < 3 {
		return path
	}
	if parts[len(parts)-1] == "members" {
		return "directoryObjects"
	}
	n := len(parts)
	return strings.Join(parts[:n-2], "/") + "('" + parts[n-2] + "')/" + parts[n-1]
}

var known = []string{"$filter", "$orderby", "$top", "$select", "$expand", "$skiptoken"}

// choose returns all that the query wants, or why it is refused.
func (f *Fake) choose(r *http.Request, now time.Time, e endpoint, exact bool, q url.Values) ([]json.RawMessage, *answer) {
	for key := range q {
		if !slices.Contains(known, key) {
			return nil, failure(http.StatusBadRequest, "BadRequest", "Query option '"+key+"' was not recognized.")
		}
	}
	if order := q.Get("$orderby"); order != "" && (!e.orderby || strings.TrimSuffix(order, " asc") != e.time) {
		return nil, failure(http.StatusBadRequest, "BadRequest", "The $orderby expression is not supported.")
	}
	if q.Has("$top") && e.most == 0 {
		return nil, failure(http.StatusBadRequest, "BadRequest", "The query specified in the URI is not valid. Query option 'Top' is not allowed.")
	}
	expand, _, _ := strings.Cut(q.Get("$expand"), "(")
	for name := range strings.SplitSeq(expand, ",") {
		if name != "" && !slices.Contains(e.expand, name) {
			return nil, failure(http.StatusBadRequest, "BadRequest", "Could not find a property named '"+name+"'.")
		}
	}
	if e.time != "" {
		return f.entries(r, now, e, q)
	}
	if q.Has("$filter") {
		return nil, failure(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause.")
	}
	if strings.Contains(q.Get("$select"), "signInActivity") {
		if refused := f.allowed(r, endpoint{path: "auditLogs/", needs: []string{"AuditLog.Read.All"}, licence: "P1"}); refused != nil {
			return nil, refused
		}
	}
	if !exact {
		return f.nested(e.path)
	}
	return f.shown(e, expand), nil
}

// entries chooses those of a log that have appeared.
func (f *Fake) entries(r *http.Request, now time.Time, e endpoint, q url.Values) ([]json.RawMessage, *answer) {
	from, to, typ := time.Time{}, now.AddDate(1, 0, 0), "interactiveUser"
	beta := strings.HasPrefix(r.URL.Path, "/beta/")
	for clause := range strings.SplitSeq(q.Get("$filter"), " and ") {
		if clause == "" {
			continue
		}
		if m := ofType.FindStringSubmatch(clause); m != nil && e.path == "auditLogs/signIns" && beta {
			typ = m[1]
			continue
		}
		m := comparison.FindStringSubmatch(clause)
		if m == nil || m[1] != e.time || m[2] != e.from && m[2] != e.to {
			return nil, failure(http.StatusBadRequest, "BadRequest", "Invalid filter clause")
		}
		t, err := time.Parse(time.RFC3339, m[3])
		if err != nil {
			return nil, failure(http.StatusBadRequest, "BadRequest", "Invalid filter clause")
		}
		if m[2] == e.from {
			from = t
		} else {
			to = t
		}
	}
	strict := e.from == "gt"
	var out []json.RawMessage
	for _, rec := range f.logs[e.path] {
		at := rec.At
		switch {
		case now.Before(rec.Appears), at.Before(from), at.After(to), strict && (at.Equal(from) || at.Equal(to)):
		case e.path == "auditLogs/signIns" && !slices.Contains(rec.types, typ):
		default:
			out = append(out, rec.JSON)
		}
	}
	if !q.Has("$orderby") {
		slices.Reverse(out) // newest first
	}
	return out, nil
}

var (
	comparison = regexp.MustCompile(`^(\w+) (ge|le|gt|lt) (\S+)$`)
	ofType     = regexp.MustCompile(`^\(?signInEventTypes/any\(t: ?t eq '(\w+)'\)\)?$`)
)

// types returns the sorts of a sign-in; without any it is interactive.
func types(record []byte) []string {
	var r struct {
		Types []string `json:"signInEventTypes"`
	}
	if json.Unmarshal(record, &r) != nil || len(r.Types) == 0 {
		return []string{"interactiveUser"}
	}
	return r.Types
}

// expanded is how many related objects $expand shows.
const expanded = 20

// shown returns objects without what was not asked for.
func (f *Fake) shown(e endpoint, expand string) []json.RawMessage {
	var out []json.RawMessage
	for _, raw := range f.objects[e.path] {
		var o map[string]json.RawMessage
		if len(e.expand) == 0 || json.Unmarshal(raw, &o) != nil {
			out = append(out, raw)
			continue
		}
		for _, name := range e.expand {
			var related []json.RawMessage
			if !slices.Contains(strings.Split(expand, ","), name) {
				delete(o, name)
			} else if json.Unmarshal(o[name], &related) == nil && len(related) > expanded {
				o[name], _ = json.Marshal(related[:expanded])
			}
		}
		text, _ := json.Marshal(o)
		out = append(out, text)
	}
	return out
}

// nested returns what belongs to an object: members within it, or what was put
// under the path.
func (f *Fake) nested(path string) ([]json.RawMessage, *answer) {
	if list, ok := f.objects[path]; ok {
		return list, nil
	}
	parts := strings.Split(path, "/")
	for _, raw := range f.objects[strings.Join(parts[:max(len(parts)-2, 0)], "/")] {
		var o map[string]json.RawMessage
		var id string
		var related []json.RawMessage
		if json.Unmarshal(raw, &o) == nil && json.Unmarshal(o["id"], &id) == nil && len(parts) > 2 && id == parts[len(parts)-2] {
			_ = json.Unmarshal(o[parts[len(parts)-1]], &related)
			return related, nil
		}
	}
	return nil, failure(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+path+"' does not exist or one of its queried reference-property objects are not present.")
}

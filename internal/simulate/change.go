package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// WithID returns a copy with another id: of the sign-in, the audit entry, the
// detection, the request, the object. What Entra derives from the id follows.
func (r Record) WithID(id string) Record {
	r = r.Clone()
	f := r.Fields
	switch r.Kind {
	case event.Signin:
		if f["originalRequestId"] == f["id"] {
			f["originalRequestId"] = id
		}
		if token, ok := tokenID(id); ok && f["uniqueTokenIdentifier"] != nil {
			f["uniqueTokenIdentifier"] = token
		}
		f["id"] = id
	case event.Activity:
		f["eventDataId"] = id
		setEventPath(f)
	case event.M365:
		f["Id"] = id
	case event.KeyVault, event.DomainServices:
		f["correlationId"] = id // the nearest that these logs have to an id
	case event.GraphActivity:
		f["correlationId"] = id
		if p, ok := f["properties"].(map[string]any); ok {
			p["requestId"], p["operationId"], p["__UDI_RequiredFields_UniqueId"] = id, id, id
		}
	default:
		f["id"] = id
	}
	return r
}

// timeFields lists the times of each kind, the event's own time first.
var timeFields = map[event.Kind][]string{
	event.Signin:         {"createdDateTime"},
	event.Audit:          {"activityDateTime"},
	event.RiskDetection:  {"activityDateTime", "detectedDateTime", "lastUpdatedDateTime"},
	event.RiskyUser:      {"riskLastUpdatedDateTime"},
	event.Activity:       {"eventTimestamp", "submissionTimestamp"},
	event.M365:           {"CreationTime"},
	event.KeyVault:       {"time"},
	event.GraphActivity:  {"time", "properties.timeGenerated", "properties.tokenIssuedAt"},
	event.Provisioning:   {"activityDateTime"},
	event.DomainServices: {"time"},
}

// Time returns when the event happened; ok is false for directory objects and
// for records whose time is no time.
func (r Record) Time() (t time.Time, ok bool) {
	paths := timeFields[r.Kind]
	if len(paths) == 0 {
		return t, false
	}
	v, _ := r.Get(paths[0])
	return parseTime(text(v))
}

// WithTime returns a copy that happened at t. All times of the record (steps of
// an authentication, last update of a risk …) move along and keep their
// distance; one that was no time becomes t. Directory objects have no time of
// their own and are only copied.
func (r Record) WithTime(t time.Time) Record {
	r = r.Clone()
	paths := timeFields[r.Kind]
	if len(paths) == 0 {
		return r
	}
	old, known := r.Time()
	move := func(v any) any {
		s, isText := v.(string)
		if _, ok := parseTime(s); isText && ok && known {
			return shift(s, t.Sub(old))
		}
		return t.UTC().Format(layoutShort)
	}
	for _, p := range paths {
		if v, ok := r.Get(p); ok {
			_ = r.Set(p, move(v)) // a path that Get finds can be set
		}
	}
	for _, step := range list(r.Fields["authenticationDetails"]) {
		if s, ok := step.(map[string]any); ok && s["authenticationStepDateTime"] != nil {
			s["authenticationStepDateTime"] = move(s["authenticationStepDateTime"])
		}
	}
	for _, d := range list(r.Fields["additionalDetails"]) { // PIM: StartTime, ExpirationTime
		if m, ok := d.(map[string]any); ok && strings.HasSuffix(text(m["key"]), "Time") && text(m["value"]) != "" {
			m["value"] = move(m["value"])
		}
	}
	if r.Kind == event.Activity {
		setEventPath(r.Fields)
	}
	return r
}

// SetChange writes a modified property on the first target of an audit entry,
// in place, in the encoding of Graph: JSON text in a string. Arrays, objects
// and quoted strings are given as JSON text and stored as such; other text is
// quoted; "" means that there was, or is, no value.
func (r Record) SetChange(property, old, new string) error {
	if r.Kind != event.Audit {
		return fmt.Errorf("set change %s: a %s record has no modified properties", property, r.Kind)
	}
	v, _ := r.Get("targetResources.0.modifiedProperties")
	i := slices.IndexFunc(list(v), func(m any) bool { return dig(m, "displayName") == property })
	if i < 0 {
		i = len(list(v))
	}
	if v == nil {
		if err := r.Set("targetResources.0.modifiedProperties", []any{}); err != nil {
			return err
		}
	}
	return r.Set("targetResources.0.modifiedProperties."+strconv.Itoa(i), map[string]any{
		"displayName": property, "oldValue": changeValue(old), "newValue": changeValue(new),
	})
}

func changeValue(s string) any {
	switch {
	case s == "":
		return nil
	case strings.ContainsAny(s[:1], `[{"`) && json.Valid([]byte(s)):
		return s
	}
	return jsonText(s)
}

// setEventPath makes the id of an Azure Activity event agree with its parts.
func setEventPath(f map[string]any) {
	t, ok := parseTime(text(f["eventTimestamp"]))
	if !ok || f["id"] == nil {
		return
	}
	f["id"] = fmt.Sprintf("%s/events/%s/ticks/%d", text(f["resourceId"]), text(f["eventDataId"]), ticks(t))
}

// tokenID returns the unique token identifier that goes with a sign-in's id.
func tokenID(id string) (string, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != len(guid{}) {
		return "", false
	}
	return string(guid(raw).appendToken(nil)), true
}

// derivedGUID returns a GUID that depends on nothing but the parts: for ids
// that a format has of its own.
func derivedGUID(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

package event

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	tests := []struct {
		kind Kind
		name string
		want string // canonical name; what only a rule names keeps its name
	}{
		{Signin, "status.errorCode", "status.errorCode"},
		{Signin, "STATUS.ERRORCODE", "status.errorCode"},
		{Signin, " resultType ", "status.errorCode"},
		{Signin, "ResultType", "status.errorCode"},
		{Signin, "ErrorNumber", "status.errorCode"}, // Office 365
		{Signin, "properties.status.errorCode", "status.errorCode"},
		{Signin, "Properties.Status.ErrorCode", "status.errorCode"},
		{Signin, "AppDisplayName", "appDisplayName"},
		{Signin, "LocationDetails.city", "location.city"},
		{Signin, "location", "country"},
		{Signin, "properties.ipAddress", "ip"},
		{Signin, "CallerIpAddress", "ip"},
		{Signin, "userName", "userPrincipalName"},
		{Signin, "details.Login Hint Present", "details.Login Hint Present"},
		{Audit, "OperationName", "activity"},
		{Audit, "ActivityDisplayName", "activity"},
		{Audit, "properties.result", "outcome"},
		{Audit, "targetResources.type", "target.type"},
		{Audit, "target", "targetResources"},
		{Audit, "changes.Role.DisplayName.new", "changes.Role.DisplayName.new"},
		{Audit, "Changes.role.displayname.NEW", "changes.Role.DisplayName.new"},
		{Audit, "changes..new", "changes..new"}, // names nothing: a path
		{Activity, "operationNameValue", "operationName"},
		{Activity, "properties.statusCode", "properties.statusCode"},
		{Activity, "authorization_d.action", "authorization.action"},
		{Activity, "identity.claims." + strings.ReplaceAll(claimOID, "`", ""), "callerId"},
		{RiskyUser, "displayName", "userDisplayName"},
		{M365, "tenantId", "OrganizationId"},
		{User, "department", "department"},
		{Signin, "made.up", "made.up"},
		{Generic, "properties.a", "properties.a"},
	}
	s := NewSchema()
	for _, tt := range tests {
		f := s.Resolve(tt.kind, tt.name)
		if !strings.EqualFold(f.Name, tt.want) {
			t.Errorf("%s: %s is %s, want %s", tt.kind, tt.name, f.Name, tt.want)
		}
		size := s.Size()
		if again := s.Resolve(tt.kind, tt.name); again != f || s.Size() != size {
			t.Errorf("%s: %s is another field the second time", tt.kind, tt.name)
		}
		if s.Lookup(tt.kind, tt.name) == nil || s.Field(tt.kind, f.ID) != f {
			t.Errorf("%s: %s is not found afterwards", tt.kind, tt.name)
		}
	}
}

// TestLookup: looking up adds nothing, and knows canonical names first: there,
// result is what the log says and not the outcome.
func TestLookup(t *testing.T) {
	s := NewSchema()
	size := s.Size()
	for name, want := range map[string]string{
		"result": "result", "properties.resultReason": "resultReason", "OperationName": "activity", "ipAddress": "ip",
		"initiatedBy.user.ipAddress": "initiatedBy.user.ipAddress",
	} {
		if f := s.Lookup(Audit, name); f == nil || f.Name != want {
			t.Errorf("%s: %v, want %s", name, f, want)
		}
	}
	for _, name := range []string{"", "made.up", "details.X", "properties.made.up"} {
		if f := s.Lookup(Audit, name); f != nil {
			t.Errorf("%q: %s", name, f.Name)
		}
	}
	if s.Size() != size {
		t.Error("looking up has added fields")
	}
}

func TestPathsOfFieldsThatRulesName(t *testing.T) {
	s := NewSchema()
	paths := func(f *Field) map[string][]string {
		out := map[string][]string{}
		for format, p := range f.Paths {
			if len(p) > 0 {
				out[Format(format).String()] = p
			}
		}
		return out
	}
	tests := []struct {
		kind Kind
		name string
		want map[string][]string
	}{
		{Signin, "made.up", map[string][]string{
			"diagnostic": {"made.up", "properties.made.up"}, "graph": {"made.up"}, "log-analytics": {"made.up"}, "o365": {"made.up"},
		}},
		{Signin, "properties.made.up2", map[string][]string{
			"diagnostic": {"properties.made.up2", "properties.made.up2"}, "graph": {"made.up2"}, "log-analytics": {"made.up2"}, "o365": {"made.up2"},
		}},
		{Generic, "a.b", map[string][]string{"json": {"a.b", "`a.b`"}}},
		{Generic, "a", map[string][]string{"json": {"a"}}},
		{Audit, "changes.Display Name.old", map[string][]string{
			"diagnostic":    {"properties.targetResources.modifiedProperties{displayName=Display Name}.oldValue"},
			"graph":         {"targetResources.modifiedProperties{displayName=Display Name}.oldValue"},
			"log-analytics": {"TargetResources.modifiedProperties{displayName=Display Name}.oldValue"},
			"o365":          {"ModifiedProperties{Name=Display Name}.OldValue"},
			"portal-csv":    {"targetResources.modifiedProperties{displayName=Display Name}.oldValue"},
		}},
		{M365, "parameters.ForwardTo", map[string][]string{"o365": {"Parameters{Name=ForwardTo}.Value"}, "log-analytics": {"Parameters{Name=ForwardTo}.Value"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, paths(s.Resolve(tt.kind, tt.name))); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", tt.kind, tt.name, diff)
		}
	}
}

// TestRegistry: every path can be read, every field that another is computed
// from exists, and each says what it means.
func TestRegistry(t *testing.T) {
	s := NewSchema()
	for k := Kind(1); k < NumKinds; k++ {
		for _, f := range s.Fields(k) {
			where := k.String() + " " + f.Name
			if f.Doc == "" {
				t.Errorf("%s: no meaning", where)
			}
			somewhere := false
			for _, format := range formatsOf[k] {
				somewhere = somewhere || f.In(format)
				seen := map[string]bool{}
				for _, p := range f.Paths[format] {
					if err := checkPath(p); err != nil && p != "(derived)" {
						t.Errorf("%s, %s: path %s: %v", where, format, p, err)
					}
					if seen[p] {
						t.Errorf("%s, %s: path %s twice", where, format, p)
					}
					seen[p] = true
				}
			}
			if !somewhere {
				t.Errorf("%s: no format has it", where)
			}
		}
		seen := map[string]bool{}
		for i := range kindFields[k] {
			name := strings.ToLower(kindFields[k][i].name)
			if seen[name] {
				t.Errorf("%s %s: two lines", k, name)
			}
			seen[name] = true
		}
	}
	for id, name := range core {
		if name == "" || s.FieldName(id) != name {
			t.Errorf("field %d is %q, want %q", id, s.FieldName(id), name)
		}
	}
}

// TestDerivations: what a field is computed from exists. One line may serve
// several kinds; what it reads beside its needs, one of them must have.
func TestDerivations(t *testing.T) {
	s := NewSchema()
	for i := range derivations {
		d := &derivations[i]
		where := fmt.Sprintf("%s of %v", d.name, d.kinds)
		for name := range strings.FieldsSeq(d.reads) {
			if !slices.ContainsFunc(d.kinds, func(k Kind) bool { return s.Lookup(k, name) != nil }) {
				t.Errorf("%s: reads %s, which none has", where, name)
			}
		}
		for _, k := range d.kinds {
			for _, need := range d.needs {
				for name := range strings.SplitSeq(need, "|") {
					if g := s.Lookup(k, name); g == nil || g.Name == d.name {
						t.Errorf("%s: needs %s, which %s has not", where, name, k)
					}
				}
			}
			f := s.Lookup(k, d.name)
			if f == nil || !f.Derived() || (len(f.Inputs()) == 0) != d.timed {
				t.Errorf("%s: is not computed in %s", where, k)
			}
		}
	}
}

// checkPath reads a path as def describes it.
func checkPath(p string) error {
	for i := 0; i < len(p); {
		from := i
		switch {
		case p[i] == '`':
			n := strings.IndexByte(p[i+1:], '`')
			if n <= 0 {
				return fmt.Errorf("a backquote stays open")
			}
			i += n + 2
		default:
			for i < len(p) && p[i] != '.' && p[i] != '{' {
				if p[i] == ' ' || p[i] == '`' || p[i] == '}' {
					return fmt.Errorf("%q at %d", p[i], i)
				}
				i++
			}
		}
		if i < len(p) && p[i] == '{' {
			end := strings.IndexByte(p[i:], '}')
			if end < 0 {
				return fmt.Errorf("a brace stays open")
			}
			if key, name, ok := strings.Cut(p[i+1:i+end], "="); !ok || key == "" || name == "" {
				return fmt.Errorf("%s says no key and name", p[i:i+end+1])
			}
			i += end + 1
		}
		if i == from {
			return fmt.Errorf("an empty step at %d", i)
		}
		if i < len(p) {
			if p[i] != '.' || i+1 == len(p) {
				return fmt.Errorf("a step ends at %d", i)
			}
			i++
		}
	}
	return nil
}

// decided are the names that more than one field of a kind could be meant by,
// and which one is. Three rules decide: where a field brings a value into one
// form in all formats (outcome, activity, ip, country, target.type), rules get
// that; a canonical name means its field before any place in a record does; and
// a place means the field that looks there first.
var decided = map[string]string{
	"signin calleripaddress": "ip", "signin ip": "ip", "signin ipaddress": "ip",
	"signin location": "country", "signin location.countryorregion": "country", "signin locationdetails.countryorregion": "country",
	"signin resourceid":           "resourceId", // not tenantPath, which diagnostic records call so as well
	"signin serviceprincipalname": "servicePrincipalName",
	"signin userid":               "userId", // in Office 365, UserId is the name

	"audit activitydisplayname": "activity", "audit operation": "activity", "audit operationname": "activity",
	"audit calleripaddress": "ip", "audit initiatedby.user.ipaddress": "ip", "audit ipaddress": "ip",
	"audit category": "category", // not the stream
	"audit result":   "outcome", "audit resultstatus": "outcome",
	"audit targetresources.type": "target.type",

	"risk_detection calleripaddress": "ip", "risk_detection ip": "ip", "risk_detection ipaddress": "ip",
	"risk_detection correlationid": "correlationId", "risk_detection detecteddatetime": "detectedDateTime",
	"risk_detection location": "country", "risk_detection location.countryorregion": "country",
	"risk_detection serviceprincipaldisplayname": "userPrincipalName", // and userDisplayName: a service principal has one name
	"risky_user displayname":                     "userDisplayName",

	"activity authorization.action": "authorization.action", "activity authorization_d.action": "authorization.action",
	"activity calleripaddress": "ip", "activity ip": "ip", "activity ipaddress": "ip",
	"activity identity.claims.http://schemas.microsoft.com/identity/claims/objectidentifier": "callerId",
	"activity operationname": "operationName",

	"m365 clientip": "ip", "m365 ip": "ip", "m365 ipaddress": "ip", "m365 operation": "activity",
	"key_vault calleripaddress": "ip", "key_vault ip": "ip", "key_vault ipaddress": "ip",
	"graph_activity calleripaddress": "ip", "graph_activity ip": "ip", "graph_activity ipaddress": "ip",
}

func TestAmbiguousNamesAreDecided(t *testing.T) {
	s := NewSchema()
	got := map[string]string{}
	for k := Kind(1); k < NumKinds; k++ {
		means := map[string]map[string]bool{}
		add := func(name, field string) {
			name = strings.ToLower(strings.ReplaceAll(name, "`", ""))
			if means[name] == nil {
				means[name] = map[string]bool{}
			}
			means[name][field] = true
		}
		for i := range derivations {
			if d := &derivations[i]; d.of(k) {
				for name := range strings.FieldsSeq(d.instead) {
					add(name, d.name)
				}
			}
		}
		aliases := map[string]string{}
		for i := range kindFields[k] {
			d := &kindFields[k][i]
			for name := range strings.FieldsSeq(d.alias) {
				if other, ok := aliases[strings.ToLower(name)]; ok {
					t.Errorf("%s: %s is written as another name of %s and of %s", k, name, other, d.name)
				}
				aliases[strings.ToLower(name)] = d.name
				add(name, d.name)
			}
		}
		for _, f := range s.Fields(k) {
			add(f.Name, f.Name)
			for _, format := range formatsOf[k] {
				for _, p := range f.Paths[format] {
					if !strings.Contains(p, "{") && p != "(derived)" {
						add(strings.TrimPrefix(p, "properties."), f.Name)
					}
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(means)) {
			if len(means[name]) > 1 {
				got[k.String()+" "+name] = s.Resolve(k, name).Name
			}
		}
	}
	if diff := cmp.Diff(decided, got); diff != "" {
		t.Errorf("-decided +registry\n%s", diff)
	}
}

func TestNamesOfKindsAndFormats(t *testing.T) {
	for k := Kind(1); k < NumKinds; k++ {
		if got, ok := KindByName(strings.ToUpper(k.String())); got != k || !ok {
			t.Errorf("%s: %v", k, got)
		}
		for _, f := range FormatsOf(k) {
			if got, ok := FormatByName(f.String()); got != f || !ok {
				t.Errorf("%s: %v", f, got)
			}
		}
	}
	if _, ok := KindByName("signins"); ok {
		t.Error("signins is a kind")
	}
	if _, ok := FormatByName("csv"); ok {
		t.Error("csv is a format")
	}
	if !User.Snapshot() || !NamedLocation.Snapshot() || Generic.Snapshot() || Signin.Snapshot() {
		t.Error("snapshot kinds are those from user to named_location")
	}
}

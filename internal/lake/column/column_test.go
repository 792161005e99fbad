package column

import (
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestName(t *testing.T) {
	for field, want := range map[string]string{
		"status.errorCode": "status_error_code", "riskEventTypes_v2": "risk_event_types_v2", "ClientIP": "client_ip",
		"ipAddressFromResourceProvider": "ip_address_from_resource_provider", "principal.@odata.type": "principal_odata_type",
		"MailboxOwnerUPN": "mailbox_owner_upn", "user.id": "user_id", "changes.Role.DisplayName.new": "changes_role_display_name_new", "IPAddress2Go": "ip_address2_go",
	} {
		if got := Name(field); got != want {
			t.Errorf("%s is %s instead of %s", field, got, want)
		}
	}
}

// TestColumns holds that each kind has all its fields, once, under a name of its
// own that needs no quotes.
func TestColumns(t *testing.T) {
	schema := event.NewSchema()
	versions := map[string]event.Kind{}
	for _, k := range Kinds() {
		names, fields := map[string]bool{}, map[string]bool{}
		for _, c := range Of(k) {
			if names[c.Name] {
				t.Errorf("%s has two columns %s", k, c.Name)
			}
			names[c.Name] = true
			fields[c.Field] = true
			if strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Errorf("%s: the name %s needs quotes", k, c.Name)
			}
			if c.Doc == "" {
				t.Errorf("%s.%s has no doc", k, c.Name)
			}
			if c.Field != "" {
				if f := schema.Lookup(k, c.Field); f == nil || f.Name != c.Field || typeOf(f) != c.Type {
					t.Errorf("%s.%s: field %s", k, c.Name, c.Field)
				}
			}
		}
		for _, f := range schema.Fields(k) {
			if !fields[f.Name] && f.Type != event.JSON && f.Name != "id" && f.Name != "time" {
				t.Errorf("%s: field %s has no column", k, f.Name)
			}
		}
		for _, c := range Common() {
			if !names[c.Name] {
				t.Errorf("%s lacks %s", k, c.Name)
			}
		}
		if other, twice := versions[Version(k)]; twice && len(Of(k)) != len(Of(other)) {
			t.Errorf("%s and %s have one version", k, other)
		}
		versions[Version(k)] = k
	}
}

// TestListsExist finds entries of the tables of lists that name no field.
func TestListsExist(t *testing.T) {
	schema := event.NewSchema()
	for _, k := range Kinds() {
		for name := range strings.FieldsSeq(lists[k]) {
			if f := schema.Lookup(k, name); f == nil || f.Name != name {
				t.Errorf("%s has no field %s", k, name)
			}
		}
		for _, a := range arrays[k] {
			n := 0
			for _, c := range Of(k) {
				if c.Group == a {
					n++
				}
			}
			if n == 0 {
				t.Errorf("%s has no field below %s", k, a)
			}
		}
		if name := AppField(k); name != "" {
			if f := schema.Lookup(k, name); f == nil || f.Name != name {
				t.Errorf("%s has no field %s", k, name)
			}
		}
	}
}

func TestViews(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Views() {
		for _, name := range []string{v.Name, v.Alias} {
			if name != "" && seen[name] {
				t.Errorf("two views %s", name)
			}
			seen[name] = true
		}
		if v.Doc == "" || v.Columns[0].Name != When || v.Columns[1].Name != "day" {
			t.Errorf("view %s: %q, %v", v.Name, v.Doc, v.Columns[:2])
		}
	}
}

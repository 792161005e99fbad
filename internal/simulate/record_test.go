package simulate

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entrawatch/entrawatch/internal/event"
)

func base(t testing.TB, name string) Record {
	t.Helper()
	r, ok := Base(name)
	if !ok {
		t.Fatalf("no base record %s", name)
	}
	return r
}

func set(t testing.TB, r Record, path string, value any) Record {
	t.Helper()
	if err := r.Set(path, value); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSet(t *testing.T) {
	tests := []struct {
		path  string
		value any
		want  any // what Get returns
	}{
		{"userPrincipalName", "eve@contoso.com", "eve@contoso.com"},
		{"status.errorCode", 50126, json.Number("50126")},
		{"status.errorCode", "50126", "50126"},
		{"mfaDetail", nil, nil},
		{"managedServiceIdentity.msiType", "userAssigned", "userAssigned"}, // was null
		{"brand.new.key", 1.5, json.Number("1.5")},
		{"appliedConditionalAccessPolicies.1.result", "failure", "failure"},
		{"authenticationDetails.2", map[string]any{"succeeded": false}, map[string]any{"succeeded": false}}, // appends
		{`key\.with\.dots`, []string{"a"}, []any{"a"}},
	}
	for _, tt := range tests {
		r := set(t, base(t, "signin"), tt.path, tt.value)
		got, ok := r.Get(tt.path)
		if diff := cmp.Diff(tt.want, got); diff != "" || !ok {
			t.Errorf("%s = %v, %v: %s", tt.path, got, ok, diff)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	r := base(t, "signin")
	for _, path := range []string{"authenticationDetails.9", "authenticationDetails.x", "authenticationDetails.-1", "userPrincipalName.x"} {
		if err := r.Set(path, 1); err == nil {
			t.Errorf("Set(%s) succeeded", path)
		}
	}
	if err := r.Set("x", func() {}); err == nil {
		t.Error("Set took a function")
	}
	if diff := cmp.Diff(base(t, "signin"), r); diff != "" {
		t.Errorf("a refused Set changed the record:\n%s", diff)
	}
}

func TestDelete(t *testing.T) {
	r := base(t, "signin")
	for _, path := range []string{"userAgent", "deviceDetail.isCompliant", "authenticationDetails.0"} {
		if err := r.Delete(path); err != nil {
			t.Error(err)
		}
	}
	if _, ok := r.Get("userAgent"); ok {
		t.Error("userAgent is still there")
	}
	if v, _ := r.Get("authenticationDetails"); len(v.([]any)) != 1 {
		t.Errorf("%d steps are left", len(v.([]any)))
	}
	if err := r.Delete("deviceDetail.isCompliant"); err == nil {
		t.Error("deleting what is not there succeeded")
	}
}

func TestSetThenGet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Record{Fields: map[string]any{}}
		path := rapid.StringMatching(`[a-z]{1,3}(\.[a-z]{1,3}){0,4}`).Draw(t, "path")
		value := rapid.String().Draw(t, "value")
		if err := r.Set(path, value); err != nil {
			t.Fatal(err)
		}
		want, _ := canonical(value)
		if got, ok := r.Get(path); !ok || got != want {
			t.Fatalf("got %v, %v", got, ok)
		}
	})
}

func TestWithID(t *testing.T) {
	const id = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c00"
	for _, name := range BaseNames() {
		before := base(t, name)
		r := before.Clone().WithID(id)
		key := map[event.Kind]string{
			event.Activity: "eventDataId", event.M365: "Id", event.KeyVault: "correlationId", event.DomainServices: "correlationId",
			event.GraphActivity: "properties.requestId",
		}[r.Kind]
		if key == "" {
			key = "id"
		}
		if got, _ := r.Get(key); got != id {
			t.Errorf("%s: %s = %v", name, key, got)
		}
		if cmp.Equal(before, r) {
			t.Errorf("%s: nothing changed", name)
		}
	}
	r := base(t, "signin").WithID(id)
	if r.Fields["uniqueTokenIdentifier"] != "PSwbCl9Oa0qMfZ4PGis8AA" || r.Fields["originalRequestId"] != id {
		t.Errorf("token id %v, original id %v", r.Fields["uniqueTokenIdentifier"], r.Fields["originalRequestId"])
	}
}

func TestWithTime(t *testing.T) {
	at := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, name := range BaseNames() {
		before := base(t, name)
		r := before.WithTime(at)
		if got, ok := r.Time(); ok != !r.Kind.Snapshot() || ok && !got.Truncate(time.Second).Equal(at) {
			t.Errorf("%s happened at %v, %v", name, got, ok)
		}
		if diff := cmp.Diff(base(t, name), before); diff != "" {
			t.Errorf("%s: WithTime changed its receiver:\n%s", name, diff)
		}
	}
	risk := base(t, "risk-detection").WithTime(at).Fields
	if risk["detectedDateTime"] != "2027-03-04T05:06:07Z" || risk["lastUpdatedDateTime"] != "2027-03-04T05:08:20Z" {
		t.Errorf("detected %v, updated %v", risk["detectedDateTime"], risk["lastUpdatedDateTime"])
	}
	step, _ := base(t, "signin").WithTime(at).Get("authenticationDetails.1.authenticationStepDateTime")
	if step != "2027-03-04T05:06:24Z" {
		t.Errorf("second step at %v", step)
	}
	end, _ := base(t, "audit-pim-activation").WithTime(at).Get("additionalDetails.4.value")
	if end != "2027-03-04T13:06:07Z" {
		t.Errorf("activation ends at %v", end)
	}
	broken := set(t, base(t, "signin"), "createdDateTime", "yesterday").WithTime(at)
	if broken.Fields["createdDateTime"] != "2027-03-04T05:06:07Z" {
		t.Errorf("broken time became %v", broken.Fields["createdDateTime"])
	}
}

func TestSetChange(t *testing.T) {
	tests := []struct {
		old, new         string
		wantOld, wantNew any
	}{
		{"", "Global Reader", nil, `"Global Reader"`},
		{"Global Reader", "", `"Global Reader"`, nil},
		{"[]", `["a","b"]`, "[]", `["a","b"]`},
		{"[true]", "[false]", "[true]", "[false]"},
		{"", `{"state":"disabled"}`, nil, `{"state":"disabled"}`},
		{"", `""`, nil, `""`},
		{"", "[not JSON", nil, `"[not JSON"`},
		{"False", "True", `"False"`, `"True"`},
	}
	for _, tt := range tests {
		r := base(t, "audit-add-member-to-role")
		for range 2 { // the second time replaces
			if err := r.SetChange("Some.Property", tt.old, tt.new); err != nil {
				t.Fatal(err)
			}
		}
		all, _ := r.Get("targetResources.0.modifiedProperties")
		if n := len(all.([]any)); n != 5 {
			t.Errorf("%d modified properties", n)
		}
		got, _ := r.Get("targetResources.0.modifiedProperties.4")
		want := map[string]any{"displayName": "Some.Property", "oldValue": tt.wantOld, "newValue": tt.wantNew}
		if diff := cmp.Diff(any(want), got); diff != "" {
			t.Errorf("%q → %q: %s", tt.old, tt.new, diff)
		}
	}
	if err := base(t, "signin").SetChange("x", "", "y"); err == nil {
		t.Error("a sign-in took a modified property")
	}
}

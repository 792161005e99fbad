package detect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestCheck(t *testing.T) {
	all := []string{"diagnostic", "graph", "log-analytics", "o365", "portal-csv"}
	tests := []struct {
		name, service, detection, needs string
		want                            Check
	}{
		{name: "a field of every format", detection: "selection: {ResultType: 50126}", want: Check{WorksOn: all}},
		{name: "not in every format", detection: "selection: {riskState: atRisk}", want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics"}}},
		{
			// An exception that excepts nothing would make the rule fire on
			// what it is to be silent about.
			name: "absent under a negation", detection: "selection: {ResultType: 0}\nfilter: {riskState: remediated}\ncondition: selection and not filter",
			want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics"}},
		},
		{
			name: "absent under two negations", detection: "selection: {ResultType: 0}\nother: {riskState|neq: atRisk}\ncondition: selection and not other",
			want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics"}},
		},
		{
			name: "absent, but another way remains", detection: "selection: {ResultType: 0}\nother: {riskState: atRisk}\ncondition: selection or other",
			want: Check{WorksOn: all},
		},
		{
			name: "nowhere", service: "directory", detection: "selection: {a: b}",
			want: Check{Cannot: "log source product: azure, service: directory is none that entrawatch reads"},
		},
		{
			name: "a field that the kind has in no format", service: "user", detection: "selection: {baseline.country.allowed: 'false'}",
			want: Check{Needs: []string{"allowed_countries"}, Cannot: "field baseline.country.allowed does not exist in user events (graph)"},
		},
		{
			name: "misspelled field of the baseline", detection: "selection: {baseline.user.privilegd: 'true'}",
			want: Check{Cannot: "field baseline.user.privilegd does not exist in signin events (diagnostic)"},
		},
		{
			name: "by the baseline", detection: "selection: {baseline.country.allowed: 'false'}",
			want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics", "portal-csv"}, Needs: []string{"allowed_countries"}},
		},
		{
			name: "either input", service: "auditlogs", detection: "selection: {baseline.target.domain: unapproved}",
			want: Check{WorksOn: all, Needs: []string{"approved_domains|blocked_domains"}},
		},
		{
			name: "needs of its own, sorted", detection: "selection: {baseline.country.allowed: 'false', ResultType: 0}", needs: "[vip_accounts, egress_ips]",
			want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics", "portal-csv"}, Needs: []string{"allowed_countries", "egress_ips", "vip_accounts"}},
		},
		{
			name: "placeholder", detection: "selection: {ResultType: 0}\nfilter: {location|contains|expand: '%KNOWN_LOCATION%'}\ncondition: selection and not filter",
			want: Check{WorksOn: []string{"diagnostic", "graph", "log-analytics", "portal-csv"}, Needs: []string{"allowed_countries"}},
		},
		{
			name: "placeholder that nothing can fill", detection: "selection: {location|expand: '%UnLegitCountries%'}",
			want: Check{Cannot: "placeholder %UnLegitCountries%: it stands for everything that is not listed, which no list can hold; use the field baseline.country.allowed"},
		},
		{
			name: "unknown placeholder", detection: "selection: {location|expand: '%allowed_countris%'}",
			want: Check{Cannot: `placeholder %allowed_countris%: no baseline input has that name; did you mean allowed_countries?`},
		},
		{
			name: "always false", detection: "selection: {ResultType: 0}\ncondition: selection and not selection",
			want: Check{WorksOn: all}, // what values mean is not looked into
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service := tt.service
			if service == "" {
				service = "signinlogs"
			}
			more := ""
			if tt.needs != "" {
				more = "custom: {entrawatch: {needs: " + tt.needs + "}}"
			}
			tt.want.Rule, tt.want.File = "r0", "r0.yml"
			if tt.want.WorksOn == nil {
				tt.want.WorksOn = []string{}
			}
			if tt.want.Needs == nil {
				tt.want.Needs = []string{}
			}
			if diff := cmp.Diff(tt.want, engineOf(t, "", rule(service, tt.detection, more)).Check()[0]); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestInactive: what a rule lacks, in the words that people read.
func TestInactive(t *testing.T) {
	every := map[event.Kind]map[event.Format]bool{event.Signin: {event.Diagnostic: true}, event.Audit: {event.Diagnostic: true}}
	office := map[event.Kind]map[event.Format]bool{event.Signin: {event.O365: true}}
	const unset = " is not set"
	tests := []struct {
		name, baseline, service, detection, needs string
		seen                                      map[event.Kind]map[event.Format]bool
		want                                      string // "" = active
	}{
		{name: "nothing needed", detection: "selection: {ResultType: 0}"},
		{name: "field", detection: "selection: {baseline.country.allowed: 'false'}", want: "inactive: baseline input allowed_countries" + unset},
		{name: "field, set", baseline: "allowed_countries: [SE]", detection: "selection: {baseline.country.allowed: 'false'}"},
		{
			name: "field under a negation", detection: "selection: {ResultType: 0}\nfilter: {baseline.user.privileged: 'true'}\ncondition: selection and not filter",
			want: "inactive: baseline input privileged_accounts" + unset,
		},
		{
			name: "two fields", detection: "selection: {baseline.country.allowed: 'false', baseline.user.privileged: 'true'}",
			want: "inactive: baseline inputs allowed_countries, privileged_accounts are not set",
		},
		{
			name: "two fields, one set", baseline: "privileged_accounts: [ceo@contoso.com]", detection: "selection: {baseline.country.allowed: 'false', baseline.user.privileged: 'true'}",
			want: "inactive: baseline input allowed_countries" + unset,
		},
		{name: "either field", baseline: "privileged_accounts: [ceo@contoso.com]", detection: "selection: {baseline.country.allowed: 'false'}\nother: {baseline.user.privileged: 'true'}\ncondition: selection or other"},
		{
			name: "either input", service: "auditlogs", detection: "selection: {baseline.target.domain: unapproved}",
			want: "inactive: baseline input approved_domains or blocked_domains" + unset,
		},
		{name: "either input, the second set", baseline: "blocked_domains: [evil.example]", service: "auditlogs", detection: "selection: {baseline.target.domain: unapproved}"},
		{name: "the rule's own", detection: "selection: {ResultType: 0}", needs: "[trusted_ips_privileged]", want: "inactive: baseline input trusted_ips_privileged" + unset},
		{name: "the rule's own, either", detection: "selection: {ResultType: 0}", needs: "['trusted_ips_privileged|privileged_accounts']", want: "inactive: baseline input trusted_ips_privileged or privileged_accounts" + unset},
		{name: "the rule's own, either, set", baseline: "privileged_accounts: [ceo@contoso.com]", detection: "selection: {ResultType: 0}", needs: "['trusted_ips_privileged|privileged_accounts']"},
		{name: "placeholder", detection: "selection: {appId|expand: '%Important_AppIds%'}", want: "inactive: baseline input hbi_mbi_apps" + unset},
		{name: "placeholder, set", baseline: "hbi_mbi_apps: {high: [Payroll]}", detection: "selection: {appId|expand: '%Important_AppIds%'}"},
		{
			name: "placeholder that nothing can fill", detection: "selection: {callerIpAddress|expand: '%UnApprovedIp%'}",
			want: "cannot match: placeholder %UnApprovedIp%: it stands for everything that is not listed, which no list can hold; use the field baseline.ip.trusted",
		},
		{name: "no such field", detection: "selection: {baseline.user.privilegd: 'true'}", want: "cannot match: there is no field baseline.user.privilegd"},
		{name: "compatibility", detection: "selection: {properties.message: Add user}", want: "cannot match: searches sign-ins for the name of an activity, which only the audit log has"},
		{name: "log source", service: "pim", detection: "selection: {riskEventType: noMfaOnRoleActivationAlertIncident}", want: "cannot match: " + pimAlerts},
		{name: "no events", service: "keyvault", detection: "selection: {operationName: SecretGet}", want: "no data: no key_vault events in the input"},
		{name: "no events of several kinds", service: "m365/", detection: "selection: {Operation: New-InboxRule}", seen: map[event.Kind]map[event.Format]bool{}, want: "no data: no m365, signin, audit events in the input"},
		{
			name: "format without the field", detection: "selection: {riskState: atRisk}", seen: office,
			want: "not computable: signin events in the format o365 lack a field that the rule needs",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service, seen, more := tt.service, tt.seen, ""
			if service == "" {
				service = "signinlogs"
			}
			if seen == nil {
				seen = every
			}
			if tt.needs != "" {
				more = "custom: {entrawatch: {needs: " + tt.needs + "}}"
			}
			active, inactive := engineOf(t, tt.baseline, rule(service, tt.detection, more)).Activity(seen, nil)
			got := ""
			if len(inactive) > 0 {
				got = inactive[0].Reason
			}
			if got != tt.want || len(active)+len(inactive) != 1 {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestAbsentFieldSilences: where Check leaves a format out, no record of that
// format matches.
func TestAbsentFieldSilences(t *testing.T) {
	p := newPipe(t, engineOf(t, "", rule("signinlogs", "selection: {ResultType: 0}\nfilter: {riskState: remediated}\ncondition: selection and not filter")))
	rec := base(t, "signin")
	for format, want := range map[event.Format]int{event.Diagnostic: 1, event.Graph: 1, event.LogAnalytics: 1, event.O365: 0, event.PortalCSV: 0} {
		if got := p.Match(p.read(t, rec, format)); len(got) != want {
			t.Errorf("%s: %d rules match, want %d", format, len(got), want)
		}
	}
}

const twoTenants = `
home_tenant_id: ` + home + `
allowed_countries: [SE]
tenants:
  - {id: ` + home + `, name: contoso, kind: workforce}
  - id: ` + consumer + `
    name: customers
    kind: b2c
    overrides: {allowed_countries: [DE], privileged_accounts: [alice.lindqvist@contoso.com]}
`

// TestTenants: each tenant of a run is judged by its own baseline, whatever
// came before; tenants that nobody named by that of the home tenant.
func TestTenants(t *testing.T) {
	e := engineOf(t, twoTenants,
		rule("signinlogs", "selection: {baseline.country.allowed: 'false'}"),
		rule("signinlogs", "selection: {baseline.tenant.b2c: 'true'}"),
		rule("signinlogs", "selection: {baseline.user.privileged: 'true'}"),
	)
	const stranger = "7a0c3c5e-0000-4000-8000-000000000001"
	tests := []struct {
		tenant, country string
		want            []int
	}{
		{home, "SE", nil},
		{consumer, "SE", []int{0, 1, 2}},
		{consumer, "DE", []int{1, 2}},
		{home, "DE", []int{0}},
		{stranger, "SE", nil},
		{stranger, "DE", []int{0}},
	}
	p := newPipe(t, e)
	for range 2 {
		for _, tt := range tests {
			rec := base(t, "signin", set("location.countryOrRegion", tt.country))
			rec.Tenant = tt.tenant
			got := append([]int(nil), p.Match(p.read(t, rec, event.Diagnostic))...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("tenant %s, country %s: -want +got\n%s", tt.tenant, tt.country, diff)
			}
		}
	}

	seen := map[event.Kind]map[event.Format]bool{event.Signin: {event.Diagnostic: true}}
	for _, tt := range []struct {
		tenants []string
		want    []Inactive
	}{
		{[]string{home}, []Inactive{{"r2", "inactive: baseline input privileged_accounts is not set"}}},
		{[]string{home, consumer}, nil},
		{[]string{consumer}, nil},
	} {
		_, inactive := e.Activity(seen, tt.tenants)
		if diff := cmp.Diff(tt.want, inactive); diff != "" {
			t.Errorf("tenants %v: -want +got\n%s", tt.tenants, diff)
		}
	}
}

package detect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/sigma"
)

func TestSourcesOf(t *testing.T) {
	unknown := func(ls string) string { return "log source " + ls + " is none that entrawatch reads" }
	tests := []struct {
		product, service, category string
		want                       []string // kinds; with formats where they are narrowed
		reason                     string
	}{
		{"azure", "signinlogs", "", []string{"signin"}, ""},
		{"azure", "auditlogs", "", []string{"audit"}, ""},
		{"azure", "activitylogs", "", []string{"activity"}, ""},
		{"azure", "azureactivity", "", []string{"activity"}, ""},
		{"azure", "riskdetection", "", []string{"risk_detection"}, ""},
		{"azure", "pim", "", nil, pimAlerts},
		{"azure", "keyvault", "", []string{"key_vault"}, ""},
		{"azure", "microsoftgraphactivitylogs", "", []string{"graph_activity"}, ""},
		{"m365", "audit", "", []string{"m365 o365 log-analytics", "signin o365", "audit o365"}, ""},
		{"m365", "exchange", "", []string{"m365 o365 log-analytics"}, ""},
		{"m365", "threat_management", "", []string{"m365 o365"}, ""},
		{"m365", "threat_detection", "", []string{"m365 o365"}, ""},
		{"m365", "", "", []string{"m365 o365 log-analytics", "signin o365", "audit o365"}, ""},

		{"Azure", "SigninLogs", "", []string{"signin"}, ""},
		{"entra", "signin", "", []string{"signin"}, ""},
		{"azure", "role_assignment", "", []string{"role_assignment"}, ""},
		{"entra", "Conditional_Access_Policy", "", []string{"conditional_access_policy"}, ""},

		{"azure", "", "", nil, unknown("product: azure")},
		{"azure", "signinlog", "", nil, unknown("product: azure, service: signinlog")},
		{"entra", "generic", "", nil, unknown("product: entra, service: generic")},
		{"entra", "unknown", "", nil, unknown("product: entra, service: unknown")},
		{"azure", "signinlogs", "process_creation", nil, unknown("product: azure, service: signinlogs, category: process_creation")},
		{"windows", "", "process_creation", nil, unknown("product: windows, category: process_creation")},
		{"aws", "signin", "", nil, unknown("product: aws, service: signin")},
		{"", "", "", nil, unknown("(empty)")},
	}
	tested := map[[3]string]bool{}
	for _, tt := range tests {
		tested[[3]string{tt.product, tt.service, tt.category}] = true
		ls := sigma.LogSource{Product: tt.product, Service: tt.service, Category: tt.category}
		t.Run(describeSource(ls), func(t *testing.T) {
			sources, reason := sourcesOf(ls)
			var got []string
			for _, s := range sources {
				text := s.kind.String()
				for _, f := range s.formats {
					text += " " + f.String()
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if reason != tt.reason {
				t.Errorf("reason is %q, want %q", reason, tt.reason)
			}
		})
	}
	for _, line := range logSources {
		if !tested[[3]string{line.product, line.service, line.category}] {
			t.Errorf("nothing tests product %q, service %q, category %q", line.product, line.service, line.category)
		}
	}
}

// TestRedirect: rules that look for audit activities in the Azure Activity log
// get the audit log; others stay where they are.
func TestRedirect(t *testing.T) {
	tests := []struct {
		name, service, detection, want string
	}{
		{"an activity of the directory", "activitylogs", "selection: {properties.message: Add user}", "audit"},
		{"spelled short", "activitylogs", "selection: {Message|contains: Add user}", "audit"},
		{"under a negation", "activitylogs", "selection: {status: Succeeded}\nfilter: {message: x}\ncondition: selection and not filter", "audit"},
		{"an operation of Azure", "activitylogs", "selection: {operationName: Microsoft.KeyVault/vaults/write}", "activity"},
		{"keywords", "activitylogs", "selection: [Add user]", "activity"},
		{"another log", "signinlogs", "selection: {properties.message: ROPC}", "signin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := engineOf(t, "", rule(tt.service, tt.detection))
			if got := e.plans[0].sources; len(got) != 1 || got[0].kind.String() != tt.want {
				t.Errorf("works on %v, want %s", got, tt.want)
			}
		})
	}
	e := engineOf(t, "", rule("activitylogs", "selection: {properties.message: Add user}"))
	if p := newPipe(t, e); !p.fires(t, 0, base(t, "audit-add-user")) || p.fires(t, 0, base(t, "activity")) {
		t.Error("a redirected rule must match audit records and none of Azure's")
	}
}

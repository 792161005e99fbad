package simulate

import (
	"fmt"
	"strings"
	"time"
)

// A machine is an application that signs in by itself.
type machine struct{ name, app, principal string }

var (
	exporter = machine{"Nightly Export", "701dd6a5-f40a-5dc5-83e2-81e81a124995", "93f095e0-df56-576a-98f6-b5fb7af90cff"}
	pipeline = machine{"Deploy Pipeline", derivedGUID("app id", "Deploy Pipeline"), derivedGUID("service principal", "Deploy Pipeline")}
	invoices = machine{"Invoice Portal", "c3aba1df-5854-5a41-9074-7dc1e4e87829", derivedGUID("service principal", "Invoice Portal")}
)

// machines are applications at their work: one on a server of the company's, one
// on a web service with a few addresses of its cloud's, and a virtual machine.
// Each fetches a token, which lasts an hour, and reads the secret that it needs.
func (s *scene) machines(day time.Time) {
	for hour := range 24 {
		s.at = day.Add(time.Duration(hour)*time.Hour + 7*time.Second)
		s.object("signin-service-principal", values{"correlationId": randomGUID(s.rng).String()})
		s.later(3 * time.Second)
		s.object("graph-activity", nil)
		s.later(2 * time.Second)
		s.secret(exporter, "198.51.100.77")
		s.later(10 * time.Minute)
		ip := fmt.Sprintf("2001:db8:c10d:1::%x", 1+s.rng.IntN(4))
		s.machineSignin(invoices, ip, graphAPI)
		s.later(time.Second)
		s.secret(invoices, ip)
		s.later(20 * time.Minute)
		s.object("signin-managed-identity", values{"correlationId": randomGUID(s.rng).String()})
	}
}

func (s *scene) machineSignin(m machine, ip string, to *resource) {
	s.object("signin-service-principal", values{
		"correlationId": randomGUID(s.rng).String(), "appId": m.app, "appDisplayName": m.name, "servicePrincipalId": m.principal,
		"servicePrincipalName": m.name, "ipAddress": ip, "resourceDisplayName": to.name, "resourceId": to.id, "resourceServicePrincipalId": to.servicePrincipal,
	})
}

// secret is an application reading its own secret.
func (s *scene) secret(m machine, ip string) {
	s.object("keyvault-secret-get", values{
		"callerIpAddress": ip, "identity": map[string]any{"claim": map[string]any{"oid": m.principal, "appid": m.app, "appidacr": "1", "ipaddr": ip}},
	})
}

// deployments are runs of the build pipeline, about one a day for each twenty
// people: every change of an application is deployed. Build agents are rented by
// the run, so that each has another address of the cloud.
func (s *scene) deployments(day time.Time) {
	for range s.share(20) {
		s.working(day, 7, 16)
		ip := fmt.Sprintf("2001:db8:c10d:%x::%x", 0x100+s.rng.IntN(0x800), 1+s.rng.IntN(1<<16))
		s.machineSignin(pipeline, ip, azureAPI)
		s.later(20 * time.Second)
		s.secret(pipeline, ip)
		s.later(40 * time.Second)
		s.azure(byMachine(pipeline, ip), "Microsoft.Resources/deployments", "write", fmt.Sprintf("invoice-portal-%04x", s.rng.IntN(1<<16)))
	}
}

// byMachine is an application as caller of Azure.
func byMachine(m machine, ip string) values {
	return values{
		"caller": m.principal, "httpRequest.clientIpAddress": ip, "claims": map[string]any{
			"aud": "https://management.core.windows.net/", "appid": m.app, "appidacr": "2", "ipaddr": ip, "idtyp": "app", "ver": "1.0",
			"http://schemas.microsoft.com/identity/claims/objectidentifier": m.principal,
			"http://schemas.microsoft.com/identity/claims/tenantid":         Tenant,
		},
	}
}

// azure adds an operation on a resource.
func (s *scene) azure(caller values, kind, action, name string) {
	const subscription = "/subscriptions/69b10b8c-7425-5021-a618-397a29be3a81"
	id := subscription + "/resourceGroups/apps/providers/" + kind + "/" + name
	named := func(text string) map[string]any { return map[string]any{"value": text, "localizedValue": text} }
	operation := kind + "/" + action
	event := randomGUID(s.rng).String()
	s.object("activity", with(caller, values{
		"authorization": map[string]any{"action": operation, "scope": id}, "operationName": named(operation), "resourceId": id, "resourceGroupName": "apps",
		"resourceType": named(kind), "eventDataId": event, "correlationId": randomGUID(s.rng).String(), "id": id + "/events/" + event,
		"properties.entity": id, "properties.message": operation, "properties.requestbody": "{}",
	}))
}

// administration is what the administrators do in Azure without changing any
// access: about two things a day for each, such as restarting a machine. They
// work from their workstations, in the office.
func (s *scene) administration(day time.Time) {
	for i := 1; i < len(s.admins); i++ {
		for range s.rng.IntN(5) {
			s.working(day, 8, 15)
			p := &s.admins[i]
			s.signin(p, p.apps[s.rng.IntN(len(p.apps))], nil)
			s.later(time.Duration(2+s.rng.IntN(8)) * time.Minute)
			what := []string{"Microsoft.Compute/virtualMachines|restart/action", "Microsoft.Storage/storageAccounts|listKeys/action", "Microsoft.Insights/alertRules|write"}[s.rng.IntN(3)]
			kind, action, _ := strings.Cut(what, "|")
			s.azure(caller(p, officeAddress(p.home)), kind, action, fmt.Sprintf("reports-%02d", s.rng.IntN(20)))
		}
	}
}

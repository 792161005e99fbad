package simulate

import (
	"encoding/json"
	"strings"
	"time"
)

var appAttacks = []attack{
	{slug: "application-credential", rows: []string{"C23"}, hour: 1, run: func(s *scene, _ int) {
		s.addKey("Password", "Invoice Portal", by(s.victim(), s.ip))
	}},
	{slug: "application-with-role", rows: []string{"C24"}, run: func(s *scene, _ int) {
		s.audit("audit-add-member-to-role", s.victim(), values{
			"targetResources.0.type": "ServicePrincipal", "targetResources.0.id": "93f095e0-df56-576a-98f6-b5fb7af90cff",
			"targetResources.0.userPrincipalName": nil, "targetResources.0.displayName": "Nightly Export",
		})
	}},
	{slug: "application-permission", rows: []string{"C25", "C26", "C27"}, run: func(s *scene, _ int) {
		s.audit("audit-app-role-assignment", s.victim(), nil)
		s.involve("app", "Invoice Portal")
	}},
	{slug: "illicit-consent", rows: []string{"C28", "C27"}, run: func(s *scene, _ int) { s.consent(s.victim()) }},
	{slug: "redirect-uri-on-foreign-domain", rows: []string{"C31"}, run: func(s *scene, _ int) {
		r := s.audit("audit-update-application", s.victim(), nil)
		change(r, [3]string{
			"AppAddress", Addresses("https://portal.contoso.com/signin-oidc"),
			Addresses("https://portal.contoso.com/signin-oidc", "http://portal-contoso.example.net/signin-oidc"),
		})
	}},
	{slug: "application-id-uri", rows: []string{"C32"}, run: func(s *scene, _ int) {
		r := s.audit("audit-update-application", s.victim(), nil)
		change(r, [3]string{"AppIdentifierUri", `["api://c3aba1df-5854-5a41-9074-7dc1e4e87829"]`, `["api://collector.example"]`})
	}},
	{slug: "application-owner", rows: []string{"C33"}, run: func(s *scene, _ int) { s.audit("audit-add-owner", s.victim(), on(s.victim())) }},
	{slug: "sign-out-url", rows: []string{"C34"}, run: func(s *scene, _ int) {
		r := s.audit("audit-update-application", s.victim(), nil)
		change(r, [3]string{"LogoutUrl", `["https://portal.contoso.com/signout-oidc"]`, `["https://portal.example.net/"]`})
	}},
}

// consent is an administrator tricked into a grant for everybody.
func (s *scene) consent(p *person) {
	r := s.audit("audit-delegated-grant", p, nil)
	change(r, [3]string{"DelegatedPermissionGrant.Scope", "", " Mail.ReadWrite Files.ReadWrite.All offline_access"})
	s.later(time.Second)
	s.audit("audit-consent", p, nil)
	s.involve("app", "Invoice Portal")
}

// Addresses are redirect URIs as the audit log writes them.
func Addresses(uris ...string) string {
	list := []any{}
	for _, u := range uris {
		list = append(list, map[string]any{
			"AddressType": 0, "Address": u, "ReplyAddressClientType": 1, "ReplyAddressIndex": nil, "IsReplyAddressDefault": false,
		})
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(text)
}

var activityAttacks = []attack{
	{slug: "azure-elevation", rows: []string{"P36"}, run: func(s *scene, _ int) {
		p := s.prey()
		s.object("activity-elevate", caller(p, s.ip))
		s.involve("user", p.id)
		s.later(2 * time.Second)
		s.audit("audit-elevate-access", p, with(on(p), by(p, s.ip)))
	}},
}

// caller is who called Azure.
func caller(p *person, ip string) values {
	const soap, ms = `claims.http://schemas\.xmlsoap\.org/ws/2005/05/identity/claims/`, `claims.http://schemas\.microsoft\.com/identity/claims/`
	given, family, _ := strings.Cut(p.name, " ")
	return values{
		"caller": p.upn, "httpRequest.clientIpAddress": ip, "claims.ipaddr": ip, "claims.name": p.name, ms + "objectidentifier": p.id,
		soap + "name": p.upn, soap + "upn": p.upn, soap + "givenname": given, soap + "surname": family,
	}
}

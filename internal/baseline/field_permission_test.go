package baseline

import "testing"

func TestPermissionFields(t *testing.T) {
	d := testDirectory()
	d.AddServicePrincipal("r1", "00000003-0000-0000-c000-000000000000", "Microsoft Graph")
	v := mustView(t, `sensitive_apis: [Microsoft Graph, Vault*]`, d)
	prop := func(name, old, now string) facts {
		return facts{old: map[string][]string{name: {old}}, now: map[string][]string{name: {now}}}
	}
	consentTo := func(scope, resource string) facts {
		return facts{now: map[string][]string{"ConsentAction.Permissions": {
			"[[Id: a, PrincipalId: , ResourceId: r0, ConsentType: AllPrincipals, Scope: User.Read, CreatedDateTime: 1/1/2026 10:00:00 AM]] => " +
				"[[Id: a, ClientId: c, PrincipalId: , ResourceId: " + resource + ", ConsentType: AllPrincipals, Scope: User.Read " + scope + "]]; ",
		}}}
	}
	api := func(p Principal) facts { return facts{targets: []Principal{p}} }
	const high, sensitive = "baseline.permission.high_privilege", "baseline.api.sensitive"
	runFieldCases(t, v, []fieldCase{
		{"app role", high, prop("AppRole.Value", "", "User.Read.All"), "true"},
		{"exact", high, prop("AppRole.Value", "", "rolemanagement.readwrite.directory"), "true"},
		{"exchange", high, prop("AppRole.Value", "", "full_access_as_app"), "true"},
		{"low app role", high, prop("AppRole.Value", "", "User.Read"), "false"},
		{"app role removed", high, prop("AppRole.Value", "User.Read.All", ""), absent},
		{"scope", high, prop("DelegatedPermissionGrant.Scope", "", " User.Read Mail.Send"), "true"},
		{"low scope", high, prop("DelegatedPermissionGrant.Scope", "", "openid User.Read"), "false"},
		{"scope extended", high, prop("DelegatedPermissionGrant.Scope", "User.Read", "User.Read Mail.Send"), "true"},
		{"powerful before, weak now", high, prop("DelegatedPermissionGrant.Scope", "Mail.Send", "mail.send User.Read"), "false"},
		{"nothing new", high, prop("DelegatedPermissionGrant.Scope", "Mail.Send", "Mail.Send"), absent},
		{"consent", high, consentTo("Files.ReadWrite.All", "r0"), "true"},
		{"low consent", high, consentTo("openid", "r0"), "false"},
		{"consent to what was there", high, consentTo("", "r0"), absent},
		{"from one user to all", high, prop("ConsentAction.Permissions", "", "[[PrincipalId: p, ResourceId: r, ConsentType: Principal, Scope: Mail.Read]] => "+
			"[[PrincipalId: p, ResourceId: r, ConsentType: Principal, Scope: Mail.Read], [PrincipalId: , ResourceId: r, ConsentType: AllPrincipals, Scope: Mail.Read]]"), "true"},
		{"first consent", high, prop("ConsentAction.Permissions", "", "[] => [[Scope: Mail.Read]]"), "true"},
		{"nothing", high, facts{}, absent},
		{"name", sensitive, api(Principal{Name: "microsoft graph", Type: "serviceprincipal"}), "true"},
		{"app id", sensitive, api(Principal{AppID: "00000003-0000-0000-C000-000000000000", App: true}), "true"},
		{"pattern", sensitive, api(appNamed("Vault 7")), "true"},
		{"other", sensitive, api(appNamed("Microsoft Graph Explorer")), "false"},
		{"user of that name", sensitive, api(Principal{Name: "Microsoft Graph", UPN: "x@acme.example"}), "false"},
		{"resource of a consent", sensitive, consentTo("x", "r1"), "true"},
		{"other resource", sensitive, consentTo("x", "r2"), "false"},
		{"nothing", sensitive, facts{}, absent},
	})
	own := mustView(t, "high_privilege_permissions: [Group.Create]", nil)
	runFieldCases(t, own, []fieldCase{
		{"list replaces", high, prop("AppRole.Value", "", "User.Read.All"), "false"},
		{"in list", high, prop("AppRole.Value", "", "Group.Create"), "true"},
	})
}

func TestCredentialFields(t *testing.T) {
	v := mustView(t, "allowed_credential_types: [AsymmetricX509Cert]", nil)
	const password = "[KeyIdentifier=k1,KeyType=Password,KeyUsage=Verify,DisplayName=a, b]"
	const cert = "[KeyIdentifier=k2,KeyType=AsymmetricX509Cert,KeyUsage=Verify,DisplayName=c]"
	const tricky = "[KeyIdentifier=k3,KeyType=Password,KeyUsage=Verify,DisplayName=x],[KeyIdentifier=k1,KeyType=AsymmetricX509Cert]"
	array := func(items ...string) []string {
		text := "["
		for i, it := range items {
			if i > 0 {
				text += ",\r\n  "
			}
			text += `"` + it + `"`
		}
		return []string{text + "]"}
	}
	keys := func(old, now []string) facts {
		return facts{old: map[string][]string{"KeyDescription": old}, now: map[string][]string{"KeyDescription": now}}
	}
	const added, allowed = "baseline.credential.added", "baseline.credential.allowed_type"
	runFieldCases(t, v, []fieldCase{
		{"password added", added, keys(array(), array(password)), "true"},
		{"removed", added, keys(array(password, cert), array(cert)), "false"},
		{"all removed", added, keys(array(password), nil), "false"},
		{"the same in other order", added, keys(array(password, cert), array(cert, password)), "false"},
		{"one value per item", added, keys([]string{password}, []string{password, cert}), "true"},
		{"old value absent", added, keys(nil, array(cert)), "true"},
		{"id in a display name", added, keys(array(password), array(password, tricky)), "true"},
		{"display name that names the new id", added, keys(array("[KeyIdentifier=k1,KeyType=Password,KeyUsage=Verify,DisplayName=[KeyIdentifier=k2,KeyType=x]"), array(cert)), "true"},
		{"other property", added, facts{}, absent},
		{"password", allowed, keys(array(cert), array(cert, password)), "false"},
		{"certificate", allowed, keys(array(password), array(password, cert)), "true"},
		{"both", allowed, keys(array(), array(password, cert)), "false"},
		{"type in a display name", allowed, keys(array(), array(tricky)), "false"},
		{"removed", allowed, keys(array(password), array()), absent},
	})
}

func TestAddressFields(t *testing.T) {
	v := mustView(t, "owned_domains: [acme.example]", nil)
	object := func(address string) string {
		return `{"AddressType": 0, "Address": "` + address + `", "ReplyAddressIndex": null}`
	}
	array := func(addresses ...string) []string {
		text := ""
		for i, a := range addresses {
			if i > 0 {
				text += ",\r\n"
			}
			text += object(a)
		}
		return []string{"[" + text + "]"}
	}
	uris := func(old, now []string) facts {
		return facts{old: map[string][]string{"AppAddress": old}, now: map[string][]string{"AppAddress": now}}
	}
	to := func(a string) facts { return uris(array("https://acme.example/"), array("https://acme.example/", a)) }
	logout := func(old, now string) facts {
		return facts{old: map[string][]string{"WwwLogoutUrl": {old}}, now: map[string][]string{"WwwLogoutUrl": {now}}}
	}
	const unsafe, foreign, out = "baseline.redirect_uri.unsafe", "baseline.redirect_uri.foreign_domain", "baseline.logout_url.unsafe"
	runFieldCases(t, v, []fieldCase{
		{"ours", unsafe, to("https://app.acme.example/cb"), absent},
		{"localhost", unsafe, to("http://localhost:8080/cb"), absent},
		{"native", unsafe, to("msal1234://auth"), absent},
		{"urn", unsafe, to("urn:ietf:wg:oauth:2.0:oob"), absent},
		{"http", unsafe, to("http://acme.example/cb"), "not https http://acme.example/cb"},
		{"foreign", unsafe, to("https://evil.example/"), "foreign domain https://evil.example/"},
		{"alike", unsafe, to("https://evilacme.example/"), "foreign domain https://evilacme.example/"},
		{"user part", unsafe, to("https://acme.example@evil.example/"), "foreign domain https://acme.example@evil.example/"},
		{"wildcard", unsafe, to("https://*.acme.example/"), "wildcard https://*.acme.example/"},
		{"everything", unsafe, to("http://*.evil.example"), "wildcard http://*.evil.example; not https http://*.evil.example; foreign domain http://*.evil.example"},
		{"script", unsafe, to("javascript:alert(1)"), "not https javascript:alert(1)"},
		{"no scheme", unsafe, to("acme.example"), "malformed acme.example"},
		{"no host", unsafe, to("https:///x"), "malformed https:///x"},
		{"already there", unsafe, uris(array("http://evil.example"), array("http://evil.example")), absent},
		{"removed", unsafe, uris(array("http://evil.example"), array()), absent},
		{"one value per object", unsafe, uris([]string{object("https://acme.example/")}, []string{object("https://acme.example/"), object("http://x.acme.example/")}), "not https http://x.acme.example/"},
		{"cut off", unsafe, uris(nil, []string{"[" + object("http://acme.example/") + `, {"AddressTy`}), "not https http://acme.example/"},
		{"none", unsafe, facts{}, absent},
		{"foreign", foreign, to("https://evil.example/"), "true"},
		{"ours", foreign, to("https://acme.example/2"), "false"},
		{"none added", foreign, uris(array("https://evil.example/"), array("https://evil.example/")), absent},
		{"emptied", out, logout("https://acme.example/out", ""), "empty"},
		{"foreign", out, logout("https://acme.example/out", "https://evil.example/out"), "foreign domain https://evil.example/out"},
		{"ours", out, logout("", "https://acme.example/out"), absent},
		{"unchanged", out, logout("http://x.example/", "http://x.example/"), absent},
		{"none", out, facts{}, absent},
	})
	runFieldCases(t, mustView(t, "", nil), []fieldCase{
		{"no domains set", unsafe, to("https://evil.example/"), absent},
		{"no domains set, http", unsafe, to("http://evil.example/"), "not https http://evil.example/"},
		{"no domains set", foreign, to("https://evil.example/"), absent},
	})
}

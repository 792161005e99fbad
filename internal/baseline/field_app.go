package baseline

import "strings"

func appFields() []Field {
	return []Field{
		{
			Name: "baseline.app.impact", Doc: "high, medium or none: the application, or the resource it asked for, in hbi_mbi_apps",
			Needs: []string{"hbi_mbi_apps"}, Compute: appImpact,
		},
		{
			Name: "baseline.app.high_value", Doc: "the application, or the resource it asked for, is in high_value_apps",
			Needs: []string{"high_value_apps"}, Compute: func(v *View, f Facts) (string, bool) { return v.appIn(f, "high_value_apps", true) },
		},
		appField("baseline.app.ropc_allowed", "ropc_allowed_apps"),
		appField("baseline.app.single_factor_expected", "single_factor_expected_apps"),
		appField("baseline.app.b2c_local_account", "b2c_local_account_apps"),
		{
			Name: "baseline.app.access_allowed", Doc: "app_access_allowlist lists the user for the application or resource; no answer if it does not list the app",
			Needs: []string{"app_access_allowlist"}, Compute: accessAllowed,
		},
	}
}

func appField(name, input string) Field {
	return Field{
		Name: name, Doc: "the application is in " + input + ", by id or name", Needs: []string{input},
		Compute: func(v *View, f Facts) (string, bool) { return v.appIn(f, input, false) },
	}
}

func (v *View) appIn(f Facts, input string, resource bool) (string, bool) {
	set := v.names[input]
	id, name := f.App()
	known := id != "" || name != ""
	if set == nil {
		return "", false
	}
	if set.has(id) || set.has(name) {
		return "true", true
	}
	if resource {
		id, name = f.Resource()
		known = known || id != "" || name != ""
		return yesNoIf(set.has(id) || set.has(name), known)
	}
	return yesNoIf(false, known)
}

func appImpact(v *View, f Facts) (string, bool) {
	known := false
	for _, level := range [...]struct{ name, input string }{{"high", "hbi_mbi_apps.high"}, {"medium", "hbi_mbi_apps.medium"}} {
		is, ok := v.appIn(f, level.input, true)
		if is == "true" {
			return level.name, true
		}
		known = known || ok
	}
	if known {
		return "none", true
	}
	return "", false
}

func accessAllowed(v *View, f Facts) (string, bool) {
	if len(v.access) == 0 {
		return "", false
	}
	appID, appName := f.App()
	resID, resName := f.Resource()
	if all := v.accessApps; !all.has(appID) && !all.has(appName) && !all.has(resID) && !all.has(resName) {
		return "", false
	}
	user, listed := f.User(), false
	if user.zero() {
		return "", false
	}
	for _, a := range v.access {
		if !a.app.has(appID) && !a.app.has(appName) && !a.app.has(resID) && !a.app.has(resName) {
			continue
		}
		if !a.users.has(user) {
			return "false", true
		}
		listed = true
	}
	return yesNoIf(true, listed)
}

func protocolFields() []Field {
	return []Field{
		bound(Field{
			Name: "baseline.legacy_client", Doc: `clientAppUsed is in legacy_client_apps; "Other clients" also stands for "Other clients; IMAP" and the like`,
			Needs: []string{"legacy_client_apps"},
		}, legacyClient),
		{
			Name: "baseline.legacy_client.name", Doc: "clientAppUsed, where it is in legacy_client_apps; absent for other clients",
			Needs: []string{"legacy_client_apps"}, Compute: func(v *View, f Facts) (string, bool) {
				if is, _ := legacyClient(v)(f); is != "true" {
					return "", false
				}
				return f.ClientApp(), true
			},
		},
		{
			Name: "baseline.legacy_auth.retired", Doc: "the time is on or after legacy_auth_disabled_since",
			Needs: []string{"legacy_auth_disabled_since"}, Compute: legacyRetired,
		},
		bound(Field{
			Name: "baseline.protocol.unused", Doc: "authenticationProtocol is in unused_protocols, blanks and dashes apart",
			Needs: []string{"unused_protocols"},
		}, unusedProtocol),
	}
}

func legacyClient(v *View) Answer {
	set := v.names["legacy_client_apps"]
	if set == nil {
		return noAnswer
	}
	return func(f Facts) (string, bool) {
		client := f.ClientApp()
		if client == "" {
			return "", false
		}
		if family, _, several := strings.Cut(client, ";"); several && set.has(strings.TrimSpace(family)) {
			return "true", true
		}
		return yesNo(set.has(client))
	}
}

func unusedProtocol(v *View) Answer {
	set := v.names["unused_protocols"]
	if set == nil {
		return noAnswer
	}
	return func(f Facts) (string, bool) {
		protocol := f.Protocol()
		if protocol == "" {
			return "", false
		}
		var buf [64]byte
		_, ok := set.exact[string(squeezeTo(buf[:0], protocol))]
		return yesNo(ok)
	}
}

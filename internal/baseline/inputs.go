package baseline

import "go.yaml.in/yaml/v3"

const (
	shapePrincipals = "list of principals"
	shapeApps       = "list of app names or application ids"
	shapeDomains    = "list of domains, *.domain for those below"
	shapeNetworks   = "list of addresses and CIDR blocks"
	shapeNames      = "list of names"
	shapeCount      = "{count: 10, within: 10m, privileged: {count: 5}}"
	shapePercent    = "{percent: 10, minimum: 50}"
	shapeSpan       = "span: 90s, 10m, 24h, 14d"
)

// inputTable lists every input. Adding one is a line here; nothing else must
// know it. Lists of exceptions have an empty default: a rule that leaves out
// the listed does not wait for the list.
func inputTable() []spec {
	return []spec{
		// --- tenants
		{name: "home_tenant_id", shape: "tenant id", doc: "the organisation's own tenant", parse: (*parser).tenantID, global: true},
		{
			name: "tenants", shape: "list of {id, name, kind: workforce|b2c, overrides: {…}}",
			doc: "tenants that share this file; each may override any input", parse: (*parser).tenants, global: true,
		},
		{name: "b2c_tenants", shape: "list of tenant ids", doc: "tenants of customers, the same as kind: b2c", parse: (*parser).tenantIDs, global: true},
		{
			name: "b2c_local_account_apps", shape: shapeApps, doc: "apps through which consumers sign in with local accounts",
			def: "[ProxyIdentityExperienceFramework, CPIM PowerShell Client]", parse: (*parser).apps,
		},

		// --- who
		people("privileged_accounts", "accounts with administrative power, eligible ones included"),
		{name: "privileged_roles", shape: "list of role names or ids", doc: "roles that give administrative power", parse: (*parser).roles},
		{name: "privileged_groups", shape: "list of group names or ids", doc: "groups that give administrative power", parse: (*parser).groups},
		people("break_glass_accounts", "emergency accounts, of which every use is an alert"),
		people("vip_accounts", "people whose alerts are raised to high"),
		{
			name: "approved_actors", shape: "{class: list of principals}", doc: "who may do a kind of change", apart: true, grants: true,
			parts: []spec{
				people("user_lifecycle", "who may create, change, disable and delete users"),
				people("consumer_lifecycle", "who may do so with consumers in a B2C tenant"),
				people("guest_inviters", "who may invite guests"),
				people("role_assignment", "who may give roles, and approve elevation"),
				people("conditional_access", "who may change Conditional Access"),
				people("app_management", "who may change apps: credentials, owners, permissions, addresses"),
				people("pim_settings", "who may change role settings and alerts of PIM"),
				people("identity_providers", "who may change identity providers"),
				people("custom_policies", "who may change custom policies of a B2C tenant"),
				people("user_flows", "who may change user flows of a B2C tenant"),
				people("api_connectors", "who may change API connectors of a B2C tenant"),
				people("sync", "who may change what is synchronised"),
			},
		},
		{
			name: "approved_sources", shape: "list of principals, or display names of apps and services", doc: "where accounts may come from",
			parse: principalList(bareName), principals: true, grants: true,
		},
		people("sync_service_accounts", "accounts under which synchronisation runs").granting(),
		{
			name: "sync_scope", shape: "{domains: […], organizational_units: […]}", doc: "what is synchronised from on premises",
			parts: []spec{
				{name: "domains", parse: (*parser).domains},
				{name: "organizational_units", parse: (*parser).names},
			},
		},
		{
			name: "synced_account_types", shape: "list of user, privileged, guest, service, break_glass",
			doc: "classes of account that may be synchronised", parse: (*parser).accountTypes,
		},
		{
			name: "cloud_account_policy", shape: "{allowed_types: [break_glass, admin, service]}",
			doc: "classes of account that may exist in the cloud only", parts: []spec{{name: "allowed_types", parse: (*parser).accountTypes}},
		},
		{name: "role_responsibilities", shape: "{principal: list of roles}", doc: "roles that fit a person's job", parse: (*parser).responsibilities},
		{name: "task_role_map", shape: "{task: role}", doc: "the least role that each task needs", parse: (*parser).taskRoles},
		people("standing_access_exceptions", "who may hold a role permanently").granting().defaultsTo("[]"),
		{
			name: "conditional_access_exceptions", shape: "list of principals, or names of inputs that list some",
			doc: "who may be left out of Conditional Access", def: "[]", parse: principalList(bareInput), principals: true, grants: true,
		},

		// --- accounts
		{
			name: "naming_policy", shape: "{user: regexp, privileged: …, guest: …, service: …, break_glass: …}",
			doc: "form of the user principal name by class of account", parse: (*parser).namingPolicy,
		},
		{name: "required_attributes", shape: "{attribute: regexp}", doc: "attributes that every account has", parse: (*parser).attributePatterns},
		{name: "approved_domains", shape: shapeDomains, doc: "domains of accounts that may exist", parse: (*parser).domains},
		{name: "blocked_domains", shape: "list of domains, each with all below it", doc: "domains of accounts that may never exist", parse: (*parser).domains},
		{name: "partner_organizations", shape: "list of domains or tenant ids", doc: "organisations with which guests are exchanged", parse: (*parser).partners},
		{name: "owned_domains", shape: "list of domains, each with all below it", doc: "domains that the organisation controls", parse: (*parser).domains},
		{
			name: "deletion_policy", shape: "{min_disabled_before_delete: 30d, purge_requires_actor: list of principals}",
			doc: "how accounts are deleted and purged",
			parts: []spec{
				{name: "min_disabled_before_delete", parse: spanOnly},
				people("purge_requires_actor", "").granting(),
			},
		},

		// --- where, with what, when
		{name: "allowed_countries", shape: "list of ISO country codes", doc: "countries from which people work", parse: (*parser).countries},
		{name: "egress_ips", shape: shapeNetworks, doc: "addresses from which the organisation reaches the internet", def: "[]", parse: (*parser).networks},
		{name: "trusted_ips_privileged", shape: shapeNetworks, doc: "addresses from which privileged accounts may sign in", parse: (*parser).networks},
		{name: "approved_devices", shape: "list of device ids or name:PATTERN", doc: "devices for privileged sign-ins", parse: (*parser).devices},
		{name: "paw_saw_devices", shape: "list of device ids or name:PATTERN", doc: "privileged and secure admin workstations", parse: (*parser).devices},
		{
			name: "stationary_groups", shape: "list of {members, countries, ips}", doc: "people who sign in from one place only",
			parse: (*parser).stationaryGroups,
		},
		{
			name: "working_hours", shape: "list of {members or countries, time_zone, days, from, to}",
			doc: "when people work: members win over countries, those over everybody", parse: (*parser).hours, grants: true,
		},
		{name: "holidays", shape: "list of dates", doc: "days on which nobody works", def: "[]", parse: (*parser).dates},
		{
			name: "planned_changes", shape: "list of {id, actors, activities, targets, from, to}", doc: "changes announced in advance",
			def: "[]", parse: (*parser).plannedChanges, grants: true,
		},

		// --- applications and protocols
		{
			name: "hbi_mbi_apps", shape: "{high: list of apps, medium: list of apps}", doc: "apps by impact on the business",
			parts: []spec{{name: "high", parse: (*parser).apps}, {name: "medium", parse: (*parser).apps}},
		},
		{name: "high_value_apps", shape: shapeApps, doc: "apps of which every change matters", parse: (*parser).apps},
		{
			name: "single_factor_expected_apps", shape: shapeApps, doc: "apps for which one factor is enough",
			def: "[]", parse: (*parser).apps, grants: true,
		},
		{name: "ropc_allowed_apps", shape: shapeApps, doc: "apps that may use the password flow (ROPC)", def: "[]", parse: (*parser).apps, grants: true},
		{name: "app_access_allowlist", shape: "{app: list of principals}", doc: "apps that only the listed may use", parse: (*parser).appAccess, grants: true},
		{
			name: "sensitive_apis", shape: shapeApps, doc: "APIs on which permissions matter",
			def: "[Microsoft Graph, Windows Azure Active Directory, Office 365 Exchange Online, Office 365 SharePoint Online]", parse: (*parser).apps,
		},
		{
			name: "high_privilege_permissions", shape: "list of permissions, * as wildcard", doc: "permissions that give broad power",
			def: `["*.All", "Mail.*", RoleManagement.ReadWrite.Directory, full_access_as_app]`, parse: (*parser).names,
		},
		{
			name: "allowed_credential_types", shape: "list of Password, AsymmetricX509Cert, X509CertAndPassword, Symmetric",
			doc: "sorts of credential that apps may have", parse: words("Password", "AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"),
		},
		{
			name: "legacy_client_apps", shape: shapeNames, doc: "values of clientAppUsed that stand for legacy authentication",
			def: "[Authenticated SMTP, Autodiscover, Exchange ActiveSync, Exchange Online PowerShell, Exchange Web Services, IMAP, IMAP4, " +
				"MAPI Over HTTP, Offline Address Book, Outlook Anywhere (RPC over HTTP), Outlook Service, POP, POP3, Reporting Web Services, " +
				"SMTP, Universal Outlook, Other clients]", parse: (*parser).names,
		},
		{
			name: "legacy_auth_disabled_since", shape: "date", doc: "since when legacy authentication is off",
			parse: func(p *parser, n *yaml.Node, path string) any { return orNil(p.moment(n, path, true)) },
		},
		{name: "unused_protocols", shape: "list of authentication protocols", doc: "protocols that nobody uses", parse: (*parser).protocols},

		// --- privilege
		{
			name: "elevation_policy", shape: "{max_duration: 1h, hours: working_hours, approval_required_roles: […], default_per_week: 5}",
			doc: "how roles are activated",
			parts: []spec{
				{name: "max_duration", parse: spanOnly},
				{name: "hours", parse: (*parser).elevationHours, grants: true},
				{name: "approval_required_roles", parse: (*parser).roles},
				{name: "default_per_week", parse: count(0)},
			},
		},
		{
			name: "pim_settings_baseline", shape: "{role: {mfa_on_activation, approval, justification: true, max_duration: 1h}}",
			doc: "how each role is protected in PIM", parse: (*parser).pimSettings,
		},
		{
			name: "id_protection_policy", shape: "{block_user_risk: high, block_sign_in_risk: high}", doc: "from which risk level on access is blocked",
			parts: []spec{{name: "block_user_risk", parse: riskLevel}, {name: "block_sign_in_risk", parse: riskLevel}},
		},
		{
			name: "review_intervals", doc: "how often an input is reviewed", apart: true,
			parts: []spec{
				{name: "privileged_accounts", shape: shapeSpan, doc: "how often each privileged account is confirmed", parse: spanOnly},
				{name: "approved_actors", shape: shapeSpan, doc: "how often approved actors are confirmed", parse: spanOnly},
				{name: "hbi_mbi_apps", shape: shapeSpan, doc: "how often sign-ins to important apps are reviewed", parse: spanOnly},
				{name: "sync_scope", shape: shapeSpan, doc: "how often the scope of synchronisation is reviewed", parse: spanOnly},
			},
		},

		// --- numbers
		{
			name: "thresholds", doc: "how much is too much", apart: true,
			parts: []spec{
				counting("failed_signins", "wrong passwords of one account").defaultsTo("{count: 4, within: 1h}"),
				counting("failed_signins_privileged", "the same for privileged accounts").defaultsTo("{count: 2, within: 1h}"),
				counting("lockouts", "lock-outs of one account").defaultsTo("{count: 1, within: 1h}"),
				counting("interrupts", "interrupted sign-ins of one account").defaultsTo("{count: 10, within: 1h}"),
				counting("mfa_attempts", "MFA prompts of one account").defaultsTo("{count: 5, within: 10m}"),
				counting("widespread_accounts", "accounts that show one pattern").defaultsTo("{count: 10, within: 1h}"),
				counting("distinct_ips", "addresses from which one account fails").defaultsTo("{count: 5, within: 1h}"),
				counting("account_churn", "accounts created, or deleted, in a B2C tenant; objects deleted by one actor").defaultsTo("{count: 50, within: 1h}"),
				{
					name: "failure_increase_pct", shape: shapePercent, doc: "more failures than on the same weekday of the week before",
					def: "{percent: 10, minimum: 50}", parse: (*parser).percentThreshold,
				},
				{
					name: "success_increase_pct", shape: shapePercent, doc: "more successes than on the same weekday of the week before",
					def: "{percent: 10, minimum: 200}", parse: (*parser).percentThreshold,
				},
				{
					name: "short_lived_window", shape: shapeSpan, doc: "an account deleted within this span was short-lived",
					def: "24h", parse: (*parser).spanThreshold,
				},
				{name: "correlation_window", shape: shapeSpan, doc: "events within this span belong together", def: "1h", parse: (*parser).spanThreshold},
				{name: "travel_speed", shape: "km/h", doc: "nobody travels faster", def: "900", parse: (*parser).numberThreshold},
				{name: "inactive_days", shape: "days", doc: "an account not used for so long is inactive", parse: (*parser).daysThreshold},
			},
		},
		{
			name: "alert_budget", shape: "{high_per_day: 5, medium_per_day: 20, low_per_day: 50}", doc: "alerts that can be looked at",
			parts: []spec{{name: "high_per_day", parse: count(1)}, {name: "medium_per_day", parse: count(1)}, {name: "low_per_day", parse: count(1)}},
		},

		// --- operation
		{
			name: "expected_log_sources", shape: "list of signin, audit, risk_detection, risky_user, activity, …", doc: "logs that must keep arriving",
			parse: words("signin", "audit", "risk_detection", "risky_user", "activity", "m365", "key_vault", "graph_activity", "provisioning", "domain_services"),
		},
		{name: "retention_days", shape: "days", doc: "how long records are kept", parse: count(1)},
		{name: "export_targets", shape: shapeNames, doc: "systems to which alerts and records go", parse: (*parser).names},
	}
}

func people(name, doc string) spec {
	return spec{name: name, shape: shapePrincipals, doc: doc, parse: principalList(bareNothing), principals: true}
}

func counting(name, doc string) spec {
	return spec{name: name, shape: shapeCount, doc: doc, parse: (*parser).countThreshold}
}

func (s spec) granting() spec { s.grants = true; return s }

func (s spec) defaultsTo(yaml string) spec { s.def = yaml; return s }

func principalList(b bare) parseFunc {
	return func(p *parser, n *yaml.Node, path string) any {
		if refs := p.principals(n, path, b); refs != nil {
			return refs
		}
		return nil
	}
}

// orNil turns the result of a scalar reader into that of a parseFunc.
func orNil[T any](v T, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

func spanOnly(p *parser, n *yaml.Node, path string) any { return orNil(p.span(n, path)) }

func count(least int) parseFunc {
	return func(p *parser, n *yaml.Node, path string) any { return orNil(p.integer(n, path, least)) }
}

func riskLevel(p *parser, n *yaml.Node, path string) any {
	return orNil(p.oneOf(n, path, "low", "medium", "high"))
}

// asWorkingHours is the value of elevation_policy.hours that refers to the
// input working_hours.
type asWorkingHours struct{}

func (p *parser) elevationHours(n *yaml.Node, path string) any {
	if n.Kind == yaml.ScalarNode && lower(n.Value) == "working_hours" {
		return asWorkingHours{}
	}
	if n.Kind == yaml.ScalarNode {
		p.failNode(n, path, "write working_hours, or a list of the same shape", "%q is not a schedule", n.Value)
		return nil
	}
	return p.hours(n, path)
}

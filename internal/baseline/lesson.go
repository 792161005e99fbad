package baseline

// A Lesson says of one input how it is learned from logs, or why a person has
// to declare it. One of the two is set.
type Lesson struct {
	Input string
	How   string // what is proposed, and from which floor on
	Why   string // why nothing is
}

// Learnable returns a lesson for every input, in the order of the catalogue.
// A test holds it to that.
func Learnable() []Lesson {
	const (
		decision = "an exception or a permission is a decision, not a habit"
		policy   = "it is a rule that you set, which use does not show"
		weight   = "what matters to the business is in no log"
		defined  = "it defines a word of the rules"
		ops      = "it is about how you run the program"
		floor    = "at least 3 users on 5 days"
		actor    = "who did it on at least 3 days, by application id where there is one; nobody, if none of the changes of 14 days is of that kind"
	)
	how := func(input, text string) Lesson { return Lesson{Input: input, How: text} }
	why := func(input, text string) Lesson { return Lesson{Input: input, Why: text} }
	counted := "doubled until it would have raised at most 5 alerts a week, at most 8 times the built-in value; the scan itself counts"
	return []Lesson{
		how("home_tenant_id", "the tenant of most records"),
		how("tenants", "tenants of the records, and which are of consumers: entries of B2C on 2 days, or 3 local accounts"),
		why("b2c_tenants", "tenants says it"),
		why("b2c_local_account_apps", "what is built in holds in every tenant"),
		how("privileged_accounts", "the roles of privileged_roles that have holders in the snapshots, these, and who was given or activated one"),
		how("privileged_roles", "the roles that give power in every tenant, as baseline init has them: not out of the logs"),
		how("privileged_groups", "groups that hold such a role in the snapshots"),
		how("break_glass_accounts", "holders of such a role with the name of an emergency account, in comments only"),
		why("vip_accounts", weight),
		how("approved_actors.user_lifecycle", actor),
		how("approved_actors.consumer_lifecycle", actor+", in a B2C tenant"),
		how("approved_actors.guest_inviters", actor),
		how("approved_actors.role_assignment", actor),
		how("approved_actors.conditional_access", actor),
		how("approved_actors.app_management", actor),
		how("approved_actors.pim_settings", actor),
		how("approved_actors.identity_providers", actor),
		how("approved_actors.custom_policies", actor),
		how("approved_actors.user_flows", actor),
		how("approved_actors.api_connectors", actor),
		how("approved_actors.sync", actor),
		how("approved_sources", "applications that created or invited users on at least 3 days"),
		how("sync_service_accounts", "accounts with the names that synchronisation gives itself, if they made changes on at least 3 days"),
		why("sync_scope", policy),
		why("synced_account_types", policy),
		why("cloud_account_policy", policy),
		why("role_responsibilities", "what fits a job is in no log"),
		why("task_role_map", "what a task needs is in no log"),
		why("standing_access_exceptions", decision),
		why("conditional_access_exceptions", decision),
		how("naming_policy", "up to four forms that fit 95 of 100 members, at least 10, or holders of a privileged role, at least 3"),
		why("required_attributes", policy),
		how("approved_domains", "domains of at least 3 members in the directory, or of "+floor),
		why("blocked_domains", policy),
		how("partner_organizations", "tenants and domains of guests, and tenants that members went to: "+floor),
		why("owned_domains", "who controls a domain is in no log"),
		why("deletion_policy", policy),
		how("allowed_countries", "countries of successful sign-ins of "+floor),
		how("egress_ips", "public addresses, or /24 and /48, that at least 5 users share on 5 days"),
		why("trusted_ips_privileged", decision),
		why("approved_devices", decision),
		why("paw_saw_devices", decision),
		why("stationary_groups", "who works in one place only is for those to say who lead them"),
		how("working_hours", "the weekdays and the hours, at most 17, with 99.9 of 100 interactive sign-ins, else 99.5, 99 or 95: for each proposed country with one time zone, and for holders of privileged roles"),
		why("holidays", "they are in the calendar"),
		why("planned_changes", "they lie ahead; changes of the past need none"),
		why("hbi_mbi_apps", weight),
		why("high_value_apps", weight),
		why("single_factor_expected_apps", decision),
		how("ropc_allowed_apps", "applications that used the password flow for "+floor),
		why("app_access_allowlist", decision),
		why("sensitive_apis", "what is built in holds in every tenant"),
		why("high_privilege_permissions", "what is built in holds in every tenant"),
		why("allowed_credential_types", policy),
		why("legacy_client_apps", "what is built in holds in every tenant"),
		how("legacy_auth_disabled_since", "legacy clients that still signed in, in comments only: the date is a decision"),
		how("unused_protocols", "device code, password flow and transfer, if no sign-in of 14 days used them"),
		why("elevation_policy", policy),
		why("pim_settings_baseline", policy),
		why("id_protection_policy", policy),
		why("review_intervals.privileged_accounts", policy),
		why("review_intervals.approved_actors", policy),
		why("review_intervals.hbi_mbi_apps", policy),
		why("review_intervals.sync_scope", policy),
		how("thresholds.failed_signins", counted),
		how("thresholds.failed_signins_privileged", counted),
		how("thresholds.lockouts", counted),
		how("thresholds.interrupts", counted),
		how("thresholds.mfa_attempts", counted),
		how("thresholds.widespread_accounts", counted),
		how("thresholds.distinct_ips", counted),
		how("thresholds.account_churn", counted),
		how("thresholds.failure_increase_pct", counted),
		how("thresholds.success_increase_pct", counted),
		why("thresholds.short_lived_window", defined),
		why("thresholds.correlation_window", defined),
		why("thresholds.travel_speed", "it is the speed of an aircraft, whatever the logs say"),
		why("thresholds.inactive_days", defined),
		why("alert_budget", "how many alerts you can look at is for you to say"),
		how("expected_log_sources", "logs with records on at least 5 days"),
		why("retention_days", ops),
		why("export_targets", ops),
	}
}

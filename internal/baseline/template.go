package baseline

// Template returns a starting file: valid as it is, with nearly everything
// commented out. Lines that begin with "#" and no blank are examples; without
// the "#" they are valid too.
func Template() []byte { return []byte(template) }

const template = `# entrawatch baseline: what is normal in your organisation.
#
# Everything is optional. A rule whose input is missing stays inactive and says so.
# Take away the # before a line that you fill in. "entrawatch baseline learn LOGS"
# drafts values from your logs; "entrawatch baseline check FILE LOGS" shows what
# would have raised an alert.
#
# Principals: user@domain, with * as wildcard; an object id; app:NAME or app:APPID;
# role:NAME and group:NAME, whose members come from the directory snapshot; or
# @file, a text file with one entry a line. Spans: 90s, 10m, 24h, 14d.
# Quote what begins with @ or *. Upper and lower case are the same.

# --- tenants

# Your own tenant. Further tenants may share this file and override any input.
#home_tenant_id: 00000000-0000-0000-0000-000000000000
#tenants:
#  - {id: 00000000-0000-0000-0000-000000000000, name: example, kind: workforce}
#  - {id: 11111111-1111-1111-1111-111111111111, name: customers, kind: b2c, overrides: {allowed_countries: [SE]}}

# --- who

# Roles that give administrative power. The one thing set here: adapt it.
privileged_roles:
  - Global Administrator
  - Privileged Role Administrator
  - Privileged Authentication Administrator
  - User Administrator
  - Application Administrator
  - Cloud Application Administrator
  - Conditional Access Administrator
  - Security Administrator
  - Exchange Administrator
  - SharePoint Administrator

# Accounts and groups with such power; roles count for members and eligible members.
#privileged_accounts: ["adm_*@example.com", "role:Global Administrator"]
#privileged_groups: [Tier 0 Admins]

# Emergency accounts: every use raises an alert. Two are recommended.
#break_glass_accounts: [breakglass1@example.onmicrosoft.com, breakglass2@example.onmicrosoft.com]

# People whose alerts are raised to high.
#vip_accounts: [ceo@example.com, "group:Board"]

# Who may do what. Everybody else raises an alert. An app's name can be imitated by
# whoever may register apps, so prefer app:APPID.
#approved_actors:
#  user_lifecycle: [hr@example.com, "app:HR import"]
#  guest_inviters: ["group:Guest Inviters"]
#  role_assignment: ["group:Identity Admins", "app:MS-PIM"]
#  conditional_access: ["group:Identity Admins"]
#  app_management: ["group:App Admins"]
#  pim_settings: ["group:Identity Admins"]

# Where accounts may come from, and the accounts under which synchronisation runs.
#approved_sources: ["app:HR import", "app:Microsoft Azure AD Connect"]
#sync_service_accounts: ["Sync_*@example.onmicrosoft.com"]

# Exceptions: permanent roles, and Conditional Access (a list, or the name of one).
#standing_access_exceptions: ["role:Directory Readers"]
#conditional_access_exceptions: [sync_service_accounts]

# --- accounts

# Form of the user principal name by class: user, privileged, guest, service, break_glass.
#naming_policy:
#  user: '^[a-z]+\.[a-z]+@example\.com$'
#  privileged: '^adm_[a-z]+@example\.com$'

# Attributes that every new account has, with their form.
#required_attributes: {employeeId: '^[0-9]{6}$', department: '.+'}

# Domains of your accounts, domains never to be seen, partners, and domains you control.
#approved_domains: [example.com, example.onmicrosoft.com]
#blocked_domains: [example.net]
#partner_organizations: [partner.example]
#owned_domains: [example.com]

# --- where, with what, when

# Countries from which people work (ISO codes), and your own public addresses.
#allowed_countries: [SE, DE, "NO"]
#egress_ips: [203.0.113.0/24, "2001:db8:10::/48"]

# Stricter conditions for privileged accounts. A device names itself: ids are safer.
#trusted_ips_privileged: [203.0.113.0/28]
#approved_devices: [00000000-0000-0000-0000-000000000001, "name:PAW-*"]
#paw_saw_devices: ["name:PAW-*"]

# When people work. Entries with members win over those with countries, those over "*".
#working_hours:
#  - {members: ["*"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00"}
#  - {members: ["group:Night shift"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu], from: "22:00", to: "06:00"}
#holidays: [2026-12-24, 2026-12-25]

# Announced changes: what they cover raises no alert. Times need a zone.
#planned_changes:
#  - {id: CHG-1, actors: [alice@example.com], activities: [Update conditional access policy], from: 2026-11-10T18:00:00Z, to: 2026-11-10T22:00:00Z}

# --- applications and protocols

# Apps by impact on the business; apps of which every change matters; apps for which
# one factor is enough; apps that may use the password flow.
#hbi_mbi_apps: {high: [Payroll], medium: [Expenses]}
#high_value_apps: [Payroll]
#single_factor_expected_apps: [Kiosk]
#ropc_allowed_apps: [Load test]

# Sorts of credential that apps may have.
#allowed_credential_types: [AsymmetricX509Cert]

# Since when legacy authentication is off, and protocols that nobody uses.
#legacy_auth_disabled_since: 2026-03-01
#unused_protocols: [deviceCode]

# --- privilege

# How long, when and how often roles are activated.
#elevation_policy: {max_duration: 1h, approval_required_roles: [Global Administrator], default_per_week: 5}

# --- numbers

# How much is too much. Some have built-in values; what you write replaces them.
#thresholds:
#  failed_signins: {count: 10, within: 10m, privileged: {count: 5}}
#  lockouts: {count: 1, within: 1h}
#  interrupts: {count: 10, within: 1h}
#  mfa_attempts: {count: 5, within: 10m}
#  widespread_accounts: {count: 10, within: 1h}
#  distinct_ips: {count: 5, within: 1h}
#  correlation_window: 1h
#  travel_speed: 900 # km/h
#  inactive_days: 30

# --- operation

# Logs that must keep arriving.
#expected_log_sources: [signin, audit, risk_detection]
`

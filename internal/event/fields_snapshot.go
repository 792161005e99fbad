package event

var userFields = []def{
	{name: "id", typ: GUID, doc: "object id"},
	{name: "userPrincipalName", doc: "user principal name"},
	{name: "displayName", doc: "display name"},
	{name: "accountEnabled", typ: Bool, doc: "whether sign-in is allowed"},
	{name: "userType", doc: "Member or Guest"},
	{name: "employeeId", doc: "employee id"},
	{name: "department", doc: "department"},
	{name: "mail", doc: "mail address"},
	{name: "creationType", doc: "null, Invitation, LocalAccount, …"},
	{name: "createdDateTime", typ: Time, doc: "when it was created"},
	{name: "deletedDateTime", typ: Time, doc: "when it was deleted"},
	{name: "onPremisesSyncEnabled", typ: Bool, doc: "whether it is synchronised from on premises"},
	{name: "onPremisesDistinguishedName", doc: "name on premises"},
	{name: "signInActivity.lastSignInDateTime", typ: Time, doc: "last interactive sign-in (P1)"},
	{name: "signInActivity.lastNonInteractiveSignInDateTime", typ: Time, doc: "last non-interactive sign-in (P1)"},
	{name: "signInActivity.lastSuccessfulSignInDateTime", typ: Time, doc: "last successful sign-in (P1)"},
}

var groupFields = []def{
	{name: "id", typ: GUID, doc: "object id"},
	{name: "displayName", doc: "display name"},
	{name: "isAssignableToRole", typ: Bool, doc: "whether roles can be assigned to it"},
	{name: "securityEnabled", typ: Bool, doc: "security group"},
	{name: "groupTypes", doc: "Unified, DynamicMembership"},
	{name: "members.id", typ: GUID, doc: "object ids of the members, as expanded"},
	{name: "members.userPrincipalName", doc: "names of the members"},
}

var roleAssignmentFields = []def{
	{name: "id", doc: "id of the assignment"},
	{name: "principalId", typ: GUID, graph: "principalId properties.principalId", doc: "who has the role"},
	{name: "principal.userPrincipalName", doc: "name, when expanded and a user"},
	{name: "principal.displayName", doc: "display name, when expanded"},
	{name: "principal.@odata.type", graph: "principal.`@odata.type` properties.principalType", doc: "sort of principal"},
	{name: "principal.accountEnabled", typ: Bool, doc: "whether the principal may sign in, when expanded"},
	{name: "roleDefinitionId", graph: "roleDefinitionId properties.roleDefinitionId", doc: "the role"},
	{name: "roleDefinition.displayName", doc: "name of the role, when expanded"},
	{name: "roleDefinition.templateId", typ: GUID, doc: "template of the role, when expanded"},
	{name: "directoryScopeId", graph: "directoryScopeId properties.scope", doc: "scope: / is the whole directory"},
	{name: "assignmentType", doc: "Assigned or Activated"},
	{name: "memberType", doc: "Direct, Group, Inherited"},
	{name: "startDateTime", typ: Time, graph: "startDateTime scheduleInfo.startDateTime", doc: "start"},
	{name: "endDateTime", typ: Time, graph: "endDateTime scheduleInfo.expiration.endDateTime", doc: "end; absent = permanent"},
}

var roleDefinitionFields = []def{
	{name: "id", doc: "id of the role"},
	{name: "displayName", graph: "displayName properties.roleName", doc: "name"},
	{name: "templateId", typ: GUID, doc: "template"},
	{name: "isBuiltIn", typ: Bool, doc: "whether Microsoft made it"},
}

var registrationFields = []def{
	{name: "id", typ: GUID, doc: "object id of the user"},
	{name: "userPrincipalName", doc: "user principal name"},
	{name: "userDisplayName", doc: "display name"},
	{name: "userType", doc: "member or guest"},
	{name: "isAdmin", typ: Bool, doc: "whether the user has a directory role"},
	{name: "isMfaRegistered", typ: Bool, doc: "whether a second factor is registered"},
	{name: "isMfaCapable", typ: Bool, doc: "whether a registered factor may be used"},
	{name: "methodsRegistered", doc: "registered methods"},
	{name: "lastUpdatedDateTime", typ: Time, doc: "when the report was made"},
}

var applicationFields = []def{
	{name: "id", typ: GUID, doc: "object id"},
	{name: "appId", typ: GUID, doc: "application id"},
	{name: "displayName", doc: "display name"},
	{name: "signInAudience", doc: "who may sign in"},
	{name: "identifierUris", doc: "application id URIs"},
	{name: "web.redirectUris", doc: "redirect URIs of web clients"},
	{name: "spa.redirectUris", doc: "redirect URIs of single-page clients"},
	{name: "publicClient.redirectUris", doc: "redirect URIs of native clients"},
	{name: "web.logoutUrl", doc: "sign-out URL"},
	{name: "passwordCredentials.keyId", doc: "ids of secrets"},
	{name: "passwordCredentials.endDateTime", typ: Time, doc: "when secrets expire"},
	{name: "keyCredentials.keyId", doc: "ids of certificates"},
	{name: "keyCredentials.endDateTime", typ: Time, doc: "when certificates expire"},
	{name: "createdDateTime", typ: Time, doc: "when it was created"},
	{name: "owners.id", typ: GUID, doc: "owners, when expanded"},
}

var servicePrincipalFields = []def{
	{name: "id", typ: GUID, doc: "object id"},
	{name: "appId", typ: GUID, doc: "application id"},
	{name: "displayName", doc: "display name"},
	{name: "accountEnabled", typ: Bool, doc: "whether sign-in is allowed"},
	{name: "servicePrincipalType", doc: "Application, ManagedIdentity, Legacy"},
	{name: "appOwnerOrganizationId", typ: GUID, doc: "tenant that owns the application"},
	{name: "replyUrls", doc: "redirect URIs"},
	{name: "passwordCredentials.keyId", doc: "ids of secrets"},
	{name: "keyCredentials.keyId", doc: "ids of certificates"},
}

var policyFields = []def{
	{name: "id", doc: "id of the policy"},
	{name: "displayName", doc: "name"},
	{name: "state", doc: "enabled, disabled, enabledForReportingButNotEnforced"},
	{name: "createdDateTime", typ: Time, doc: "when it was created"},
	{name: "modifiedDateTime", typ: Time, doc: "when it was last changed"},
	{name: "conditions.users.includeUsers", doc: "users it applies to"},
	{name: "conditions.users.excludeUsers", doc: "users it does not apply to"},
	{name: "conditions.users.includeGroups", doc: "groups it applies to"},
	{name: "conditions.users.excludeGroups", doc: "groups it does not apply to"},
	{name: "conditions.users.includeRoles", doc: "roles it applies to"},
	{name: "conditions.users.excludeRoles", doc: "roles it does not apply to"},
	{name: "conditions.applications.includeApplications", doc: "applications it applies to"},
	{name: "conditions.applications.excludeApplications", doc: "applications it does not apply to"},
	{name: "conditions.clientAppTypes", doc: "clients it applies to"},
	{name: "conditions.userRiskLevels", doc: "user risk it applies to"},
	{name: "conditions.signInRiskLevels", doc: "sign-in risk it applies to"},
	{name: "grantControls.builtInControls", doc: "mfa, block, compliantDevice, …"},
	{name: "grantControls.operator", doc: "AND or OR"},
}

var namedLocationFields = []def{
	{name: "id", typ: GUID, doc: "id of the location"},
	{name: "displayName", doc: "name"},
	{name: "isTrusted", typ: Bool, doc: "whether it is trusted"},
	{name: "ipRanges.cidrAddress", doc: "its address ranges"},
	{name: "countriesAndRegions", doc: "its countries"},
}

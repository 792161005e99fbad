package event

var accessReviewFields = []def{
	{name: "id", doc: "id of the series of reviews, or of one instance"},
	{name: "displayName", doc: "name"},
	{name: "status", doc: "NotStarted, InProgress, Completed, …"},
	{name: "startDateTime", typ: Time, doc: "of one instance: when it begins"},
	{name: "endDateTime", typ: Time, doc: "of one instance: when it should end"},
	{name: "instances.id", doc: "instances, where they stand in the series"},
	{name: "instances.startDateTime", typ: Time, doc: "when each begins"},
	{name: "instances.endDateTime", typ: Time, doc: "when each should end"},
	{name: "instances.status", doc: "how each stands: InProgress, Completed, Applied, …"},
	{name: "createdDateTime", typ: Time, doc: "when it was created"},
	{name: "scope.query", graph: "scope.query scope.principalScopes.query", doc: "whose access is reviewed, as a query of Graph"},
	{name: "scope.resourceScopes.query", graph: "scope.resourceScopes.query instanceEnumerationScope.query", doc: "to what; a path below roleManagement means Entra roles"},
	{name: "settings.autoApplyDecisionsEnabled", typ: Bool, doc: "whether decisions are carried out when a review ends"},
	{name: "settings.defaultDecision", doc: "what counts where nobody decides"},
	{name: "settings.recurrence.pattern.type", doc: "weekly, absoluteMonthly, …; absent = once"},
}

// The fields of derived records: internal/posture writes them.

var roleHoldingFields = []def{
	{name: "id", doc: "principal and role"},
	{name: "principalId", typ: GUID, doc: "who holds the role; of a group each member"},
	{name: "principal.userPrincipalName", doc: "user principal name; absent for applications and unknown users"},
	{name: "principal.displayName", doc: "display name"},
	{name: "principal.accountEnabled", typ: Bool, doc: "whether sign-in is allowed, where a snapshot says"},
	{name: "principalType", doc: "user or servicePrincipal"},
	{name: "roleDefinitionId", doc: "the role"},
	{name: "roleDefinition.displayName", doc: "name of the role, where known"},
	{name: "held", doc: "eligible, permanent, temporary, activated, or assigned where the listing does not tell"},
	{name: "viaGroup", doc: "the group through which it is held"},
	{name: "emergencyAccount", typ: Bool, doc: "whether the principal is in break_glass_accounts"},
	{name: "lastSignIn", typ: Time, doc: "last successful sign-in of the principal, from signInActivity and the sign-in log"},
	{name: "idleDays", typ: Int, doc: "for so many whole days the principal is known not to have signed in; absent if nothing tells"},
	{name: "idleSource", doc: "what idleDays rests on"},
	{name: "lastActivation", typ: Time, doc: "last activation of the role by the principal in the audit log"},
	{name: "notActivatedDays", typ: Int, doc: "of eligible roles: for so many whole days it is known not to have been activated"},
	{name: "lastTask", typ: Time, doc: "last change that the principal made, in the audit log"},
	{name: "noTaskDays", typ: Int, doc: "for so many whole days the principal is known not to have changed anything"},
	{name: "auditLogDays", typ: Int, doc: "how many whole days the audit log reaches back"},
	{name: "fitsResponsibilities", typ: Bool, doc: "whether role_responsibilities of the principal include the role; absent for people it does not name"},
	{name: "neededRoles", doc: "roles of task_role_map that what the principal did needs"},
	{name: "roleNeeded", typ: Bool, doc: "whether the role is one of neededRoles; absent if the principal did nothing that task_role_map knows"},
	{name: "asOf", typ: Time, doc: "the time for which this holds"},
}

var tenantPostureFields = []def{
	{name: "id", doc: "tenant, once in a scan"},
	{name: "asOf", typ: Time, doc: "the time for which this holds"},
	{name: "emergency.declared", typ: Int, doc: "entries of break_glass_accounts; absent without complete snapshots of users and role assignments"},
	{name: "emergency.sound", typ: Int, doc: "declared accounts that exist, are enabled, cloud-only and Global Administrator for good, and have no telephone as a factor"},
	{name: "emergency.flaws", doc: "what is wrong with the others"},
	{name: "riskPolicies.userRisk", typ: Int, doc: "enabled Conditional Access policies with a condition on user risk; absent without a complete snapshot of policies"},
	{name: "riskPolicies.signInRisk", typ: Int, doc: "enabled policies with a condition on sign-in risk"},
	{name: "riskPolicies.blockHighUserRisk", typ: Int, doc: "enabled policies for all users and applications that block high user risk"},
	{name: "accessReviews.ofRoles", typ: Int, doc: "access reviews of Entra roles; absent without a complete snapshot of reviews"},
}

var redirectDomainFields = []def{
	{name: "id", doc: "application and host"},
	{name: "applicationId", typ: GUID, doc: "object id of the application"},
	{name: "appId", typ: GUID, doc: "application id"},
	{name: "displayName", doc: "name of the application"},
	{name: "host", doc: "host of a redirect URI"},
	{name: "redirectUris", doc: "the redirect URIs with that host"},
	{name: "resolution", doc: "exists, gone (name servers say that there is no such name) or unknown (they did not answer); absent if nobody asked"},
	{name: "owned", typ: Bool, doc: "whether the host is in owned_domains or below; absent if that input is not set"},
}

var reviewInstanceFields = []def{
	{name: "id", doc: "instance of an access review"},
	{name: "reviewId", doc: "the series, where it is known"},
	{name: "displayName", doc: "name of the series, else what the instance says of itself"},
	{name: "status", doc: "NotStarted, InProgress, Completed, Applied, …"},
	{name: "startDateTime", typ: Time, doc: "when it begins"},
	{name: "endDateTime", typ: Time, doc: "when it should end"},
	{name: "ofRoles", typ: Bool, doc: "whether it is about Entra roles"},
	{name: "overdueDays", typ: Int, doc: "for so many whole days it should be over, but is neither completed nor applied; absent otherwise"},
	{name: "asOf", typ: Time, doc: "the time for which this holds"},
}

package event

const (
	claimOID    = "`http://schemas.microsoft.com/identity/claims/objectidentifier`"
	claimUPN    = "`http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn`"
	claimName   = "`http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name`"
	claimTenant = "`http://schemas.microsoft.com/identity/claims/tenantid`"
)

var activityFields = []def{
	{name: "eventTimestamp", typ: Time, diag: "time", la: "TimeGenerated EventSubmissionTimestamp", rm: "eventTimestamp event_timestamp submissionTimestamp submission_timestamp", alias: "time timeGenerated", doc: "when the operation happened"},
	{name: "id", diag: "-", la: "EventDataId", rm: "eventDataId event_data_id id", alias: "eventDataId", doc: "the entry's own id; diagnostic records have none"},
	{name: "tenantId", typ: GUID, diag: "tenantId identity.claims." + claimTenant, la: "Claims_d." + claimTenant + " Claims." + claimTenant, rm: "tenantId tenant_id claims." + claimTenant, doc: "the tenant of the caller"},
	{name: "correlationId", typ: GUID, diag: "correlationId", la: "CorrelationId", rm: "correlationId correlation_id", doc: "joins the events of one operation"},
	{name: "operationId", diag: "-", la: "OperationId", rm: "operationId operation_id", doc: "id of the operation"},
	{name: "operationName", diag: "operationName", la: "OperationNameValue Authorization_d.action Authorization.action OperationName", rm: "operationName.value operation_name.value", doc: "operation as written, PROVIDER/TYPE/ACTION; see activity"},
	{name: "operationText", diag: "-", la: "OperationName", rm: "operationName.localizedValue operation_name.localized_value", doc: "operation in words"},
	{name: "category", diag: "category", la: "CategoryValue Category", rm: "category.value", alias: "categoryValue", doc: "Administrative, Policy, Security, …"},
	{name: "status", diag: "resultType", la: "ActivityStatusValue ActivityStatus", rm: "status.value", alias: "activityStatus activityStatusValue resultType", doc: "status as written; see outcome"},
	{name: "subStatus", diag: "resultSignature", la: "ActivitySubstatusValue ActivitySubstatus", rm: "subStatus.value sub_status.value", alias: "activitySubstatus activitySubstatusValue resultSignature", doc: "HTTP status"},
	{name: "caller", diag: "identity.claims." + claimUPN + " identity.claims." + claimName + " identity.claims." + claimOID, la: "Caller", rm: "caller", doc: "name or object id of the caller"},
	{name: "callerId", typ: GUID, diag: "identity.claims." + claimOID, la: "Claims_d." + claimOID + " Claims." + claimOID, rm: "claims." + claimOID, doc: "object id of the caller"},
	{name: "callerAppId", typ: GUID, diag: "identity.claims.appid", la: "Claims_d.appid Claims.appid", rm: "claims.appid", doc: "application the caller used"},
	{name: "callerIpAddress", typ: IP, diag: "callerIpAddress", la: "CallerIpAddress HTTPRequest.clientIpAddress Claims_d.ipaddr Claims.ipaddr", rm: "httpRequest.clientIpAddress http_request.client_ip_address claims.ipaddr", alias: "ip ipAddress", doc: "address of the caller"},
	{name: "authorization.action", diag: "identity.authorization.action", la: "Authorization_d.action Authorization.action", rm: "authorization.action", doc: "right that was used"},
	{name: "authorization.scope", diag: "identity.authorization.scope", la: "Authorization_d.scope Authorization.scope", rm: "authorization.scope", doc: "scope it was used on"},
	{name: "resourceId", diag: "resourceId", la: "_ResourceId ResourceId", rm: "resourceId resourceUri resource_id", doc: "resource that was changed"},
	{name: "resourceGroup", diag: "-", la: "ResourceGroup", rm: "resourceGroupName resource_group_name", doc: "its resource group"},
	{name: "subscriptionId", typ: GUID, diag: "-", la: "SubscriptionId", rm: "subscriptionId subscription_id", doc: "its subscription"},
	{name: "resourceProvider", diag: "-", la: "ResourceProviderValue ResourceProvider", rm: "resourceProviderName.value resource_provider_name.value", alias: "resourceProviderValue", doc: "its provider"},
	{name: "properties", typ: JSON, diag: "properties", la: "Properties_d Properties", rm: "properties", doc: "details of the operation"},
	{name: "requestBody", typ: JSON, diag: "properties.requestBody properties.requestbody", la: "Properties_d.requestbody Properties.requestbody", rm: "properties.requestbody", doc: "body of the request"},
	{name: "requestBody.principalId", typ: GUID, diag: "properties.requestbody.Properties.PrincipalId", la: "Properties_d.requestbody.Properties.PrincipalId Properties.requestbody.Properties.PrincipalId", rm: "properties.requestbody.Properties.PrincipalId", doc: "role assignment: who receives the role"},
	{name: "requestBody.principalType", diag: "properties.requestbody.Properties.PrincipalType", la: "Properties_d.requestbody.Properties.PrincipalType Properties.requestbody.Properties.PrincipalType", rm: "properties.requestbody.Properties.PrincipalType", doc: "role assignment: User, Group, ServicePrincipal"},
	{name: "requestBody.roleDefinitionId", diag: "properties.requestbody.Properties.RoleDefinitionId", la: "Properties_d.requestbody.Properties.RoleDefinitionId Properties.requestbody.Properties.RoleDefinitionId", rm: "properties.requestbody.Properties.RoleDefinitionId", doc: "role assignment: the role"},
	{name: "level", diag: "level", la: "Level", rm: "level", doc: "Informational, Warning, Error"},
}

const kv = "identity.claim."

var keyVaultFields = []def{
	{name: "time", typ: Time, diag: "time", la: "TimeGenerated", alias: "timeGenerated", doc: "when the request was served"},
	{name: "tenantId", typ: GUID, diag: "tenantId", la: "AADTenantId", doc: "the tenant whose log this is"},
	{name: "correlationId", diag: "correlationId", la: "CorrelationId", doc: "joins the events of one request"},
	{name: "operationName", diag: "operationName", la: "OperationName", doc: "SecretGet, KeyPurge, VaultPut, …"},
	{name: "category", diag: "category", la: "Category", doc: "AuditEvent"},
	{name: "resultSignature", diag: "resultSignature", la: "ResultSignature", doc: "OK, Unauthorized, Forbidden, …"},
	{name: "resultType", diag: "resultType", la: "ResultType", doc: "says Success even for refusals; see outcome"},
	{name: "resultDescription", diag: "resultDescription", la: "ResultDescription", doc: "text of the result"},
	{name: "httpStatusCode", typ: Int, diag: "properties.httpStatusCode", la: "HttpStatusCode httpStatusCode_d", doc: "HTTP status"},
	{name: "callerIpAddress", typ: IP, diag: "callerIpAddress", la: "CallerIPAddress CallerIpAddress", alias: "ip ipAddress", doc: "address of the caller"},
	{name: "userPrincipalName", diag: kv + "upn " + kv + claimUPN + " " + kv + "unique_name", la: "Identity.claim.upn Identity.claim." + claimUPN + " identity_claim_upn_s identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s", alias: "identity.claim.upn", doc: "name of the caller"},
	{name: "userId", typ: GUID, diag: kv + "oid " + kv + claimOID, la: "Identity.claim.oid Identity.claim." + claimOID + " identity_claim_oid_g identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g", alias: "identity.claim.oid", doc: "object id of the caller"},
	{name: "appId", typ: GUID, diag: kv + "appid", la: "Identity.claim.appid identity_claim_appid_g", alias: "identity.claim.appid", doc: "application of the caller"},
	{name: "resourceId", diag: "resourceId", la: "ResourceId _ResourceId", doc: "the vault"},
	{name: "requestUri", diag: "properties.requestUri", la: "RequestUri requestUri_s", doc: "URI of the request"},
	{name: "objectId", diag: "properties.id", la: "Id id_s", doc: "secret, key or certificate"},
	{name: "clientInfo", diag: "properties.clientInfo", la: "ClientInfo clientInfo_s", alias: "userAgent", doc: "client's user agent"},
}

var graphActivityFields = []def{
	{name: "time", typ: Time, diag: "time properties.timeGenerated", la: "TimeGenerated", alias: "timeGenerated", doc: "when the request was served"},
	{name: "id", diag: "properties.requestId operationId", la: "RequestId OperationId", alias: "requestId", doc: "id of the request"},
	{name: "tenantId", typ: GUID, diag: "tenantId properties.tenantId", la: "AadTenantId", doc: "the tenant whose log this is"},
	{name: "requestMethod", diag: "properties.requestMethod", la: "RequestMethod", doc: "GET, POST, PATCH, DELETE"},
	{name: "requestUri", diag: "properties.requestUri", la: "RequestUri", doc: "URI of the request"},
	{name: "apiVersion", diag: "properties.apiVersion", la: "ApiVersion", doc: "v1.0 or beta"},
	{name: "responseStatusCode", typ: Int, diag: "properties.responseStatusCode resultSignature", la: "ResponseStatusCode", doc: "HTTP status"},
	{name: "ipAddress", typ: IP, diag: "properties.ipAddress callerIpAddress", la: "IPAddress", alias: "ip callerIpAddress", doc: "address of the client"},
	{name: "userAgent", diag: "properties.userAgent", la: "UserAgent", doc: "client's user agent"},
	{name: "appId", typ: GUID, diag: "properties.appId", la: "AppId", doc: "client application"},
	{name: "userId", typ: GUID, diag: "properties.userId properties.UserPrincipalObjectID", la: "UserId", doc: "user, for delegated calls"},
	{name: "servicePrincipalId", typ: GUID, diag: "properties.servicePrincipalId", la: "ServicePrincipalId", doc: "service principal, for application calls"},
	{name: "scopes", diag: "properties.scopes", la: "Scopes", doc: "delegated permissions, separated by blanks"},
	{name: "roles", diag: "properties.roles", la: "Roles", doc: "application permissions"},
	{name: "wids", diag: "properties.wids", la: "Wids", doc: "directory roles of the caller"},
	{name: "clientAuthMethod", typ: Int, diag: "properties.clientAuthMethod", la: "ClientAuthMethod", doc: "0 public, 1 secret, 2 certificate"},
	{name: "signInActivityId", diag: "properties.signInActivityId", la: "SignInActivityId", doc: "token of the sign-in"},
	{name: "sessionId", diag: "properties.C_Sid properties.sessionId", la: "SessionId C_Sid", doc: "session"},
}

var provisioningFields = []def{
	{name: "activityDateTime", typ: Time, diag: "properties.activityDateTime time", la: "ActivityDateTime TimeGenerated", alias: "time timeGenerated", doc: "when the object was provisioned"},
	{name: "id", la: "Id", doc: "the entry's own id"},
	{name: "tenantId", typ: GUID, diag: "tenantId properties.tenantId", la: "AADTenantId", doc: "the tenant whose log this is"},
	{name: "provisioningAction", graph: "provisioningAction action", doc: "create, update, delete, disable"},
	{name: "status", graph: "provisioningStatusInfo.status statusInfo.status", la: "ProvisioningStatusInfo.Status ResultType", doc: "success, failure, skipped"},
	{name: "servicePrincipal.id", graph: "servicePrincipal.id", la: "ServicePrincipal.Id", doc: "provisioning application"},
	{name: "servicePrincipal.name", graph: "servicePrincipal.displayName servicePrincipal.name", la: "ServicePrincipal.Name", doc: "its name"},
	{name: "initiatedBy.id", graph: "initiatedBy.id", la: "InitiatedBy.Id", doc: "who started it"},
	{name: "initiatedBy.name", graph: "initiatedBy.displayName initiatedBy.name", la: "InitiatedBy.Name", doc: "its name"},
	{name: "sourceIdentity.id", la: "SourceIdentity.Id", doc: "object in the source"},
	{name: "sourceIdentity.displayName", graph: "sourceIdentity.displayName sourceIdentity.name", la: "SourceIdentity.Name", doc: "its name"},
	{name: "targetIdentity.id", la: "TargetIdentity.Id", doc: "object in the target"},
	{name: "targetIdentity.displayName", graph: "targetIdentity.displayName targetIdentity.name", la: "TargetIdentity.Name", doc: "its name"},
	{name: "sourceSystem.displayName", graph: "sourceSystem.displayName sourceSystem.name", la: "SourceSystem.Name", doc: "source system"},
	{name: "targetSystem.displayName", graph: "targetSystem.displayName targetSystem.name", la: "TargetSystem.Name", doc: "target system"},
	{name: "modifiedProperties", typ: JSON, doc: "what changed, each an object"},
}

var domainServicesFields = []def{
	{name: "time", typ: Time, diag: "time", la: "TimeGenerated", alias: "timeGenerated", doc: "when the event happened"},
	{name: "id", diag: "properties.recordId", la: "RecordId", doc: "record id"},
	{name: "tenantId", typ: GUID, diag: "tenantId", la: "AADTenantId", doc: "the tenant whose log this is"},
	{name: "correlationId", diag: "correlationId", la: "CorrelationId", doc: "correlation id"},
	{name: "operationName", diag: "operationName", la: "OperationName", doc: "Windows event id and title"},
	{name: "eventId", typ: Int, diag: "properties.eventId properties.EventID properties.event_id", la: "EventID EventId", alias: "eventID event_id", doc: "Windows event id, where there is a column for it"},
	{name: "category", diag: "category", la: "Category Type", doc: "PrivilegeUse, AccountLogon, …"},
	{name: "resultType", diag: "resultType", la: "ResultType", doc: "audit success or failure"},
	{name: "resultDescription", diag: "resultDescription properties.resultDescription", la: "ResultDescription", doc: "text of the event"},
	{name: "resourceId", diag: "resourceId", la: "ResourceId _ResourceId", doc: "the managed domain"},
}

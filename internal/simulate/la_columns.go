package simulate

import (
	"strings"
	"sync"

	"github.com/entrawatch/entrawatch/internal/event"
)

// The columns of each Log Analytics table, as name:type=path. The type is
// string unless named: dynamic, datetime, bool, long, int; "json" is a string
// that the service itself fills with compact JSON. The path leads into the
// record's properties and is the name, with a small or a capital initial,
// unless given. ^ looks in the envelope instead, @ is a fixed text, and ! a
// value that cell computes.
//
// Three facts make these tables awkward, and are kept: TenantId is the
// workspace, ResourceId the tenant's path, and the objects that SigninLogs has
// as dynamic are strings in the other sign-in tables.
var tableColumns = map[string]string{
	"SigninLogs": signinEnvelope + `
		AADTenantId=!tenant Agent:dynamic AlternateSignInName AppDisplayName AppId AppOwnerTenantId AppliedEventListeners:dynamic
		AuthenticationContextClassReferences AuthenticationDetails AuthenticationMethodsUsed AuthenticationProcessingDetails
		AuthenticationProtocol AuthenticationRequirement AuthenticationRequirementPolicies AutonomousSystemNumber ClientAppUsed
		ClientCredentialType ConditionalAccessAudiences ConditionalAccessPolicies:dynamic=appliedConditionalAccessPolicies
		ConditionalAccessStatus CreatedDateTime:datetime CrossTenantAccessType DeviceDetail:dynamic FederatedCredentialId
		FlaggedForReview:bool GlobalSecureAccessIpAddress HomeTenantId HomeTenantName IPAddress=ipAddress
		IPAddressFromResourceProvider=ipAddressFromResourceProvider Id IncomingTokenType IsInteractive:bool IsRisky:bool
		IsThroughGlobalSecureAccess:bool LocationDetails:dynamic=location MfaDetail:dynamic NetworkLocationDetails OriginalRequestId
		OriginalTransferMethod ProcessingTimeInMilliseconds ResourceDisplayName ResourceIdentity=resourceId ResourceOwnerTenantId
		ResourceServicePrincipalId ResourceTenantId RiskDetail RiskEventTypes RiskEventTypes_V2=riskEventTypes_v2 RiskLevelAggregated
		RiskLevelDuringSignIn RiskState ServicePrincipalId ServicePrincipalName SessionId SessionLifetimePolicies SignInIdentifier
		SignInIdentifierType Status:dynamic TokenIssuerName TokenIssuerType TokenProtectionStatusDetails:dynamic UniqueTokenIdentifier
		UserAgent UserDisplayName UserId UserPrincipalName UserType Type=!table`,
	"AADNonInteractiveUserSignInLogs": shortEnvelope + `
		Agent AlternateSignInName AppDisplayName AppId AppOwnerTenantId AppliedEventListeners:dynamic AuthenticationContextClassReferences
		AuthenticationDetails AuthenticationMethodsUsed AuthenticationProcessingDetails AuthenticationProtocol AuthenticationRequirement
		AuthenticationRequirementPolicies AutonomousSystemNumber ClientAppUsed ClientCredentialType
		ConditionalAccessPolicies=appliedConditionalAccessPolicies ConditionalAccessStatus CreatedDateTime:datetime CrossTenantAccessType
		DeviceDetail GlobalSecureAccessIpAddress HomeTenantId IPAddress=ipAddress Id IncomingTokenType IsInteractive:bool IsRisky:bool
		IsThroughGlobalSecureAccess:bool LocationDetails=location MfaDetail NetworkLocationDetails OriginalRequestId OriginalTransferMethod
		ProcessingTimeInMs=processingTimeInMilliseconds ResourceDisplayName ResourceIdentity=resourceId ResourceOwnerTenantId
		ResourceServicePrincipalId ResourceTenantId RiskDetail RiskEventTypes RiskEventTypes_V2=riskEventTypes_v2 RiskLevelAggregated
		RiskLevelDuringSignIn RiskState ServicePrincipalId SessionId SessionLifetimePolicies SignInEventTypes SignInIdentifierType Status
		TokenIssuerName TokenIssuerType TokenProtectionStatusDetails UniqueTokenIdentifier UserAgent UserDisplayName UserId
		UserPrincipalName UserType Type=!table`,
	"AADServicePrincipalSignInLogs": shortEnvelope + `
		AADTenantId=!tenant Agent AppId AppOwnerTenantId AuthenticationContextClassReferences AuthenticationProcessingDetails
		AutonomousSystemNumber ClientCredentialType ConditionalAccessAudiences ConditionalAccessPolicies=appliedConditionalAccessPolicies
		ConditionalAccessStatus CreatedDateTime:datetime FederatedCredentialId IPAddress=ipAddress Id LocationDetails=location
		NetworkLocationDetails ResourceDisplayName ResourceIdentity=resourceId ResourceOwnerTenantId ResourceServicePrincipalId
		ServicePrincipalCredentialKeyId ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName UniqueTokenIdentifier
		Type=!table`,
	"AADManagedIdentitySignInLogs": shortEnvelope + `
		AppId AuthenticationContextClassReferences AuthenticationProcessingDetails ConditionalAccessPolicies=appliedConditionalAccessPolicies
		ConditionalAccessStatus FederatedCredentialId IPAddress=ipAddress Id LocationDetails=location NetworkLocationDetails
		ResourceDisplayName ResourceIdentity=resourceId ResourceServicePrincipalId ServicePrincipalCredentialKeyId
		ServicePrincipalCredentialThumbprint ServicePrincipalId ServicePrincipalName UniqueTokenIdentifier Type=!table`,
	"ADFSSignInLogs": shortEnvelope + `
		AlternateSignInName AppDisplayName AppId AuthenticationDetails AuthenticationProcessingDetails AuthenticationRequirement
		AuthenticationRequirementPolicies ConditionalAccessPolicies=appliedConditionalAccessPolicies ConditionalAccessStatus
		CreatedDateTime:datetime DeviceDetail IPAddress=ipAddress Id IsInteractive:bool NetworkLocationDetails OriginalRequestId
		ProcessingTimeInMs=processingTimeInMilliseconds Requirement ResourceDisplayName ResourceIdentity=resourceId ResourceTenantId Status
		TokenIssuerName TokenIssuerType UniqueTokenIdentifier UserAgent UserDisplayName UserId UserPrincipalName Type=!table`,
	"AuditLogs": `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time ResourceId=^resourceId OperationName=^operationName
		OperationVersion=^operationVersion Category ResultType=^resultType ResultSignature=^resultSignature
		ResultDescription=^resultDescription DurationMs:long=^durationMs CorrelationId Resource=@Microsoft.aadiam
		ResourceGroup=@Microsoft.aadiam ResourceProvider=@ Identity=^identity Level=^level Location=^location AdditionalDetails:dynamic Id
		InitiatedBy:dynamic LoggedByService Result ResultReason TargetResources:dynamic AADTenantId=!tenant ActivityDisplayName
		ActivityDateTime:datetime AADOperationType=operationType Type=!table`,
	"AADUserRiskEvents":             riskColumns + `Type=!table`,
	"AADServicePrincipalRiskEvents": riskColumns + `AppId KeyIds:dynamic ServicePrincipalDisplayName ServicePrincipalId Type=!table`,
	"AADRiskyUsers": `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time OperationName=^operationName
		CorrelationId=^correlationId Id IsDeleted:bool IsProcessing:bool RiskDetail RiskLastUpdatedDateTime:datetime RiskLevel RiskState
		UserDisplayName UserPrincipalName Type=!table`,
	"AADProvisioningLogs": `TenantId=!workspace TimeGenerated:datetime=^time AADTenantId=!tenant Category=^category ChangeId
		CorrelationId=^correlationId CycleId DurationMs:long=^durationMs Id InitiatedBy:json JobId ModifiedProperties:json
		OperationName=^operationName OperationVersion=^operationVersion ProvisioningAction ProvisioningStatusInfo:json
		ProvisioningSteps:json ResultDescription=^resultDescription ResultSignature=^resultSignature ResultType=^resultType
		ServicePrincipal:json SourceIdentity:json SourceSystem:json TargetIdentity:json TargetSystem:json Type=!table`,
	"MicrosoftGraphActivityLogs": `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time AadTenantId=!tenant ApiVersion AppId
		ATContent=atContent ATContentH=atContentH ATContentP=atContentP ClientAuthMethod:int ClientRequestId DeviceId=C_DeviceId
		DurationMs:int IdentityProvider IPAddress=ipAddress Location OperationId RequestId RequestMethod RequestUri ResponseSizeBytes:int
		ResponseStatusCode:int Roles Scopes ServicePrincipalId SessionId=C_Sid SignInActivityId TokenIssuedAt:datetime UserAgent UserId
		Wids Type=!table`,
	"AZKVAuditLogs": `TenantId=!workspace SourceSystem=@Azure TimeGenerated:datetime=^time CallerIpAddress=^callerIpAddress ClientInfo
		CorrelationId=^correlationId DurationMs:int=^durationMs HttpStatusCode:int Id Identity:dynamic=^identity IsAccessPolicyMatch:bool
		IsRbacAuthorized:bool NetworkAcls:dynamic=properties.networkAcls OperationName=^operationName OperationVersion=^operationVersion
		Properties:dynamic=properties RequestUri ResultDescription=^resultDescription ResultSignature=^resultSignature
		ResultType=^resultType Tlsversion=tlsVersion Type=!table _ResourceId=!lowerResource`,
	domainServices: `TimeGenerated:datetime=^time SourceSystem=@Azure Category=^category CorrelationId=^correlationId NewState:int
		OperationName=^operationName ProcessId ProcessName RecordId ResourceId=^resourceId ResourceManager ResultDescription=^resultDescription
		ResultType=^resultType TransactionId Type=!table _ResourceId=!lowerResource`,
	"AzureActivity": `TenantId=!workspace SourceSystem=@Azure CallerIpAddress=^callerIpAddress CategoryValue=category.value CorrelationId
		Authorization:json Authorization_d:dynamic=authorization Claims:json Claims_d:dynamic=claims Level OperationNameValue=^operationName
		Properties:json Properties_d:dynamic=properties Caller EventDataId EventSubmissionTimestamp:datetime=submissionTimestamp
		HTTPRequest:json=httpRequest OperationId ResourceGroup=resourceGroupName ResourceProviderValue=resourceProviderName.value
		ActivityStatusValue=^resultType ActivitySubstatusValue=subStatus.value Hierarchy=properties.hierarchy
		TimeGenerated:datetime=eventTimestamp SubscriptionId OperationName=operationName.localizedValue ActivityStatus=status.value
		ActivitySubstatus=subStatus.localizedValue Category=category.value ResourceId ResourceProvider=resourceProviderName.localizedValue
		Resource=!lastSegment Type=!table _ResourceId=!lowerResource`,
	"OfficeActivity": `TenantId=!workspace Application UserDomain UserAgent RecordType=!recordType TimeGenerated:datetime=CreationTime Operation
		OrganizationId OrganizationId_=OrganizationId UserType=!userType UserKey OfficeWorkload=Workload ResultStatus
		ResultReasonType=ResultStatus OfficeObjectId=ObjectId UserId UserId_=UserId ClientIP ClientIP_=ClientIP Site_=Site ItemType
		EventSource Site_Url=SiteUrl Site_Url_=SiteUrl SourceRelativeUrl SourceRelativeUrl_=SourceRelativeUrl SourceFileName
		SourceFileName_=SourceFileName SourceFileExtension Parameters:json ExternalAccess OriginatingServer OrganizationName
		Logon_Type=LogonType InternalLogonType MailboxGuid MailboxOwnerUPN MailboxOwnerSid LogonUserSid ClientInfoString
		Client_IPAddress=ClientIPAddress Folder:json Folders:json AffectedItems:json Item:json ModifiedProperties:json
		ExtendedProperties:json SourceSystem=@OfficeActivityManager OfficeId=Id SourceRecordId=Id Start_Time:datetime=CreationTime
		OfficeTenantId=OrganizationId AppId ClientAppId Type=!table`,
}

const signinEnvelope = `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time ResourceId=^resourceId
	OperationName=^operationName OperationVersion=^operationVersion Category=^category ResultType=^resultType
	ResultSignature=^resultSignature ResultDescription=^resultDescription DurationMs:long=^durationMs CorrelationId=^correlationId
	Resource=@Microsoft.aadiam ResourceGroup=@Microsoft.aadiam ResourceProvider=@ Identity=^identity Level=^level Location=^location `

const shortEnvelope = `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time OperationName=^operationName
	OperationVersion=^operationVersion Category=^category ResultType=^resultType ResultSignature=^resultSignature
	ResultDescription=^resultDescription DurationMs:long=^durationMs CorrelationId=^correlationId ResourceGroup=@Microsoft.aadiam
	Identity=^identity Level=^level Location=^location `

const riskColumns = `TenantId=!workspace SourceSystem=!source TimeGenerated:datetime=^time OperationName=^operationName Activity
	ActivityDateTime:datetime AdditionalInfo:dynamic CorrelationId DetectedDateTime:datetime DetectionTimingType Id IpAddress=ipAddress
	LastUpdatedDateTime:datetime Location:dynamic RequestId RiskDetail RiskEventType RiskLevel RiskState Source TokenIssuerType
	UserDisplayName UserId UserPrincipalName `

// domainServices begins the names of nine tables, one for each category.
const domainServices = "AADDomainServices"

type column struct{ name, typ, path string }

var parsedColumns = sync.OnceValue(func() map[string][]column {
	all := map[string][]column{}
	for name, spec := range tableColumns {
		for word := range strings.FieldsSeq(spec) {
			word, path, _ := strings.Cut(word, "=")
			colName, typ, typed := strings.Cut(word, ":")
			if !typed {
				typ = "string"
			}
			all[name] = append(all[name], column{colName, typ, path})
		}
	}
	return all
})

var signinTables = map[event.Sub]string{
	event.Interactive: "SigninLogs", event.NonInteractive: "AADNonInteractiveUserSignInLogs",
	event.ServicePrincipalSignin: "AADServicePrincipalSignInLogs", event.ManagedIdentity: "AADManagedIdentitySignInLogs",
	event.ADFS: "ADFSSignInLogs",
}

// tableOf returns the name of the table that holds r and its columns.
func tableOf(r Record) (string, []column) {
	columns := parsedColumns()
	name := ""
	switch r.Kind {
	case event.Signin:
		name = signinTables[r.Sub]
	case event.Audit:
		name = "AuditLogs"
	case event.RiskDetection:
		name = "AADUserRiskEvents"
		if r.Fields["activity"] == "servicePrincipal" {
			name = "AADServicePrincipalRiskEvents"
		}
	case event.RiskyUser:
		name = "AADRiskyUsers"
	case event.Activity:
		name = "AzureActivity"
	case event.M365:
		name = "OfficeActivity"
	case event.KeyVault:
		name = "AZKVAuditLogs"
	case event.GraphActivity:
		name = "MicrosoftGraphActivityLogs"
	case event.Provisioning:
		name = "AADProvisioningLogs"
	case event.DomainServices:
		return domainServices + text(r.Fields["category"]), columns[domainServices]
	}
	return name, columns[name]
}

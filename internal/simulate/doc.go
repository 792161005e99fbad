// Package simulate writes believable Entra records in every format that the
// program reads. Tests, benchmarks and the rules' own test cases feed on it.
//
// A Record is one log entry (or directory object) in one canonical shape, the
// richest in which its log exists: Microsoft Graph beta for sign-ins, directory
// audits, risk, provisioning and directory objects; Azure Resource Manager for
// Azure Activity; the Office 365 Management Activity API for Microsoft 365; the
// Azure Monitor record for Key Vault, Graph activity and Domain Services. Base
// returns named ones to build upon, Write turns records into files with the
// quirks of the format in question, and SigninRecords, AuditRecords and
// WriteBench produce ordinary traffic of a company from a seed.
//
// A Company is a whole invented tenant: its logs, its directory, the baseline
// that is true of it, and attacks with labels that say what must alert. A Live is
// a company that goes on living, whose logs arrive late and in disorder as
// Entra's do. Judge holds alerts against such labels.
//
// It is the counterpart of package decode and shares no code with it, so that
// an error on one side shows on the other. It reads no clock: equal arguments
// give equal bytes.
//
// Formats differ in what they keep. So a record written in two of them does not
// always decode to the same event:
//
//   - The Azure Monitor time of a user's sign-in, and with it TimeGenerated in
//     Log Analytics, is 98 seconds after the sign-in.
//   - Office 365 and portal CSV cut times to seconds.
//   - Not all name the Entra tenant. Graph does in sign-ins, risk detections
//     (homeTenantId) and provisioning; Azure Activity in its claims and hierarchy;
//     Key Vault nowhere; portal CSV in sign-ins. In Log Analytics TenantId is the
//     workspace. SigninLogs, AuditLogs, AADServicePrincipalSignInLogs,
//     AADProvisioningLogs and MicrosoftGraphActivityLogs add the tenant,
//     AADNonInteractiveUserSignInLogs has HomeTenantId and ResourceTenantId,
//     OfficeActivity OrganizationId, and the other tables nothing.
//   - Portal CSV names neither the audit entry's id nor, for applications, the
//     sort of sign-in, and cuts targets, properties and details.
//   - Office 365 gives audit entries an id of its own, derived from the id, and
//     has neither places nor interactive and non-interactive sign-ins apart.
//   - The Azure Monitor record of Azure Activity lacks the event's id.
package simulate

// Sends the logs of Entra to an event hub, a storage account, or both. It is a
// setting of the tenant, not of a subscription: who deploys it needs the Entra
// role Security Administrator and the right to deploy at the scope "/". Without
// the latter set the same by hand, as docs/deploy.md says.
//
//   az deployment tenant create --location REGION --template-file entra-diagnostics.bicep \
//     --parameters authorizationRuleId=ID eventHubName=entra

targetScope = 'tenant'

@description('Output of event-hubs.bicep; empty for no event hub.')
param authorizationRuleId string = ''

@description('The event hub in that namespace.')
param eventHubName string = 'entra'

@description('Output of storage.bicep; empty for no archive.')
param storageAccountId string = ''

@description('The logs to send. Those for which the tenant has no licence stay empty.')
param categories array = [
  'AuditLogs'
  'SignInLogs'
  'NonInteractiveUserSignInLogs'
  'ServicePrincipalSignInLogs'
  'ManagedIdentitySignInLogs'
  'ADFSSignInLogs'
  'ProvisioningLogs'
  'RiskyUsers'
  'UserRiskEvents'
  'RiskyServicePrincipals'
  'ServicePrincipalRiskEvents'
  'MicrosoftGraphActivityLogs'
]

resource entra 'microsoft.aadiam/diagnosticSettings@2017-04-01' = {
  name: 'entrawatch'
  properties: {
    eventHubAuthorizationRuleId: empty(authorizationRuleId) ? null : authorizationRuleId
    eventHubName: empty(authorizationRuleId) ? null : eventHubName
    storageAccountId: empty(storageAccountId) ? null : storageAccountId
    logs: [
      for category in categories: {
        category: category
        enabled: true
      }
    ]
  }
}

// A storage account that keeps the logs of Entra, and the right to read it for
// one identity. Diagnostic settings (entra-diagnostics.bicep) write to it.
//
//   az deployment group create --resource-group RG --template-file storage.bicep \
//     --parameters accountName=NAME readerPrincipalId=OBJECT-ID

@description('Name of the account: 3 to 24 small letters and digits; unique in all of Azure.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Object id of the managed identity or service principal that entrawatch signs in as.')
param readerPrincipalId string

param location string = resourceGroup().location

@description('After how many days logs are deleted here. entrawatch keeps its own.')
@minValue(7)
param keepDays int = 90

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource cleaning 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-old-logs'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'appendBlob'
              ]
              prefixMatch: [
                'insights-logs-'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: keepDays
                }
              }
            }
          }
        }
      ]
    }
  }
}

// Storage Blob Data Reader
var reader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, readerPrincipalId, reader)
  scope: account
  properties: {
    roleDefinitionId: reader
    principalId: readerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output endpoint string = account.properties.primaryEndpoints.blob
output storageAccountId string = account.id

// An Event Hubs namespace for the logs of Entra, and the right to read it for
// one identity. Diagnostic settings (entra-diagnostics.bicep) write to it.
//
//   az deployment group create --resource-group RG --template-file event-hubs.bicep \
//     --parameters namespaceName=NAME readerPrincipalId=OBJECT-ID

@description('Name of the namespace; unique in all of Azure.')
param namespaceName string

@description('Object id of the managed identity or service principal that entrawatch signs in as. Empty: nobody; use the connection string of the rule "entrawatch".')
param readerPrincipalId string = ''

param location string = resourceGroup().location

@description('How many nodes of entrawatch can share the work at most. It cannot be changed later.')
@minValue(1)
@maxValue(32)
param partitions int = 4

// Standard: Basic has no Kafka endpoint.
resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: 1
  }
  properties: {
    isAutoInflateEnabled: true
    maximumThroughputUnits: 10
    minimumTlsVersion: '1.2'
  }
}

// One hub for all logs: entrawatch tells them apart, and a Standard namespace
// may hold no more than ten.
resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: 'entra'
  properties: {
    partitionCount: partitions
    messageRetentionInDays: 7 // how long entrawatch may be down without loss
  }
}

resource group 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = {
  parent: hub
  name: 'entrawatch'
}

// Diagnostic settings want all three rights.
resource writer 'Microsoft.EventHub/namespaces/authorizationRules@2024-01-01' = {
  parent: namespace
  name: 'diagnostics'
  properties: {
    rights: [
      'Listen'
      'Manage'
      'Send'
    ]
  }
}

// For who cannot sign in with Entra ID: may read, and nothing else.
resource reader 'Microsoft.EventHub/namespaces/eventhubs/authorizationRules@2024-01-01' = if (empty(readerPrincipalId)) {
  parent: hub
  name: 'entrawatch'
  properties: {
    rights: [
      'Listen'
    ]
  }
}

// Azure Event Hubs Data Receiver
var receiver = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde')

resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(readerPrincipalId)) {
  name: guid(hub.id, readerPrincipalId, receiver)
  scope: hub
  properties: {
    roleDefinitionId: receiver
    principalId: readerPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output broker string = '${namespaceName}.servicebus.windows.net:9093'
output topic string = hub.name
output authorizationRuleId string = writer.id

package detect

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// A source is a kind of event that a log source means; formats narrows it
// where the log source implies how records are written.
type source struct {
	kind    event.Kind
	formats []event.Format // nil = every format of the kind
}

// A logSource is one line of the table of Sigma log sources.
type logSource struct {
	product, service, category string // "" = not set in the rule
	sources                    []source
	cannot                     string // why no log can have it
}

var (
	office     = []event.Format{event.O365, event.LogAnalytics}
	officeOnly = []event.Format{event.O365} // the table OfficeActivity has no security alerts and nothing of Entra
)

const pimAlerts = "PIM alerts are objects of Microsoft Graph (unifiedRoleManagementAlert) and are written to no log"

// logSources maps Sigma log sources to kinds. Products entra and azure also
// take the name of any kind as service.
var logSources = []logSource{
	{product: "azure", service: "signinlogs", sources: []source{{kind: event.Signin}}},
	{product: "azure", service: "auditlogs", sources: []source{{kind: event.Audit}}},
	{product: "azure", service: "activitylogs", sources: []source{{kind: event.Activity}}},
	{product: "azure", service: "azureactivity", sources: []source{{kind: event.Activity}}},
	{product: "azure", service: "riskdetection", sources: []source{{kind: event.RiskDetection}}},
	{product: "azure", service: "pim", cannot: pimAlerts},
	{product: "azure", service: "keyvault", sources: []source{{kind: event.KeyVault}}},
	{product: "azure", service: "microsoftgraphactivitylogs", sources: []source{{kind: event.GraphActivity}}},
	{product: "m365", service: "audit", sources: []source{{event.M365, office}, {event.Signin, officeOnly}, {event.Audit, officeOnly}}},
	{product: "m365", service: "exchange", sources: []source{{event.M365, office}}},
	{product: "m365", service: "threat_management", sources: []source{{event.M365, officeOnly}}},
	{product: "m365", service: "threat_detection", sources: []source{{event.M365, officeOnly}}},
	{product: "m365", sources: []source{{event.M365, office}, {event.Signin, officeOnly}, {event.Audit, officeOnly}}},
}

// sourcesOf returns what a rule's log source means. reason is set when no kind
// of event fits.
func sourcesOf(ls sigma.LogSource) (sources []source, reason string) {
	product, service := strings.ToLower(ls.Product), strings.ToLower(ls.Service)
	for _, line := range logSources {
		if line.product == product && line.service == service && ls.Category == line.category {
			return line.sources, line.cannot
		}
	}
	if product == "entra" || product == "azure" {
		if k, ok := event.KindByName(service); ok && k != event.KindUnknown && k != event.Generic {
			return []source{{kind: k}}, ""
		}
	}
	return nil, "log source " + describeSource(ls) + " is none that entrawatch reads"
}

func describeSource(ls sigma.LogSource) string {
	var parts []string
	for _, p := range []struct{ key, value string }{{"product", ls.Product}, {"service", ls.Service}, {"category", ls.Category}} {
		if p.value != "" {
			parts = append(parts, p.key+": "+p.value)
		}
	}
	if len(parts) == 0 {
		return "(empty)"
	}
	return strings.Join(parts, ", ")
}

package simulate

import (
	"fmt"
	"maps"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// envelopeKeys is the order of an Azure Monitor record's keys.
var envelopeKeys = []string{
	"time", "resourceId", "operationName", "operationVersion", "category", "tenantId", "resultType", "resultSignature",
	"resultDescription", "durationMs", "callerIpAddress", "correlationId", "identity", "Level", "level", "location", "properties",
}

// diagnostic returns r as Azure Monitor sends it to Event Hubs and storage.
func diagnostic(r Record) (object, error) {
	p := r.Clone().Fields
	switch r.Kind {
	case event.Signin:
		return diagnosticSignin(r, p), nil
	case event.Audit:
		return diagnosticAudit(r, p), nil
	case event.RiskDetection:
		return diagnosticRisk(r, p), nil
	case event.RiskyUser:
		return diagnosticRiskyUser(r, p), nil
	case event.Activity:
		return diagnosticActivity(p), nil
	case event.Provisioning:
		return diagnosticProvisioning(r, p), nil
	case event.KeyVault, event.GraphActivity, event.DomainServices:
		var o object
		for _, k := range envelopeKeys {
			if v, ok := p[k]; ok {
				o = append(o, member{k, v})
				delete(p, k)
			}
		}
		for _, k := range orderedKeys(p) {
			o = append(o, member{k, p[k]})
		}
		return o, nil
	}
	return nil, fmt.Errorf("%s does not exist in format %s", r.Kind, event.Diagnostic)
}

// Entra's resource provider; the risk logs write it small.
const provider = "Microsoft.aadiam"

// monitor starts a record of the Entra resource provider.
func monitor(r Record, at any, provider, operation, category string) object {
	return object{
		{"time", at},
		{"resourceId", "/tenants/" + r.Tenant + "/providers/" + provider},
		{"operationName", operation},
		{"operationVersion", "1.0"},
		{"category", category},
		{"tenantId", r.Tenant},
	}
}

// dropNil removes the members of the object v that are null.
func dropNil(v any) {
	drop(v, func(e any) bool { return e == nil })
}

// dropEmpty removes the members of the object v that are null or "".
func dropEmpty(v any) {
	drop(v, func(e any) bool { return e == nil || e == "" })
}

func drop(v any, unwanted func(any) bool) {
	m, _ := v.(map[string]any)
	maps.DeleteFunc(m, func(_ string, e any) bool { return unwanted(e) })
}

// capital returns s with its first letter in upper case.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

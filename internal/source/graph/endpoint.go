package graph

import (
	"net/url"
	"strconv"
	"time"
)

// A log is a stream of records in the order of a field of time.
type log struct {
	name    string // of the stream
	path    string // below the endpoint, with the version
	kind    string // the sort of sign-ins, for $filter; "" = no such filter
	title   string // what deliveries are called; the portal names its downloads so
	time    string // the field that is filtered
	strict  bool   // the field is compared with gt and lt instead of ge and le
	orderby bool   // $orderby is documented; where it is not, pages come newest first
	top     int    // records in a page: the most that Graph gives
	// back is how far behind its mark each window begins, late how far once an
	// hour. Graph shows 99 of 100 records within five minutes.
	back, late time.Duration
	// span is how long a window may be: little enough that its pages are read
	// before their links expire.
	span    time.Duration
	needs   []string // any of these permissions
	licence string
}

// Sign-ins of beta hold what rules ask for and v1.0 leaves out: client,
// protocol, session and the steps of authentication; and only there are those
// that are not interactive.
const (
	signIns = "beta/auditLogs/signIns"
	premium = "Microsoft Entra ID P1"
	risk    = "Microsoft Entra ID P2"
	govern  = "Microsoft Entra ID P2 or Microsoft Entra ID Governance"
	worker  = "Microsoft Entra Workload ID Premium"
)

var (
	auditRead = []string{"AuditLog.Read.All"}
	day       = 24 * time.Hour
)

var logs = []log{
	{name: "sign-ins", path: signIns, kind: "interactiveUser", title: "InteractiveSignIns", time: "createdDateTime", top: 1000, back: 10 * time.Minute, late: 2 * time.Hour, span: 6 * time.Hour, needs: auditRead, licence: premium},
	{name: "non-interactive-sign-ins", path: signIns, kind: "nonInteractiveUser", title: "NonInteractiveSignIns", time: "createdDateTime", top: 1000, back: 10 * time.Minute, late: 2 * time.Hour, span: 2 * time.Hour, needs: auditRead, licence: premium},
	{name: "service-principal-sign-ins", path: signIns, kind: "servicePrincipal", title: "ApplicationSignIns", time: "createdDateTime", top: 1000, back: 10 * time.Minute, late: 2 * time.Hour, span: 6 * time.Hour, needs: auditRead, licence: premium},
	{name: "managed-identity-sign-ins", path: signIns, kind: "managedIdentity", title: "MSISignIns", time: "createdDateTime", top: 1000, back: 10 * time.Minute, late: 2 * time.Hour, span: 6 * time.Hour, needs: auditRead, licence: premium},
	// Other services hand in what they log hours later.
	{name: "directory-audits", path: "v1.0/auditLogs/directoryAudits", title: "AuditLogs", time: "activityDateTime", orderby: true, top: 1000, back: 10 * time.Minute, late: day, span: day, needs: auditRead},
	{name: "provisioning", path: "v1.0/auditLogs/provisioning", title: "Provisioning", time: "activityDateTime", strict: true, orderby: true, top: 1000, back: 10 * time.Minute, late: day, span: day, needs: []string{"ProvisioningLog.Read.All", "AuditLog.Read.All"}, licence: premium},
	// Detections that are not made at once take up to two days.
	{name: "risk-detections", path: "v1.0/identityProtection/riskDetections", title: "RiskDetections", time: "detectedDateTime", top: 500, back: time.Hour, late: 2 * day, span: 7 * day, needs: []string{"IdentityRiskEvent.Read.All"}, licence: risk},
	{name: "service-principal-risk-detections", path: "v1.0/identityProtection/servicePrincipalRiskDetections", title: "ServicePrincipalRiskDetections", time: "detectedDateTime", top: 500, back: time.Hour, late: 2 * day, span: 7 * day, needs: []string{"IdentityRiskyServicePrincipal.Read.All"}, licence: worker},
	{name: "risky-users", path: "v1.0/identityProtection/riskyUsers", title: "RiskyUsers", time: "riskLastUpdatedDateTime", top: 500, back: time.Hour, late: day, span: 7 * day, needs: []string{"IdentityRiskyUser.Read.All"}, licence: risk},
	{name: "risky-service-principals", path: "v1.0/identityProtection/riskyServicePrincipals", title: "RiskyServicePrincipals", time: "riskLastUpdatedDateTime", top: 500, back: time.Hour, late: day, span: 7 * day, needs: []string{"IdentityRiskyServicePrincipal.Read.All"}, licence: worker},
}

// stamp is how times stand in filters: to the second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// url is the address of the first page of a window.
func (l *log) url(endpoint string, from, to time.Time, top int) string {
	ge, le := "ge", "le"
	if l.strict {
		ge, le = "gt", "lt"
	}
	filter := l.time + " " + ge + " " + stamp(from) + " and " + l.time + " " + le + " " + stamp(to)
	if l.kind != "" {
		filter += " and signInEventTypes/any(t: t eq '" + l.kind + "')"
	}
	q := url.Values{"$filter": {filter}, "$top": {strconv.Itoa(top)}}
	if l.orderby {
		q.Set("$orderby", l.time)
	}
	return endpoint + "/" + l.path + "?" + query(q)
}

// query writes blanks as %20, which every server takes for blanks.
func query(q url.Values) string { return plus.Replace(q.Encode()) }

package decode

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rows of the portal's downloads are rewritten to the shape of the same record
// in Microsoft Graph, so that one set of paths reads both.

// A jsonWriter writes nested objects; empty values are left out.
type jsonWriter struct {
	dst   []byte
	first bool
}

func (w *jsonWriter) open(key string, bracket byte) {
	w.key(key)
	w.dst = append(w.dst, bracket)
	w.first = true
}

func (w *jsonWriter) close(bracket byte) {
	w.dst = append(w.dst, bracket)
	w.first = false
}

func (w *jsonWriter) key(key string) {
	if !w.first {
		w.dst = append(w.dst, ',')
	}
	w.first = false
	if key != "" {
		w.dst = appendJSONString(w.dst, key)
		w.dst = append(w.dst, ':')
	}
}

func (w *jsonWriter) text(key, value string) {
	if value == "" {
		return
	}
	w.key(key)
	w.dst = appendJSONString(w.dst, value)
}

// portalSignin maps columns to the keys of a Graph signIn that are plain text.
var portalSignin = []struct{ column, key string }{
	{"request id", "id"},
	{"correlation id", "correlationId"},
	{"user agent", "userAgent"},
	{"user id", "userId"},
	{"user", "userDisplayName"},
	{"username", "userPrincipalName"},
	{"user type", "userType"},
	{"cross tenant access type", "crossTenantAccessType"},
	{"incoming token type", "incomingTokenType"},
	{"unique token identifier", "uniqueTokenIdentifier"},
	{"client credential type", "clientCredentialType"},
	{"application", "appDisplayName"},
	{"application id", "appId"},
	{"app owner tenant id", "appOwnerTenantId"},
	{"resource", "resourceDisplayName"},
	{"resource id", "resourceId"},
	{"resource tenant id", "resourceTenantId"},
	{"resource owner tenant id", "resourceOwnerTenantId"},
	{"home tenant id", "homeTenantId"},
	{"home tenant name", "homeTenantName"},
	{"ip address", "ipAddress"},
	{"client app", "clientAppUsed"},
	{"sign-in identifier", "signInIdentifier"},
	{"session id", "sessionId"},
	{"ip address (seen by resource)", "ipAddressFromResourceProvider"},
	{"through global secure access", "isThroughGlobalSecureAccess"},
	{"global secure access ip address", "globalSecureAccessIpAddress"},
	{"autonomous system number", "autonomousSystemNumber"},
	{"flagged for review", "flaggedForReview"},
	{"token issuer type", "tokenIssuerType"},
	{"token issuer name", "tokenIssuerName"},
	{"service principal id", "servicePrincipalId"},
	{"service principal name", "servicePrincipalName"},
	{"credential key id", "servicePrincipalCredentialKeyId"},
	{"credential thumbprint", "servicePrincipalCredentialThumbprint"},
	{"federated token id", "federatedCredentialId"},
}

// displayed maps the portal's words to the values that the logs have.
var displayed = map[string]string{
	"single-factor authentication": "singleFactorAuthentication",
	"multifactor authentication":   "multiFactorAuthentication",
	"multi-factor authentication":  "multiFactorAuthentication",
	"not applied":                  "notApplied",
	"device code":                  "deviceCode",
	"device code flow":             "deviceCodeFlow",
	"authentication transfer":      "authenticationTransfer",
	"oauth 2.0":                    "oAuth2",
	"saml 2.0":                     "saml20",
	"ws-federation":                "wsFederation",
	"native auth":                  "nativeAuth",
	"ropc":                         "ropc",
	"none":                         "none",
	"yes":                          "true",
	"no":                           "false",
	"primary refresh token":        "primaryRefreshToken",
	"refresh token":                "refreshToken",
}

func logValue(cell string) string {
	if v, ok := displayed[strings.ToLower(strings.TrimSpace(cell))]; ok {
		return v
	}
	return cell
}

// A rowOf reads cells by column; of columns with one name the first that is
// not empty counts.
type rowOf struct {
	t   *csvTable
	row []string
}

func (r rowOf) get(column string) string {
	for i, c := range r.t.columns {
		if c == column && r.row[i] != "" {
			return unquoteCell(strings.TrimSpace(r.row[i]))
		}
	}
	return ""
}

func writePortalSignin(t *csvTable, dst []byte, row []string) []byte {
	r := rowOf{t, row}
	w := jsonWriter{dst: append(dst, '{'), first: true}
	w.text("createdDateTime", t.days.iso(r.get("date (utc)")))
	for _, m := range portalSignin {
		v := r.get(m.column)
		switch m.key {
		case "incomingTokenType", "isThroughGlobalSecureAccess", "flaggedForReview":
			v = logValue(v)
		}
		w.text(m.key, v)
	}
	w.text("conditionalAccessStatus", logValue(r.get("conditional access")))
	w.text("authenticationRequirement", logValue(r.get("authentication requirement")))
	w.text("authenticationProtocol", logValue(r.get("authentication protocol")))
	w.text("originalTransferMethod", logValue(r.get("original transfer method")))

	code := r.get("sign-in error code")
	if code == "" && !strings.EqualFold(r.get("status"), "Failure") {
		code = "0"
	}
	w.open("status", '{')
	w.text("errorCode", code)
	w.text("failureReason", r.get("failure reason"))
	w.text("additionalDetails", r.get("multifactor authentication result"))
	w.close('}')

	// "City, State, CC"; parts can be missing, the country stands last.
	parts := strings.Split(r.get("location"), ",")
	w.open("location", '{')
	w.text("countryOrRegion", strings.TrimSpace(parts[len(parts)-1]))
	if len(parts) > 1 {
		w.text("city", strings.TrimSpace(parts[0]))
	}
	if len(parts) > 2 {
		w.text("state", strings.TrimSpace(strings.Join(parts[1:len(parts)-1], ",")))
	}
	w.close('}')

	w.open("deviceDetail", '{')
	w.text("deviceId", r.get("device id"))
	w.text("browser", r.get("browser"))
	w.text("operatingSystem", r.get("operating system"))
	w.text("isCompliant", logValue(r.get("compliant")))
	w.text("isManaged", logValue(r.get("managed")))
	w.text("trustType", strings.Replace(r.get("join type"), "Microsoft Entra", "Azure AD", 1))
	w.close('}')
	w.open("mfaDetail", '{')
	w.text("authMethod", r.get("multifactor authentication auth method"))
	w.text("authDetail", r.get("multifactor authentication auth detail"))
	w.close('}')
	return append(w.dst, '}')
}

func writePortalAudit(t *csvTable, dst []byte, row []string) []byte {
	r := rowOf{t, row}
	w := jsonWriter{dst: append(dst, '{'), first: true}
	w.text("activityDateTime", t.days.iso(r.get("date (utc)")))
	w.text("activityDisplayName", r.get("activity"))
	w.text("correlationId", r.get("correlationid"))
	w.text("loggedByService", r.get("service"))
	w.text("category", r.get("category"))
	w.text("result", r.get("result"))
	w.text("resultReason", r.get("resultreason"))
	w.text("userAgent", r.get("user agent"))
	w.open("initiatedBy", '{')
	if strings.EqualFold(r.get("actortype"), "Application") {
		w.open("app", '{')
		w.text("displayName", firstOf(r.get("actordisplayname"), r.get("actorserviceprincipalname")))
		w.text("servicePrincipalId", r.get("actorserviceprincipalid"))
		w.text("servicePrincipalName", r.get("actorserviceprincipalname"))
	} else {
		w.open("user", '{')
		w.text("id", r.get("actorobjectid"))
		w.text("displayName", r.get("actordisplayname"))
		w.text("userPrincipalName", r.get("actoruserprincipalname"))
		w.text("homeTenantId", r.get("actorhometenantid"))
		w.text("homeTenantName", r.get("actorhometenantname"))
		w.text("ipAddress", r.get("ipaddress"))
	}
	w.close('}')
	w.close('}')
	w.open("targetResources", '[')
	for n := 1; n <= 3; n++ {
		target := "target" + strconv.Itoa(n)
		typ, id, name, upn := r.get(target+"type"), r.get(target+"objectid"), r.get(target+"displayname"), r.get(target+"userprincipalname")
		if typ == "" && id == "" && name == "" && upn == "" {
			continue
		}
		w.open("", '{')
		w.text("id", id)
		w.text("displayName", name)
		w.text("type", typ)
		w.text("userPrincipalName", upn)
		w.open("modifiedProperties", '[')
		for m := 1; m <= 5; m++ {
			prop := target + "modifiedproperty" + strconv.Itoa(m)
			if r.get(prop+"name") == "" {
				continue
			}
			w.open("", '{')
			w.text("displayName", r.get(prop+"name"))
			w.text("oldValue", r.get(prop+"oldvalue"))
			w.text("newValue", r.get(prop+"newvalue"))
			w.close('}')
		}
		w.close(']')
		w.close('}')
	}
	w.close(']')
	w.open("additionalDetails", '[')
	for k := 1; k <= 6; k++ {
		detail := "additionaldetail" + strconv.Itoa(k)
		if r.get(detail+"key") == "" {
			continue
		}
		w.open("", '{')
		w.text("key", r.get(detail+"key"))
		w.text("value", r.get(detail+"value"))
		w.close('}')
	}
	w.close(']')
	return append(w.dst, '}')
}

func firstOf(s ...string) string {
	for _, t := range s {
		if t != "" {
			return t
		}
	}
	return ""
}

// A dayOrder says whether a file writes the day before the month. One date
// with a first number over 12 gives it away.
type dayOrder struct {
	dayFirst bool
	// ambiguous is set when a date can be meant either way and none in the
	// file's beginning told which.
	ambiguous, decided bool
}

// decide looks at the dates in the beginning of a file.
func (d *dayOrder) decide(t *csvTable, data []byte) {
	column := slices.Index(t.columns, "date (utc)")
	if column < 0 {
		return
	}
	for i := 0; i < len(data) && !d.decided; {
		end, ok := csvRow(data, i)
		if !ok {
			return
		}
		if row := csvCells(nil, data[i:end], t.comma); column < len(row) {
			if a, b, _, ok := slashes(row[column]); ok {
				d.decided = a > 12 || b > 12
				d.dayFirst = a > 12
			}
		}
		i = end + 1
	}
}

// slashes splits a date such as 3/12/2025 7:22:01 AM.
func slashes(s string) (first, second int, rest string, ok bool) {
	a, tail, ok1 := strings.Cut(s, "/")
	b, rest, ok2 := strings.Cut(tail, "/")
	if !ok1 || !ok2 || a == "" || b == "" || len(a) > 2 || len(b) > 2 {
		return 0, 0, "", false
	}
	first, ok1 = number(a)
	second, ok2 = number(b)
	return first, second, rest, ok1 && ok2
}

// iso returns a time of a portal CSV in ISO form. The portal writes ISO; files
// that went through a spreadsheet have the culture of its owner.
func (d *dayOrder) iso(s string) string {
	first, second, rest, ok := slashes(s)
	if !ok {
		return s
	}
	if !d.decided && first <= 12 && second <= 12 {
		d.ambiguous = true
	}
	if d.dayFirst && second <= 12 || first > 12 {
		first, second = second, first
	}
	if t, ok := parseTime(strconv.Itoa(first) + "/" + strconv.Itoa(second) + "/" + rest); ok {
		return t.Format(time.RFC3339Nano)
	}
	return s
}

package simulate

import (
	"encoding/json"
	"strconv"
)

// slot is a place in a sign-in that a fact of the visit fills.
type slot uint8

const (
	slotTime    slot = iota // of the Azure Monitor envelope
	slotCreated             // of the sign-in, in canonical style
	slotStep                // of its MFA step
	slotID
	slotToken
	slotCorrelation
	slotSession
	slotUserID
	slotName
	slotUPN
	slotAppID
	slotApp
	slotClient
	slotResourceID
	slotResource
	slotResourceSP
	slotIP
	slotASN
	slotCity
	slotState
	slotCountry
	slotLat
	slotLon
	slotLatency
	slotDeviceID
	slotDevice
	slotOS
	slotBrowser
	slotTrust
	slotAgent
	numSlots
)

// shape is what of a visit decides which keys its record has.
type shape struct {
	outcome              outcome
	known, office, guest bool // known: Entra knows the device
}

func (v *visit) shape() shape {
	return shape{v.outcome, v.device.id != "", v.office, v.who.guest}
}

// record returns the sign-in in canonical shape.
func (v *visit) record() Record {
	var s [numSlots]string
	s[slotCreated] = tickTime(v.at).Format(layoutTicks)
	s[slotStep] = tickTime(v.at + int64(v.step)*ticksPerSecond).Format(layoutTicks)
	s[slotToken] = string(v.id.appendToken(nil))
	for i := slotID; i < numSlots; i++ {
		if i != slotToken {
			s[i] = string(v.appendSlot(nil, i))
		}
	}
	return v.shape().record(&s)
}

// appendSlot appends the fact that belongs into a slot. Times, which differ in
// style, are the caller's. Nothing here needs escaping in JSON.
func (v *visit) appendSlot(dst []byte, s slot) []byte {
	switch s {
	case slotID:
		return v.id.append(dst)
	case slotToken:
		return v.id.appendToken(dst)
	case slotCorrelation:
		return v.correlation.append(dst)
	case slotSession:
		return v.session.append(dst)
	case slotUserID:
		return append(dst, v.who.id...)
	case slotName:
		return append(dst, v.who.name...)
	case slotUPN:
		return append(dst, v.who.upn...)
	case slotAppID:
		return append(dst, v.app.id...)
	case slotApp:
		return append(dst, v.app.name...)
	case slotClient:
		return append(dst, v.app.client...)
	case slotResourceID:
		return append(dst, v.app.resource.id...)
	case slotResource:
		return append(dst, v.app.resource.name...)
	case slotResourceSP:
		return append(dst, v.app.resource.servicePrincipal...)
	case slotIP:
		return append(dst, v.ip...)
	case slotASN:
		return append(dst, v.where.asn...)
	case slotCity:
		return append(dst, v.where.city...)
	case slotState:
		return append(dst, v.where.state...)
	case slotCountry:
		return append(dst, v.where.country...)
	case slotLat:
		return append(dst, v.where.lat...)
	case slotLon:
		return append(dst, v.where.lon...)
	case slotLatency:
		return strconv.AppendInt(dst, int64(v.latency), 10)
	case slotDeviceID:
		return append(dst, v.device.id...)
	case slotDevice:
		return append(dst, v.device.name...)
	case slotOS:
		return append(dst, v.device.os...)
	case slotBrowser:
		return append(dst, v.device.browser...)
	case slotTrust:
		return append(dst, v.device.trust...)
	case slotAgent:
		return append(dst, v.device.agent...)
	}
	panic("simulate: no fact for slot " + strconv.Itoa(int(s)))
}

// FabrikamTenant is the home of the guests in generated traffic.
const FabrikamTenant = "5d6f0c1a-3e84-4b7d-9c25-a81e60f4b392"

// record builds the canonical record of a visit of this shape from its facts.
func (sh shape) record(s *[numSlots]string) Record {
	base := "signin"
	if sh.outcome == refreshed || sh.outcome == expired {
		base = "signin-noninteractive"
	}
	r, _ := Base(base)
	f := r.Fields
	for key, slot := range map[string]slot{
		"id": slotID, "originalRequestId": slotID, "createdDateTime": slotCreated, "userDisplayName": slotName, "userPrincipalName": slotUPN,
		"signInIdentifier": slotUPN, "alternateSignInName": slotUPN, "userId": slotUserID, "appId": slotAppID, "appDisplayName": slotApp, "clientAppUsed": slotClient,
		"ipAddress": slotIP, "userAgent": slotAgent, "correlationId": slotCorrelation, "resourceId": slotResourceID,
		"resourceDisplayName": slotResource, "resourceServicePrincipalId": slotResourceSP, "uniqueTokenIdentifier": slotToken,
		"sessionId": slotSession,
	} {
		f[key] = s[slot]
	}
	f["autonomousSystemNumber"] = json.Number(s[slotASN])
	f["processingTimeInMilliseconds"] = json.Number(s[slotLatency])
	f["location"] = map[string]any{
		"city": s[slotCity], "state": s[slotState], "countryOrRegion": s[slotCountry],
		"geoCoordinates": map[string]any{"altitude": nil, "latitude": json.Number(s[slotLat]), "longitude": json.Number(s[slotLon])},
	}
	device := map[string]any{
		"deviceId": "", "displayName": nil, "operatingSystem": s[slotOS], "browser": s[slotBrowser], "isCompliant": nil, "isManaged": nil, "trustType": nil,
	}
	if sh.known {
		device["deviceId"], device["displayName"], device["trustType"] = s[slotDeviceID], s[slotDevice], s[slotTrust]
		device["isCompliant"], device["isManaged"] = true, true
	}
	f["deviceDetail"] = device
	f["networkLocationDetails"] = []any{}
	if sh.office {
		f["networkLocationDetails"] = []any{map[string]any{"networkType": "trustedNamedLocation", "networkNames": []any{s[slotCity] + " office"}}}
	}
	if sh.guest {
		f["userType"], f["crossTenantAccessType"], f["homeTenantId"] = "guest", "b2bCollaboration", FabrikamTenant
	}
	f["conditionalAccessAudiences"] = []any{s[slotResourceID]}
	sh.setOutcome(f, s)
	return r
}

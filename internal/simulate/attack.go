package simulate

import (
	"fmt"
	"time"
)

// Attacks, as they stand in the logs. Each takes the time of its first event
// and gives its records in the order in which they happened.

// attackerIP is from where attacks come: a server in a country that many
// organisations work in.
const attackerIP = "192.0.2.66"

// failedSignin is a sign-in that an attacker could not complete.
func failedSignin(user int, at time.Time, n, code int, reason string) Record {
	r, _ := Base("signin")
	r = r.WithTime(at)
	r = r.WithID(attackID("sign-in", user, n))
	for path, v := range map[string]any{
		"correlationId": attackID("correlation", user, n), "ipAddress": attackerIP, "userAgent": "python-requests/2.32.3",
		"userId": VictimID(user), "userPrincipalName": fmt.Sprintf("victim%04d@contoso.com", user), "userDisplayName": fmt.Sprintf("Victim %d", user),
		"location.city": "Frankfurt am Main", "location.state": "Hessen", "location.countryOrRegion": "DE",
		"location.geoCoordinates.latitude": 50.11, "location.geoCoordinates.longitude": 8.68,
		"deviceDetail.deviceId": "", "deviceDetail.displayName": nil, "deviceDetail.isCompliant": nil, "deviceDetail.isManaged": nil, "deviceDetail.trustType": nil,
		"networkLocationDetails": []any{}, "status.errorCode": code, "status.failureReason": reason, "status.additionalDetails": nil,
	} {
		if err := r.Set(path, v); err != nil {
			panic(err)
		}
	}
	return r
}

// VictimID is the object id of the n-th account that attacks are aimed at.
func VictimID(n int) string {
	return makeGUID(mix(0x76696374696d, uint64(n)), mix(uint64(n), 1)).String()
}

func attackID(what string, user, n int) string {
	h := uint64(len(what))
	for _, c := range []byte(what) {
		h = mix(h, uint64(c))
	}
	return makeGUID(mix(h, uint64(user)), mix(h, uint64(n)+1<<40)).String()
}

const wrongPassword = "Error validating credentials due to invalid username or password."

// PasswordSpray tries one password on each of so many accounts, from one
// address, evenly over a span.
func PasswordSpray(start time.Time, accounts int, over time.Duration) []Record {
	var out []Record
	for i := range accounts {
		out = append(out, failedSignin(i, start.Add(over*time.Duration(i)/time.Duration(max(1, accounts-1))), 0, 50126, wrongPassword))
	}
	return out
}

// BruteForce tries so many passwords on one account, one every few seconds.
func BruteForce(start time.Time, attempts int, every time.Duration) []Record {
	var out []Record
	for i := range attempts {
		out = append(out, failedSignin(5000, start.Add(every*time.Duration(i)), i, 50126, wrongPassword))
	}
	return out
}

// MFAFatigue sends so many prompts to one person, who refuses all of them.
func MFAFatigue(start time.Time, prompts int, every time.Duration) []Record {
	const denied = "MFA denied; user declined the authentication"
	var out []Record
	for i := range prompts {
		r := failedSignin(6000, start.Add(every*time.Duration(i)), i, 500121, "Authentication failed during strong authentication request.")
		if err := r.Set("status.additionalDetails", denied); err != nil {
			panic(err)
		}
		out = append(out, r)
	}
	return out
}

// MassDeletion deletes so many users by the hand of one administrator.
func MassDeletion(start time.Time, users int, every time.Duration) []Record {
	var out []Record
	for i := range users {
		r, _ := Base("audit-delete-user")
		r = r.WithTime(start.Add(every * time.Duration(i)))
		r = r.WithID(attackID("deletion", 0, i))
		for path, v := range map[string]any{
			"correlationId": attackID("deletion correlation", 0, i), "targetResources.0.id": VictimID(i),
			"targetResources.0.userPrincipalName": fmt.Sprintf("victim%04d@contoso.com", i), "targetResources.0.displayName": fmt.Sprintf("Victim %d", i),
		} {
			if err := r.Set(path, v); err != nil {
				panic(err)
			}
		}
		out = append(out, r)
	}
	return out
}

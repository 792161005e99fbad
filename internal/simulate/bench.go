package simulate

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Templates for sign-ins as Azure Monitor records: one for each shape, made by
// the general writer from a record whose facts are markers, so that the fast
// path cannot part from it. TestBenchAgreesWithWrite holds them to that.
type template []part

// part is text followed by a slot; the last part's slot is numSlots, none.
type part struct {
	text []byte
	slot slot
}

// firstMarker begins a range of runes for private use, one for each slot.
const firstMarker = 0xe000

func newTemplate(sh shape, cut func(Record) Record) (template, error) {
	var markers [numSlots]string
	for i := range markers {
		markers[i] = string(rune(firstMarker + i))
	}
	record, err := diagnostic(cut(sh.record(&markers)))
	if err != nil {
		return nil, err
	}
	raw := appendJSON(nil, record)
	// The envelope's time comes first. No time, it was copied as it is.
	raw = bytes.Replace(raw, []byte(markers[slotCreated]), []byte(markers[slotTime]), 1)
	var t template
	for start := 0; ; {
		i := bytes.IndexFunc(raw[start:], func(r rune) bool { return r >= firstMarker && r < firstMarker+rune(numSlots) })
		if i < 0 {
			return append(t, part{slices.Clip(raw[start:]), numSlots}), nil
		}
		r, n := utf8.DecodeRune(raw[start+i:])
		t = append(t, part{raw[start : start+i], slot(r - firstMarker)})
		start += i + n
	}
}

// lean cuts r, in place, to what records held about 2021, and so to the size of
// most that tenants have stored.
func lean(r Record) Record {
	f := r.Fields
	for _, k := range []string{
		"agent", "alternateSignInName", "appOwnerTenantId", "appliedEventListeners", "authenticationContextClassReferences",
		"authenticationMethodsUsed", "authenticationProcessingDetails", "authenticationRequirementPolicies",
		"authenticationStrengths", "clientCredentialType", "conditionalAccessAudiences", "federatedCredentialId",
		"flaggedForReview", "globalSecureAccessIpAddress", "homeTenantName", "isTenantRestricted",
		"isThroughGlobalSecureAccess", "originalRequestId", "originalTransferMethod", "resourceOwnerTenantId",
		"resourceServicePrincipalId", "resourceTenantId", "riskEventTypes", "servicePrincipalCredentialKeyId",
		"servicePrincipalCredentialThumbprint", "servicePrincipalId", "servicePrincipalName", "sessionId",
		"sessionLifetimePolicies", "signInEventTypes", "signInIdentifier", "signInIdentifierType",
		"signInTokenProtectionStatus", "tokenIssuerName", "tokenProtectionStatusDetails", "uniqueTokenIdentifier",
	} {
		delete(f, k)
	}
	if f["userType"] == "member" {
		delete(f, "homeTenantId")
		delete(f, "crossTenantAccessType")
	}
	if p := list(f["appliedConditionalAccessPolicies"]); len(p) == 4 {
		f["appliedConditionalAccessPolicies"] = p[:3]
	}
	if steps := list(f["authenticationDetails"]); len(steps) == 2 && dig(steps[1], "authenticationMethod") == "Previously satisfied" {
		f["authenticationDetails"] = steps[:1]
	}
	return r
}

// bencher appends sign-ins as Azure Monitor records without building them.
type bencher struct {
	traffic   *traffic
	templates map[shape]template
	cut       func(Record) Record // what the records leave out
	clock     clock
}

func newBencher(seed uint64) *bencher {
	return &bencher{traffic: newTraffic(seed), templates: map[shape]template{}, cut: lean}
}

// append appends the next sign-in of the traffic.
func (b *bencher) append(dst []byte) ([]byte, error) {
	v := b.traffic.visit()
	return b.appendVisit(dst, &v)
}

func (b *bencher) appendVisit(dst []byte, v *visit) ([]byte, error) {
	sh := v.shape()
	t, ok := b.templates[sh]
	if !ok {
		var err error
		if t, err = newTemplate(sh, b.cut); err != nil {
			return nil, err
		}
		b.templates[sh] = t
	}
	for i := range t {
		dst = append(dst, t[i].text...)
		switch t[i].slot {
		case slotTime:
			dst = append(b.clock.append(dst, v.at+int64(signinDelay/100)), 'Z')
		case slotCreated:
			dst = append(b.clock.append(dst, v.at), "+00:00"...)
		case slotStep:
			dst = append(b.clock.append(dst, v.at+int64(v.step)*ticksPerSecond), "+00:00"...)
		case numSlots:
		default:
			dst = v.appendSlot(dst, t[i].slot)
		}
	}
	return dst, nil
}

// clock formats times and remembers the day.
type clock struct {
	day  int64
	date []byte
}

// append appends 2006-01-02T15:04:05.0000000.
func (c *clock) append(dst []byte, ticks int64) []byte {
	if day := ticks / ticksPerDay; day != c.day || c.date == nil {
		c.day, c.date = day, tickTime(ticks).AppendFormat(c.date[:0], "2006-01-02T")
	}
	dst = append(dst, c.date...)
	rest := ticks % ticksPerDay
	seconds, fraction := rest/ticksPerSecond, rest%ticksPerSecond
	dst = append(appendDigits(dst, seconds/3600, 2), ':')
	dst = append(appendDigits(dst, seconds/60%60, 2), ':')
	dst = append(appendDigits(dst, seconds%60, 2), '.')
	return appendDigits(dst, fraction, 7)
}

func appendDigits(dst []byte, n int64, width int) []byte {
	dst = append(dst, "0000000"[:width]...)
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// WriteBench writes Event Hubs messages {"records":[…]}, one a line, of
// perMessage sign-ins of about 3 KB each: the sign-ins that
// SigninRecords(seed) yields, with fewer keys. It stops after the message with which the output
// reaches size bytes, and returns the number of records.
func WriteBench(w io.Writer, seed uint64, size int64, perMessage int) (records int, err error) {
	if perMessage < 1 {
		return 0, fmt.Errorf("write bench: %d records in a message", perMessage)
	}
	const chunk = 1 << 20
	b := newBencher(seed)
	buf := make([]byte, 0, chunk+chunk/4)
	for written := int64(0); written < size; {
		buf = append(buf, `{"records":[`...)
		for i := range perMessage {
			if i > 0 {
				buf = append(buf, ',')
			}
			if buf, err = b.append(buf); err != nil {
				return records, fmt.Errorf("write bench: %w", err)
			}
			records++
		}
		buf = append(buf, "]}\n"...)
		if len(buf) >= chunk || written+int64(len(buf)) >= size {
			n, err := w.Write(buf)
			if err != nil {
				return records, fmt.Errorf("write bench: %w", err)
			}
			written += int64(n)
			buf = buf[:0]
		}
	}
	return records, nil
}

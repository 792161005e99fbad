package baseline

import "strings"

func placeFields() []Field {
	return []Field{
		bound(Field{
			Name: "baseline.country.allowed", Doc: "the country is in allowed_countries", Needs: []string{"allowed_countries"},
		}, countryAllowed),
		{
			Name: "baseline.ip.egress", Doc: "the address is in egress_ips", Needs: []string{"egress_ips"},
			Compute: func(v *View, f Facts) (string, bool) { return v.ipIn("egress_ips", f) },
		},
		{
			Name: "baseline.ip.trusted", Doc: "the address is in trusted_ips_privileged", Needs: []string{"trusted_ips_privileged"},
			Compute: func(v *View, f Facts) (string, bool) { return v.ipIn("trusted_ips_privileged", f) },
		},
		{
			Name: "baseline.device.approved", Doc: "the device is in approved_devices, by id or name; no answer without a device, so also test for its absence",
			Needs:   []string{"approved_devices"},
			Compute: func(v *View, f Facts) (string, bool) { return v.deviceIn("approved_devices", f) },
		},
		{
			Name: "baseline.device.paw", Doc: "the device is in paw_saw_devices, by id or name; no answer without a device, so also test for its absence",
			Needs:   []string{"paw_saw_devices"},
			Compute: func(v *View, f Facts) (string, bool) { return v.deviceIn("paw_saw_devices", f) },
		},
		{
			Name:  "baseline.signin.violated_controls",
			Doc:   "what is outside allowed_countries, trusted_ips_privileged, approved_devices, as far as set: country, ip, device, no device; absent if nothing",
			Needs: []string{"allowed_countries|trusted_ips_privileged|approved_devices"}, Compute: violatedControls,
		},
	}
}

func countryAllowed(v *View) Answer {
	set := v.countries["allowed_countries"]
	if set == nil {
		return noAnswer
	}
	return func(f Facts) (string, bool) {
		c := f.Country()
		if c == "" {
			return "", false
		}
		return yesNo(set.has(c))
	}
}

// Egress reports whether an address is in egress_ips; known is false if that is
// not set, or the text is no address.
func (v *View) Egress(ip string) (in, known bool) {
	set := v.ips["egress_ips"]
	if set == nil {
		return false, false
	}
	return set.has(ip)
}

func (v *View) ipIn(input string, f Facts) (string, bool) {
	set := v.ips[input]
	if set == nil {
		return "", false
	}
	in, valid := set.has(f.IP())
	return yesNoIf(in, valid)
}

func (v *View) deviceIn(input string, f Facts) (string, bool) {
	set := v.devices[input]
	if set == nil {
		return "", false
	}
	in, known := set.has(f.DeviceID(), f.DeviceName())
	return yesNoIf(in, known)
}

func violatedControls(v *View, f Facts) (string, bool) {
	var bad [3]string
	n := 0
	violated := func(what string) { bad[n] = what; n++ }
	if set, c := v.countries["allowed_countries"], f.Country(); set != nil && c != "" && !set.has(c) {
		violated("country")
	}
	if trusted, _ := v.ipIn("trusted_ips_privileged", f); trusted == "false" {
		violated("ip")
	}
	if v.devices["approved_devices"] != nil {
		switch approved, known := v.deviceIn("approved_devices", f); {
		case !known:
			violated("no device")
		case approved == "false":
			violated("device")
		}
	}
	return strings.Join(bad[:n], ", "), n > 0
}

package baseline

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// TestIPSetAgainstPrefixes compares with asking every prefix in turn.
func TestIPSetAgainstPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octet := rapid.Byte()
		addr := rapid.Custom(func(t *rapid.T) netip.Addr {
			if rapid.Bool().Draw(t, "v4") {
				return netip.AddrFrom4([4]byte{10, octet.Draw(t, "b") & 3, octet.Draw(t, "c"), octet.Draw(t, "d")})
			}
			return netip.AddrFrom16([16]byte{0x20, 1, 2: octet.Draw(t, "b") & 3, 15: octet.Draw(t, "d")})
		})
		prefixes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) netip.Prefix {
			a := addr.Draw(t, "net")
			return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits")).Masked()
		}), 0, 6).Draw(t, "prefixes")
		set := newIPSet(prefixes)
		a := addr.Draw(t, "addr")
		want := false
		for _, p := range prefixes {
			want = want || p.Contains(a)
		}
		if got, valid := set.has(a.String()); got != want || !valid {
			t.Fatalf("%v in %v: %v %v, want %v", a, prefixes, got, valid, want)
		}
	})
}

func TestIPSetText(t *testing.T) {
	set := newIPSet([]netip.Prefix{netip.MustParsePrefix("203.0.113.0/28"), netip.MustParsePrefix("2001:db8::/64")})
	for text, want := range map[string][2]bool{
		"203.0.113.15": {true, true}, "203.0.113.16": {false, true}, "203.0.113.0": {true, true}, "203.0.112.255": {false, true},
		"::ffff:203.0.113.1": {true, true}, "203.0.113.1:443": {true, true}, "[2001:db8::1]:443": {true, true},
		"2001:DB8:0:0:ffff::": {true, true}, "2001:db8:0:1::": {false, true}, "fe80::1%eth0": {false, true},
		"": {false, false}, "<null>": {false, false}, "203.0.113": {false, false},
	} {
		if in, valid := set.has(text); in != want[0] || valid != want[1] {
			t.Errorf("%q: in %v valid %v, want %v", text, in, valid, want)
		}
	}
}

func TestCountries(t *testing.T) {
	if n := (len(isoCountries) + 1) / 3; n != 250 {
		t.Errorf("%d country codes, want 249 and XK", n)
	}
	s := newCountrySet([]string{"SE", "NO"})
	for code, want := range map[string]bool{"SE": true, "se": true, "NO": true, "ES": false, "": false, "S": false, "SWE": false, "\x00\x00": false, "S\xff": false} {
		if s.has(code) != want {
			t.Errorf("has(%q) = %v", code, !want)
		}
	}
}

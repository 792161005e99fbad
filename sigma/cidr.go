package sigma

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// parseNetwork reads a network, or an address, which is a network of one.
func parseNetwork(s string) (p netip.Prefix, hint string, err error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return p, "write it like 10.0.0.0/8 or 2001:db8::/32", fmt.Errorf("%q is not a network", s)
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), "", nil
	}
	p, err = netip.ParsePrefix(s)
	if err != nil {
		return p, "write it like 10.0.0.0/8 or 2001:db8::/32", fmt.Errorf("%q is not a network", s)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p != p.Masked() {
		return p, fmt.Sprintf("the network is %s", p.Masked()), fmt.Errorf("%q has bits set behind the prefix length", s)
	}
	return p, "", nil
}

// addrRange is a range of addresses of one family, both ends included.
type addrRange struct{ first, last netip.Addr }

// mergeNetworks returns the networks as sorted ranges that do not touch.
func mergeNetworks(nets []netip.Prefix) []addrRange {
	ranges := make([]addrRange, 0, len(nets))
	for _, p := range nets {
		ranges = append(ranges, addrRange{p.Addr(), lastAddr(p)})
	}
	slices.SortFunc(ranges, func(a, b addrRange) int { return a.first.Compare(b.first) })
	var out []addrRange
	for _, r := range ranges {
		if n := len(out); n > 0 && out[n-1].first.BitLen() == r.first.BitLen() && r.first.Compare(out[n-1].last) <= 0 {
			if out[n-1].last.Less(r.last) {
				out[n-1].last = r.last
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// inRanges reports whether one of the ranges holds the address.
func inRanges(ranges []addrRange, a netip.Addr) bool {
	i, found := slices.BinarySearchFunc(ranges, a, func(r addrRange, a netip.Addr) int { return r.first.Compare(a) })
	if found {
		return true
	}
	return i > 0 && ranges[i-1].first.BitLen() == a.BitLen() && a.Compare(ranges[i-1].last) <= 0
}

// parseAddr reads an IP address as records have it: an IPv4 address in IPv6 form
// is the IPv4 address, a zone does not count. Most texts that are none are
// refused before netip sees them, since its errors allocate.
func parseAddr(s string) (netip.Addr, bool) {
	if i := strings.IndexByte(s, '%'); i > 0 && i+1 < len(s) && strings.Contains(s[:i], ":") {
		s = s[:i]
	}
	if !looksLikeAddr(s) {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil
}

// looksLikeAddr reports whether s is made like an address: for IPv4 exactly, for
// IPv6 up to the number of groups.
func looksLikeAddr(s string) bool {
	if len(s) < 2 || len(s) > 45 {
		return false
	}
	if strings.IndexByte(s, ':') < 0 {
		return isIPv4(s)
	}
	colons, digits := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':':
			colons++
			digits = 0
		case c == '.':
			tail := s[strings.LastIndexByte(s, ':')+1:]
			return colons >= 2 && isIPv4(tail)
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			if digits++; digits > 4 {
				return false
			}
		default:
			return false
		}
	}
	return colons >= 2 && colons <= 8 && (colons == 7 || strings.Contains(s, "::"))
}

func isIPv4(s string) bool {
	octets, n, digits := 1, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if digits == 0 {
				return false
			}
			octets++
			n, digits = 0, 0
		case '0' <= c && c <= '9':
			if digits++; digits > 1 && n == 0 {
				return false // leading zero
			}
			if n = n*10 + int(c-'0'); n > 255 {
				return false
			}
		default:
			return false
		}
	}
	return octets == 4 && digits > 0
}

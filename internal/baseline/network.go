package baseline

import (
	"net/netip"
	"slices"
	"strings"
)

// prefix checks one address or CIDR block.
func (p *parser) prefix(it item) (netip.Prefix, bool) {
	if !strings.Contains(it.text, "/") {
		if a, err := netip.ParseAddr(it.text); err == nil && a.Zone() == "" {
			a = a.Unmap()
			return netip.PrefixFrom(a, a.BitLen()), true
		}
	} else if pre, err := netip.ParsePrefix(it.text); err == nil {
		if pre != pre.Masked() {
			p.fail(it.at, "write "+pre.Masked().String()+" for the network or "+pre.Addr().String()+" for the address",
				"%q has bits set outside its mask", it.text)
			return netip.Prefix{}, false
		}
		if pre.Addr().Is4In6() {
			p.fail(it.at, "write it as IPv4", "%q is an IPv4 network written as IPv6", it.text)
			return netip.Prefix{}, false
		}
		return pre, true
	}
	p.fail(it.at, "write it like 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32", "%q is not an address or CIDR block", it.text)
	return netip.Prefix{}, false
}

// ipSet holds networks as ranges that are sorted and do not touch, so that a
// look-up is a binary search.
type ipSet struct{ ranges []ipRange }

type ipRange struct{ first, last netip.Addr }

func newIPSet(prefixes []netip.Prefix) *ipSet {
	s := &ipSet{}
	all := make([]ipRange, len(prefixes))
	for i, p := range prefixes {
		all[i] = ipRange{p.Addr(), lastAddr(p)}
	}
	slices.SortFunc(all, func(a, b ipRange) int { return a.first.Compare(b.first) })
	for _, r := range all {
		if n := len(s.ranges); n > 0 && r.first.BitLen() == s.ranges[n-1].last.BitLen() && r.first.Compare(s.ranges[n-1].last) <= 0 {
			if r.last.Compare(s.ranges[n-1].last) > 0 {
				s.ranges[n-1].last = r.last
			}
			continue
		}
		s.ranges = append(s.ranges, r)
	}
	return s
}

// lastAddr returns the highest address of a masked prefix.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().As16()
	for bit := 128 - p.Addr().BitLen() + p.Bits(); bit < 128; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	last := netip.AddrFrom16(b)
	if p.Addr().Is4() {
		return last.Unmap()
	}
	return last
}

// has reports whether the set covers the address and whether text is one. A
// port behind the address is ignored.
func (s *ipSet) has(text string) (covered, valid bool) {
	if text == "" {
		return false, false
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		ap, err := netip.ParseAddrPort(text)
		if err != nil {
			return false, false
		}
		a = ap.Addr()
	}
	a = a.Unmap().WithZone("")
	i, found := slices.BinarySearchFunc(s.ranges, a, func(r ipRange, a netip.Addr) int { return r.first.Compare(a) })
	if found {
		return true, true
	}
	return i > 0 && s.ranges[i-1].last.BitLen() == a.BitLen() && s.ranges[i-1].last.Compare(a) >= 0, true
}

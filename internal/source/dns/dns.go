// Package dns asks the name servers of this machine whether hosts exist. It is
// used only where somebody asked for it.
package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// A Resolver asks name servers, a few seconds for each host.
type Resolver struct{ Net net.Resolver }

const patience = 5 * time.Second

// Resolve reports whether a host exists: it has an address or another record. An
// error means that name servers did not answer, which says nothing.
func (r *Resolver) Resolve(ctx context.Context, host string) (exists bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	host += "." // as it is, without the search list of this machine
	for _, ask := range []func() error{
		func() error { _, err := r.Net.LookupIPAddr(ctx, host); return err },
		// A name without an address is not gone: it may have records of other sorts.
		func() error { _, err := r.Net.LookupTXT(ctx, host); return err },
		func() error { _, err := r.Net.LookupMX(ctx, host); return err },
		func() error { _, err := r.Net.LookupNS(ctx, host); return err },
	} {
		err := ask()
		if err == nil {
			return true, nil
		}
		if de := new(net.DNSError); !errors.As(err, &de) || !de.IsNotFound || de.IsTimeout || de.IsTemporary {
			return false, fmt.Errorf("resolve %s: %w", host, err)
		}
	}
	return false, nil
}

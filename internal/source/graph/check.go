package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// Check looks at everything that reading takes: the token, its permissions, each
// log and listing by asking for one entry, and the clock.
func (s *Source) Check(ctx context.Context) []source.Check {
	out := s.config.Entra.CheckEnd(time.Now())
	claims, err := s.client.Claims(ctx, s.client.Ends.Graph)
	if err != nil {
		return append(out, source.Check{What: "token", Problem: explain(err, need{what: "the token"})})
	}
	out = append(out, source.Check{What: "token", Note: "tenant " + claims.Tenant + ", permissions " + strings.Join(slices.Sorted(slices.Values(claims.Roles)), ", ")})
	now := s.client.Now()
	for _, t := range s.tasks(nil) {
		var n need
		var address string
		switch t := t.(type) {
		case *reader:
			n, address = t.need(), t.l.url(s.client.Ends.Graph, now.Add(-time.Hour), now, 1)
		case *lister:
			n, address = t.need(), t.address(question{path: single.Replace(t.l.first)})
		}
		if len(n.any) > 0 {
			out = append(out, permission(t.stream(), n, claims))
		}
		check := s.try(ctx, t, n, address)
		if l, ok := t.(*lister); ok && check.Problem != nil && l.l.lesser != "" {
			lesser := s.try(ctx, t, n, t.(*lister).address(question{path: single.Replace(l.l.lesser)}))
			if lesser.Problem == nil {
				lesser.Note = "without the last sign-ins, for which the permission AuditLog.Read.All or the licence " + n.licence + " is missing"
			}
			check = lesser
		}
		out = append(out, check)
		if ctx.Err() != nil {
			return out
		}
	}
	return append(out, s.client.CheckClock())
}

// single makes listings ask for one object. Related ones do no harm.
var single = strings.NewReplacer("top=500", "top=1", "top=200", "top=1", "top=999", "top=1")

func permission(stream string, n need, claims azure.Claims) source.Check {
	check := source.Check{Stream: stream, What: "permission " + strings.Join(n.any, " or ")}
	if !claims.Has(n.any...) {
		check.Problem = explain(&azure.Refusal{Status: http.StatusForbidden, Code: "the token does not have it"}, n)
	}
	return check
}

// try asks for one entry, a second time with a fresh token or after a short wait.
func (s *Source) try(ctx context.Context, t task, n need, address string) source.Check {
	check := source.Check{Stream: t.stream(), What: "reading " + t.stream()}
	var err error
	for range 3 {
		if t.report() {
			if err = s.reports.Wait(ctx); err != nil {
				break
			}
		}
		var r *azure.Refusal
		if _, err = s.client.get(ctx, address); err == nil || errors.As(err, &r) && r.Status != http.StatusUnauthorized && r.Status != http.StatusTooManyRequests {
			break
		}
		if r != nil && r.Waits && azure.Sleep(ctx, min(r.Wait, 15*time.Second)) != nil {
			break
		}
	}
	if err != nil {
		check.Problem = explain(err, n)
	}
	return check
}

package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A Mode says what a Worker takes records for.
type Mode uint8

// The modes of a Worker.
const (
	Entra   Mode = iota // recognise logs and directory objects
	Generic             // take every JSON object as it is
)

// A Worker decodes records one after the other, reusing its memory. Each
// goroutine needs its own.
type Worker struct {
	// Tenant is what records without a tenant of their own get.
	Tenant string

	d    *Decoder
	r    reader
	mode Mode
	buf  []byte
	hash []byte
}

// NewWorker returns a worker for the decoder.
func (d *Decoder) NewWorker(mode Mode) *Worker {
	return &Worker{d: d, mode: mode}
}

// Decode fills e from a record of b. reason is set instead when the record is
// nothing that entrawatch reads; skip then tells that this is expected and
// needs no quarantine.
func (w *Worker) Decode(b *Batch, rec *Rec, e *event.Event) (reason string) {
	text := b.Text(rec)
	c := cursor{data: b.Data, tape: b.tape}
	if rec.own != nil {
		c.data = rec.own
	}
	w.r.scan.tape = w.r.scan.tape[:0]
	if w.mode == Generic {
		return w.fill(event.Generic, 0, event.JSONLines, text, &c, rec.tape, e)
	}
	if t := rec.Env.csv; t != nil && t.kind != event.KindUnknown {
		return w.fill(t.kind, t.sub, t.format, text, &c, rec.tape, e)
	}
	kind, sub, format, reason := classify(rec, text)
	if reason != "" {
		return reason
	}
	if kind == event.KindUnknown && format == event.O365 {
		return w.auditData(text, e)
	}
	return w.fill(kind, sub, format, text, &c, rec.tape, e)
}

// auditData unwraps what Search-UnifiedAuditLog returns: the record is JSON in
// a string.
func (w *Worker) auditData(text []byte, e *event.Event) string {
	var inner []byte
	found := false
	walkObject(text, 0, func(key []byte, v int) {
		if !fold(key, "auditdata") {
			return
		}
		found = true
		if text[v] == '{' {
			inner = text[v:skip(text, v)]
			return
		}
		inner = append(w.buf[:0], stringAt(text, v)...)
	})
	if !found || len(strings.TrimSpace(str(inner))) == 0 {
		return "AuditData is empty: the record has nothing in it"
	}
	w.buf = inner
	inner = bytes.TrimSpace(inner)
	var sn sniff
	end, _, err := w.r.scan.value(inner, 0, func(key []byte, at int) bool {
		sn.key(key, inner, at)
		return true
	})
	switch {
	case err != scanOK:
		return "AuditData is not valid JSON: " + err.String()
	case end != len(inner) || inner[0] != '{':
		return "AuditData is not a JSON object"
	case !sn.has(mOperation):
		return "AuditData has no Operation: not a record of the unified audit log"
	}
	kind, sub := officeKind(&sn, inner)
	c := cursor{data: inner, tape: w.r.scan.tape}
	return w.fill(kind, sub, event.O365, inner, &c, 0, e)
}

// fill reads the fields of a record whose kind is known.
func (w *Worker) fill(kind event.Kind, sub event.Sub, format event.Format, text []byte, c *cursor, t int, e *event.Event) string {
	e.Reset(kind, sub, format, text)
	root := w.d.roots[kind][format]
	if root == nil {
		return "a " + kind.String() + " record in the shape of " + format.String() + ", which no log of this kind comes in"
	}
	w.r.e = e
	w.r.object(root, c, t, -1)
	for _, id := range w.d.times {
		s := e.Text(id)
		if s == "" {
			continue
		}
		if t, ok := parseTime(s); ok {
			e.Time = t
			break
		}
	}
	if kind == event.Signin {
		e.Sub = signinSort(e, sub)
	}
	w.identify(kind, text, e)
	return ""
}

// signinSort refines the sort of sign-in where the envelope does not tell it.
func signinSort(e *event.Event, sub event.Sub) event.Sub {
	if e.Format == event.Diagnostic || e.Format == event.PortalCSV || sub != event.Interactive {
		return sub
	}
	switch t := e.Get("signineventtypes"); {
	case strings.EqualFold(t, "nonInteractiveUser"):
		return event.NonInteractive
	case strings.EqualFold(t, "servicePrincipal"):
		return event.ServicePrincipalSignin
	case strings.EqualFold(t, "managedIdentity"):
		return event.ManagedIdentity
	case t != "" && t != "[]":
		return event.Interactive
	}
	if e.Text(event.FSPID) != "" && e.Text(event.FUserID) == "" && e.Text(event.FUPN) == "" {
		return event.ServicePrincipalSignin
	}
	return sub
}

const zeroGUID = "00000000-0000-0000-0000-000000000000"

// identify sets tenant, id and keys.
func (w *Worker) identify(kind event.Kind, text []byte, e *event.Event) {
	c := w.d.cores[kind]
	tenant := ""
	if c.tenant >= 0 {
		tenant = e.Text(c.tenant)
	}
	if tenant == "" || tenant == zeroGUID {
		if t := tenantOf(e.Text(event.FTenantPath)); t != "" && (tenant == "" || t != zeroGUID) {
			tenant = t
		}
	}
	if tenant == "" {
		tenant = w.Tenant
	}
	e.Tenant = asciiLower(tenant)
	h := append(w.hash[:0], byte(kind), byte(e.Sub))
	h = appendID(h, e.Tenant)
	if c.id >= 0 {
		e.ID = e.Text(c.id)
	}
	if e.ID == "" {
		h = append(h, text...)
		e.Key = sum(h)
		e.Identity = e.Key
		w.hash = h
		return
	}
	e.HasID = true
	h = appendID(h, e.ID)
	e.Identity = sum(h)
	e.Key = e.Identity
	if c.version >= 0 {
		if v := e.Text(c.version); v != "" {
			// The same moment is written with more or fewer decimals.
			if t, ok := parseTime(v); ok {
				h = binary.BigEndian.AppendUint64(h, uint64(t.UnixMilli()))
			} else {
				h = append(h, v...)
			}
			e.Key = sum(h)
		}
	}
	w.hash = h
}

// appendID appends an id without regard to case, so that no two ids give the
// same bytes: GUIDs, which most are, as their 16 bytes, other text with its
// length. Short input makes the hash cheap.
func appendID(dst []byte, id string) []byte {
	n := len(dst)
	dst = append(dst, 0)
	if len(id) == 36 {
		digits := 0
		var b byte
		for i := range len(id) {
			c := id[i]
			if i == 8 || i == 13 || i == 18 || i == 23 {
				if c != '-' {
					break
				}
				continue
			}
			switch c = lower(c); {
			case c-'0' < 10:
				c -= '0'
			case c-'a' < 6:
				c -= 'a' - 10
			default:
				c = 0xff
			}
			if c == 0xff {
				break
			}
			b = b<<4 | c
			if digits++; digits%2 == 0 {
				dst = append(dst, b)
			}
		}
		if digits == 32 && len(dst) == n+17 {
			return dst
		}
		dst = append(dst[:n], 0)
	}
	dst[n] = 1
	dst = binary.AppendUvarint(dst, uint64(len(id)))
	return append(dst, asciiLower(id)...)
}

// sum is a cryptographic hash, because logs carry text that attackers choose,
// and two events with one key would be taken for one.
func sum(h []byte) event.Key {
	s := sha256.Sum256(h)
	return event.Key(s[:16])
}

// tenantOf reads the tenant out of /tenants/ID/providers/….
func tenantOf(path string) string {
	const prefix = "/tenants/"
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
		return ""
	}
	t, _, _ := strings.Cut(path[len(prefix):], "/")
	return t
}

// asciiLower returns s in lower case, itself if it is that already.
func asciiLower(s string) string {
	for i := range len(s) {
		if s[i]-'A' < 26 {
			return strings.ToLower(s)
		}
	}
	return s
}

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

	d      *Decoder
	r      reader
	direct direct
	marker marker
	shapes shapes
	padded []byte
	mode   Mode
	hash   []byte
	// The tenant of the record before, which most have: as it stood there, in
	// lower case, and as appendID writes it.
	tenant, lowered string
	tenantID        []byte
}

// NewWorker returns a worker for the decoder.
func (d *Decoder) NewWorker(mode Mode) *Worker {
	return &Worker{d: d, mode: mode, shapes: shapes{}}
}

// Decode fills e from a record of b, and e is valid as long as b is. reason is
// set instead when the record is nothing that entrawatch reads.
func (w *Worker) Decode(b *Batch, rec *Rec, e *event.Event) (reason string) {
	w.r.scan.tape = w.r.scan.tape[:0]
	what := rec.what
	if t := rec.Env.csv; t != nil && t.kind != event.KindUnknown && w.mode == Entra {
		what = class{kind: t.kind, sub: t.sub, format: t.format}
	}
	if what.reason != "" {
		return what.reason
	}
	text := b.Text(rec)
	if what.kind == event.KindUnknown && what.format == event.O365 {
		return w.auditData(text, e)
	}
	root := w.d.roots[what.kind][what.format]
	if root == nil {
		return "a " + what.kind.String() + " record in the shape of " + what.format.String() + ", which no log of this kind comes in"
	}
	e.Reset(what.kind, what.sub, what.format, text)
	w.r.e = e
	if rec.root == root && rec.own == nil {
		w.r.replay(b.Data, root, b.notes[rec.notes[0]:rec.notes[1]])
	} else {
		w.along(root, text)
	}
	w.finish(text, e)
	return ""
}

// Again fills e from the text of a record that Decode has read, as an event of
// the same kind, sort and format.
func (w *Worker) Again(kind event.Kind, sub event.Sub, format event.Format, text []byte, e *event.Event) (reason string) {
	root := w.d.roots[kind][format]
	if root == nil {
		return "no " + kind.String() + " record comes in the shape of " + format.String()
	}
	w.r.scan.tape = w.r.scan.tape[:0]
	e.Reset(kind, sub, format, text)
	w.r.e = e
	if !w.along(root, text) {
		return "no JSON object"
	}
	w.finish(text, e)
	return ""
}

// along reads a record along the paths from root; ok is false if it is none. A
// record that was cut out is one.
func (w *Worker) along(root *node, text []byte) (ok bool) {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	// A shape looks a little further than the text that it takes.
	w.padded = append(append(w.padded[:0], text...), padding[:]...)
	w.marker.reset()
	d := &w.direct
	d.over(w.padded, w.marker.extend(w.padded))
	own := w.r.e.OwnNotes() // the worker fills other events while this one lives
	d.notes = (*own)[:0]
	if end, _, err := w.shapes.of(root).read(d, 0, root, anyKey, &sniff{}); err != scanOK || end != len(text) {
		return false
	}
	*own = d.notes
	w.r.replay(text, root, d.notes)
	return true
}

var padding [window]byte

func anyKey([]byte, *telling, int) bool { return true }

// auditData unwraps what Search-UnifiedAuditLog returns: the record is JSON in
// a string.
func (w *Worker) auditData(text []byte, e *event.Event) string {
	// The text that the string holds lives as long as the event does.
	e.Reset(event.KindUnknown, event.SubNone, event.O365, nil)
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
		plain := stringAt(text, v)
		inner = append(e.Scratch(len(plain)), plain...)
	})
	if !found || len(strings.TrimSpace(str(inner))) == 0 {
		return "AuditData is empty: the record has nothing in it"
	}
	inner = bytes.TrimSpace(inner)
	var sn sniff
	end, _, err := w.r.scan.value(inner, 0, func(_ []byte, t *telling, at int) bool {
		sn.key(t, inner, at)
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
	e.Settle(kind, sub, inner)
	w.r.e = e
	w.r.object(w.d.roots[kind][event.O365], &cursor{data: inner, tape: w.r.scan.tape}, 0, -1)
	w.finish(inner, e)
	return ""
}

// finish sets time, sort and identity of an event whose fields were read.
func (w *Worker) finish(text []byte, e *event.Event) {
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
	if e.Kind == event.Signin {
		e.Sub = signinSort(e, e.Sub)
	}
	w.identify(e.Kind, text, e)
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
	if tenant != w.tenant || w.tenantID == nil {
		w.tenant = strings.Clone(tenant)
		w.lowered = asciiLower(w.tenant)
		w.tenantID = appendID(w.tenantID[:0], w.lowered)
	}
	e.Tenant = w.lowered
	h := append(w.hash[:0], byte(kind), byte(e.Sub))
	h = append(h, w.tenantID...)
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
	if g, _, ok := event.ParseGUID(id); ok {
		return append(append(dst, 0), g[:]...)
	}
	dst = append(dst, 1)
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

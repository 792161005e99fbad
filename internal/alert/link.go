package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
)

// MaxRelated is how many related alerts an alert names.
const MaxRelated = 20

// incidentGap is how long an entity may be quiet within an incident.
const incidentGap = 24 * time.Hour

// A Linker finds which alerts belong together. Alerts whose main entity is the
// same, none more than a day after the one before, are one incident. Alerts
// are related if the main entity of one is named by the other, within a day.
type Linker struct {
	byID     detect.Sorter // alerts, or the ids of those that are kept
	kept     map[string]*Alert
	byEntity detect.Sorter // who names which entity when
	links    detect.Sorter // what alerts are told
	buf      []byte
}

// NewLinker returns a linker that holds alerts in sorters.
func NewLinker(sorter func() detect.Sorter) *Linker {
	return &Linker{kept: map[string]*Alert{}, byID: sorter(), byEntity: sorter(), links: sorter()}
}

// Close gives up what the sorters hold.
func (l *Linker) Close() error {
	var first error
	for _, s := range []detect.Sorter{l.byID, l.byEntity, l.links} {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// held is an alert with what its JSON form does not tell.
type held struct {
	*Alert
	Group []string `json:"group"`
}

// Add takes an alert.
func (l *Linker) Add(a *Alert) error {
	l.buf = append(append(l.buf[:0], a.ID...), 0)
	if len(l.kept) < maxKept {
		l.kept[a.ID] = a
	} else {
		body, err := json.Marshal(held{a, a.Group})
		if err != nil {
			return fmt.Errorf("encode alert %s: %w", a.ID, err)
		}
		l.buf = append(l.buf, body...)
	}
	if err := l.byID.Add(l.buf); err != nil {
		return err
	}
	main := mainEntity(a)
	named := 0
	for i, e := range a.Entities {
		if i != main && (!links(e) || named == maxNamed) {
			continue
		}
		named++
		l.buf = l.mention(l.buf[:0], a, e, i == main)
		if err := l.byEntity.Add(l.buf); err != nil {
			return err
		}
	}
	if main < 0 {
		l.buf = l.mention(l.buf[:0], a, detect.Entity{Type: "alert", ID: a.ID}, true)
		return l.byEntity.Add(l.buf)
	}
	return nil
}

// maxKept is how many alerts are not written down. A day of most tenants has no
// more.
const maxKept = 2000

// maxNamed is how many entities of an alert are compared with others'.
const maxNamed = 10

// links reports whether an entity says that two alerts have to do with each
// other. Half the company uses one application and one address.
func links(e detect.Entity) bool {
	return e.Type == "user" || e.Type == "service_principal" || e.Type == "device" || e.Type == "ip"
}

// mainEntity is the entity that an alert is about: the one by which its rule
// groups, else the first user, else the first of all. -1 means that it names
// none.
func mainEntity(a *Alert) int {
	for i, e := range a.Entities {
		for _, g := range a.Group {
			if g != "" && (g == entityKey(e) || strings.EqualFold(g, e.Name)) {
				return i
			}
		}
	}
	if i := slices.IndexFunc(a.Entities, func(e detect.Entity) bool { return e.Type == "user" }); i >= 0 {
		return i
	}
	return min(0, len(a.Entities)-1)
}

func entityKey(e detect.Entity) string {
	if e.ID != "" {
		return e.ID
	}
	return strings.ToLower(e.Name)
}

// mention writes that an alert names an entity. The entity is hashed: the
// text that is compared has one length.
func (l *Linker) mention(dst []byte, a *Alert, e detect.Entity, main bool) []byte {
	h := sha256.Sum256([]byte(a.Tenant + "\x00" + e.Type + "\x00" + entityKey(e)))
	dst = append(dst, h[:16]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(unix(a.First))^1<<63)
	dst = binary.BigEndian.AppendUint64(dst, uint64(unix(a.Last))^1<<63)
	if main {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	return append(dst, a.ID...)
}

func unix(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

// A mentioned is an alert as one of those that name an entity.
type mentioned struct {
	first, last int64
	main        bool
	id          string
}

const (
	isIncident byte = iota
	isRelated
)

// Finish hands on the alerts, by id, each with its incident and what is
// related to it.
func (l *Linker) Finish(emit func(*Alert) error) error {
	if err := l.link(); err != nil {
		return err
	}
	next, stop := iter.Pull2(l.links.Sorted())
	defer stop()
	link, err, more := next()
	for rec, bad := range l.byID.Sorted() {
		if bad != nil {
			return bad
		}
		id, body, _ := bytes.Cut(rec, []byte{0})
		a := l.kept[string(id)]
		if len(body) > 0 {
			h := held{Alert: &Alert{}}
			if err := json.Unmarshal(body, &h); err != nil {
				return fmt.Errorf("a stored alert is damaged: %w", err)
			}
			a = h.Alert
			a.Group = h.Group
		}
		for more && err == nil && bytes.HasPrefix(link, id) {
			what, value := link[len(id)], string(link[len(id)+1:])
			switch {
			case what == isIncident:
				a.Incident = value
			case len(a.Related) < MaxRelated && !slices.Contains(a.Related, value):
				a.Related = append(a.Related, value)
			}
			link, err, more = next()
		}
		if err != nil {
			return err
		}
		if err := emit(a); err != nil {
			return err
		}
	}
	return l.Close()
}

// link goes through the alerts of one entity after the other.
func (l *Linker) link() error {
	var entity []byte
	var recent []mentioned // the last alerts that name it
	var main mentioned     // the last one that is about it
	incident := ""
	for rec, err := range l.byEntity.Sorted() {
		if err != nil {
			return err
		}
		if !bytes.Equal(entity, rec[:16]) {
			entity, recent, main, incident = append(entity[:0], rec[:16]...), recent[:0], mentioned{}, ""
		}
		m := mentioned{
			first: int64(binary.BigEndian.Uint64(rec[16:]) ^ 1<<63), last: int64(binary.BigEndian.Uint64(rec[24:]) ^ 1<<63),
			main: rec[32] == 1, id: string(rec[33:]),
		}
		if m.main {
			if incident == "" || m.first-main.last > int64(incidentGap/time.Second) {
				h := sha256.Sum256([]byte(string(entity) + m.id))
				incident, main = hex.EncodeToString(h[:8]), m
			}
			main.last = max(main.last, m.last)
			if err := l.tell(m.id, isIncident, incident); err != nil {
				return err
			}
		}
		for _, o := range recent {
			if o.id == m.id || !o.main && !m.main || m.first-o.last > int64(incidentGap/time.Second) {
				continue
			}
			if err := l.tell(m.id, isRelated, o.id); err != nil {
				return err
			}
			if err := l.tell(o.id, isRelated, m.id); err != nil {
				return err
			}
		}
		if recent = append(recent, m); len(recent) > MaxRelated {
			recent = slices.Delete(recent, 0, 1)
		}
	}
	return nil
}

func (l *Linker) tell(id string, what byte, value string) error {
	l.buf = append(append(append(l.buf[:0], id...), what), value...)
	return l.links.Add(l.buf)
}

package app

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/posture"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// A directoryReader gathers directory objects out of snapshot files.
type directoryReader struct {
	schema   *event.Schema
	worker   *decode.Worker
	ev       *event.Event
	dir      *baseline.Directory
	snap     *posture.Snapshot
	newest   time.Time // date of the newest file with objects
	n        int
	listings int // pages of directory objects, empty ones too
}

// snapshotFields are what the directory is made of.
var snapshotFields = map[event.Kind][]string{
	event.User:             {"id", "userPrincipalName", "displayName", "userType", "accountEnabled"},
	event.Group:            {"id", "displayName", "members.id"},
	event.RoleAssignment:   {"principalId", "principal.userPrincipalName", "principal.displayName", "roleDefinitionId", "roleDefinition.displayName", "roleDefinition.templateId"},
	event.RoleDefinition:   {"id", "displayName", "templateId"},
	event.ServicePrincipal: {"id", "appId", "displayName"},
}

func newDirectory() (*directoryReader, error) {
	r := &directoryReader{schema: event.NewSchema(), dir: baseline.NewDirectory(), snap: posture.NewSnapshot()}
	var wanted [event.NumKinds][]int
	for _, fields := range []map[event.Kind][]string{snapshotFields, posture.Fields()} {
		for k, names := range fields {
			for _, name := range names {
				if id := r.schema.Resolve(k, name).ID; !slices.Contains(wanted[k], id) {
					wanted[k] = append(wanted[k], id)
				}
			}
		}
	}
	d, err := decode.NewDecoder(r.schema, wanted)
	if err != nil {
		return nil, err
	}
	r.worker, r.ev = d.NewWorker(decode.Entra), event.New(r.schema)
	return r, nil
}

// read adds the objects of one file. With peek, a file that does not begin
// with a directory object is left alone after its first records.
func (r *directoryReader) read(in file.Input, peek bool) (n int, err error) {
	s, err := file.Open(in)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	fr := decode.NewFramer(s, in.Path)
	defer func() {
		for _, p := range fr.Pages() {
			r.snap.Page(p)
			if k, _, ok := decode.KindOfContext(p.Context); ok && k.Snapshot() {
				r.listings++
			}
		}
		if n > 0 && in.ModTime.After(r.newest) {
			r.newest = in.ModTime
		}
	}()
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
		for i := range b.Recs {
			if r.worker.Decode(&b, &b.Recs[i], r.ev) == "" && r.ev.Kind.Snapshot() && !r.ev.Kind.Derived() {
				r.add(r.ev)
				r.snap.Add(r.ev)
				n++
			}
		}
		if peek && n == 0 {
			return 0, nil
		}
	}
}

func (r *directoryReader) add(e *event.Event) {
	r.n++
	id := text(e, event.FID)
	name := text(e, event.FDisplayName)
	switch e.Kind {
	case event.User:
		u := baseline.User{ID: id, UPN: text(e, event.FUPN), DisplayName: name, UserType: get(e, "usertype")}
		if v := get(e, "accountenabled"); v != "" {
			on := v == "true"
			u.Enabled = &on
		}
		r.dir.AddUser(u)
	case event.Group:
		r.dir.AddGroup(id, name)
		members := r.schema.MustID("members.id")
		for i := 0; ; i++ {
			v, ok := e.Value(members, i)
			if !ok {
				break
			}
			if v.Text != "[]" {
				r.dir.AddMember(id, strings.Clone(v.Text))
			}
		}
	case event.RoleDefinition:
		r.dir.AddRoleName(id, name)
		if t := get(e, "templateid"); t != "" {
			r.dir.AddRoleName(t, name)
		}
	case event.RoleAssignment:
		role := get(e, "roledefinitionid")
		r.dir.AddRoleAssignment(role, get(e, "roledefinition.displayname"), text(e, event.FPrincipalID), false)
		if typ := e.Get("assignmenttype"); typ != "" {
			stands := strings.EqualFold(typ, "Assigned") && e.Get("enddatetime") == ""
			r.dir.AddSchedule(role, get(e, "roledefinition.displayname"), text(e, event.FPrincipalID), stands)
		}
		if upn := text(e, event.FPrincipalUPN); upn != "" {
			r.dir.AddUser(baseline.User{ID: text(e, event.FPrincipalID), UPN: upn, DisplayName: text(e, event.FPrincipalName)})
		}
	case event.ServicePrincipal:
		r.dir.AddServicePrincipal(id, get(e, "appid"), name)
	}
}

// What an event says is gone with the next batch, so what is kept is copied.

func text(e *event.Event, field int) string { return strings.Clone(e.Text(field)) }

func get(e *event.Event, name string) string { return strings.Clone(e.Get(name)) }

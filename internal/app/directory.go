package app

import (
	"errors"
	"io"

	"github.com/entrawatch/entrawatch/internal/baseline"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/source/file"
)

// A directoryReader gathers directory objects out of snapshot files.
type directoryReader struct {
	schema *event.Schema
	worker *decode.Worker
	ev     *event.Event
	dir    *baseline.Directory
	n      int
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
	r := &directoryReader{schema: event.NewSchema(), dir: baseline.NewDirectory()}
	var wanted [event.NumKinds][]int
	for k, names := range snapshotFields {
		for _, name := range names {
			wanted[k] = append(wanted[k], r.schema.Resolve(k, name).ID)
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
	var b decode.Batch
	for {
		if err := fr.Next(&b); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
		for i := range b.Recs {
			if r.worker.Decode(&b, &b.Recs[i], r.ev) == "" && r.ev.Kind.Snapshot() {
				r.add(r.ev)
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
	id := e.Text(event.FID)
	name := e.Text(event.FDisplayName)
	switch e.Kind {
	case event.User:
		u := baseline.User{ID: id, UPN: e.Text(event.FUPN), DisplayName: name, UserType: e.Get("usertype")}
		if v := e.Get("accountenabled"); v != "" {
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
				r.dir.AddMember(id, v.Text)
			}
		}
	case event.RoleDefinition:
		r.dir.AddRoleName(id, name)
		if t := e.Get("templateid"); t != "" {
			r.dir.AddRoleName(t, name)
		}
	case event.RoleAssignment:
		role := e.Get("roledefinitionid")
		r.dir.AddRoleAssignment(role, e.Get("roledefinition.displayname"), e.Text(event.FPrincipalID), false)
		if upn := e.Text(event.FPrincipalUPN); upn != "" {
			r.dir.AddUser(baseline.User{ID: e.Text(event.FPrincipalID), UPN: upn, DisplayName: e.Text(event.FPrincipalName)})
		}
	case event.ServicePrincipal:
		r.dir.AddServicePrincipal(id, e.Get("appid"), name)
	}
}

func (r *directoryReader) finish() *baseline.Directory { return r.dir }

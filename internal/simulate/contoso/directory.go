package main

import (
	"fmt"
	"strings"

	"github.com/entrawatch/entrawatch/internal/simulate"
)

// The directory as it was on the Monday, before anything happened.

// object returns a base record with changes that belongs to no log.
func (w *week) object(base, id string, v values) simulate.Record {
	r, ok := simulate.Base(base)
	if !ok {
		if w.err == nil {
			w.err = fmt.Errorf("there is no base record %s", base)
		}
		return r
	}
	r = r.WithID(id)
	w.set(r, v)
	return r
}

func (w *week) users() []simulate.Record {
	var out []simulate.Record
	for i, p := range everybody() {
		given, family, _ := strings.Cut(p.name, " ")
		v := values{
			"userPrincipalName": p.upnInTenant(), "displayName": p.name, "givenName": given, "surname": family, "mail": p.upn,
			"accountEnabled": p != gustav, "employeeId": fmt.Sprintf("1%04d", 400+7*i), "department": p.department, "jobTitle": p.title,
			"officeLocation": p.home.city, "usageLocation": p.home.country, "country": map[string]string{"SE": "Sweden", "NO": "Norway", "DE": "Germany"}[p.home.country],
			"signInActivity": remove{},
		}
		if p.guest {
			v["userType"], v["externalUserState"], v["employeeId"] = "Guest", "Accepted", nil
		}
		if p.department == "" {
			v["department"], v["jobTitle"], v["employeeId"], v["mail"] = nil, nil, nil, nil
		}
		out = append(out, w.object("user", p.id, v))
	}
	return out
}

func (w *week) groups() []simulate.Record {
	return []simulate.Record{
		w.group("Finance", "Everyone in finance", alice, dan, nora),
		w.group("Payroll", "Who runs payroll", nora),
		w.group("App Owners", "Who may change applications", carla, admCarla),
		w.group("Guest Inviters", "Who may invite guests", ebba, karin),
		w.group("Service Desk", "Who may reset passwords", hanna),
	}
}

func (w *week) group(name, description string, members ...*person) simulate.Record {
	list := []any{}
	for _, p := range members {
		list = append(list, map[string]any{
			"@odata.type": "#microsoft.graph.user", "id": p.id, "displayName": p.name, "userPrincipalName": p.upn, "mail": p.upn,
		})
	}
	nick := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	return w.object("group", guid("group", name), values{
		"displayName": name, "description": description, "mail": nick + "@contoso.com", "mailNickname": nick, "members": list,
	})
}

// Roles by name, with the ids that they have in every tenant.
var roles = map[string]string{
	"Global Administrator":      "62e90394-69f5-4237-9190-012177145e10",
	"Exchange Administrator":    "29232cdf-9323-42fd-ade2-1d097af3e4de",
	"Application Administrator": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
}

// role is the assignment of a role, or the right to activate it.
func (w *week) role(p *person, name string, active bool) simulate.Record {
	template := roles[name]
	v := values{
		"principalId": p.id, "roleDefinitionId": template, "principal.id": p.id, "principal.displayName": p.name,
		"principal.userPrincipalName": p.upn, "principal.mail": p.upn, "roleDefinition.id": template, "roleDefinition.displayName": name,
		"roleDefinition.templateId": template, "roleDefinition.description": name, "roleEligibilityScheduleId": guid("schedule", p.upn, name),
	}
	if active {
		v["roleEligibilityScheduleId"] = remove{}
		v["roleAssignmentScheduleId"] = guid("schedule", p.upn, name)
		v["assignmentType"] = "Assigned"
	}
	return w.object("role-eligibility", guid("role", p.upn, name), v)
}

// assigned lists roles that are held all the time.
func (w *week) assigned() []simulate.Record {
	return []simulate.Record{
		w.role(breakGlass1, "Global Administrator", true),
		w.role(breakGlass2, "Global Administrator", true),
	}
}

// eligible lists roles that must be activated.
func (w *week) eligible() []simulate.Record {
	return []simulate.Record{
		w.role(admCarla, "Global Administrator", false),
		w.role(admErik, "Application Administrator", false),
		w.role(admErik, "Exchange Administrator", false),
	}
}

func (w *week) registrations() []simulate.Record {
	var out []simulate.Record
	for _, p := range everybody() {
		v := values{"userPrincipalName": p.upnInTenant(), "userDisplayName": p.name, "lastUpdatedDateTime": "2026-11-02T04:10:00Z"}
		if p.guest {
			v["userType"] = "guest"
		}
		switch p {
		case admCarla, breakGlass1, breakGlass2:
			v["isAdmin"], v["methodsRegistered"] = true, []any{"passKeyDeviceBound"}
			v["isPasswordlessCapable"] = true
		case admErik:
			v["isAdmin"], v["isMfaRegistered"], v["isMfaCapable"] = true, false, false
			v["methodsRegistered"] = []any{}
		}
		out = append(out, w.object("registration-details", p.id, v))
	}
	return out
}

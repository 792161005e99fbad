package simulate

import (
	"fmt"
	"hash/fnv"
	"strings"
)

func o365Audit(r Record) object {
	f := r.Fields
	target, _ := firstOf(f["targetResources"]).(map[string]any)
	operation := text(f["activityDisplayName"])
	if !strings.HasSuffix(operation, " ") { // two names end in a blank, and get no dot
		operation += "."
	}
	var details object
	for _, d := range list(f["additionalDetails"]) {
		details = append(details, member{text(dig(d, "key")), text(dig(d, "value"))})
	}
	modified := []any{}
	for _, m := range list(target["modifiedProperties"]) {
		name := text(dig(m, "displayName"))
		modified = append(modified, object{
			{"Name", name}, {"NewValue", plainValue(name, dig(m, "newValue"))}, {"OldValue", plainValue(name, dig(m, "oldValue"))},
		})
	}
	who := initiator(f)
	objectID, targets := o365Target(r.Tenant, target)
	o := object{
		{"CreationTime", retime(f["activityDateTime"], layoutNoZone)},
		{"Id", derivedGUID("o365", text(f["id"]))},
		{"Operation", operation},
		{"OrganizationId", r.Tenant},
		{"RecordType", 8},
		{"ResultStatus", capital(text(f["result"]))},
		{"UserKey", who.key},
		{"UserType", who.typ},
		{"Version", 1},
		{"Workload", "AzureActiveDirectory"},
	}
	ip := text(dig(f, "initiatedBy", "user", "ipAddress"))
	o = o.add("ClientIP", ip)
	o = append(o, object{
		{"ObjectId", objectID},
		{"UserId", who.id},
		{"AzureActiveDirectoryEventType", 1},
		{"ExtendedProperties", []any{
			nameValue("additionalDetails", jsonText(append(object{}, details...))),
			nameValue("extendedAuditEventCategory", extendedCategory(text(f["activityDisplayName"]), text(f["category"]), text(target["type"]))),
		}},
		{"ModifiedProperties", modified},
		{"Actor", who.actor},
		{"ActorContextId", r.Tenant},
	}...)
	o = o.add("ActorIpAddress", ip)
	return append(o, object{
		{"InterSystemsId", f["correlationId"]},
		{"IntraSystemId", derivedGUID("intra", text(f["id"]))},
		{"SupportTicketId", ""},
		{"Target", targets},
		{"TargetContextId", r.Tenant},
	}...)
}

func firstOf(v any) any {
	if l := list(v); len(l) > 0 {
		return l[0]
	}
	return nil
}

// plainValue undoes Graph's encoding of a modified property as the unified
// audit log does: scalars lose their quotes, arrays are indented.
func plainValue(name string, v any) string {
	s := text(v)
	parsed, err := parseJSON(s)
	switch {
	case err != nil:
		return s
	case structured(parsed):
		return prettyText(parsed, "\r\n")
	case name == "Included Updated Properties":
		names := strings.Split(strings.ReplaceAll(text(parsed), " ", ""), ",")
		return strings.Join(names, ", ")
	case strings.HasSuffix(name, "DateTime"):
		return text(retime(parsed, layoutUS))
	}
	return text(parsed)
}

type actor struct {
	id, key string
	typ     int
	actor   []any
}

func initiator(f map[string]any) actor {
	if user := dig(f, "initiatedBy", "user"); user != nil {
		id, upn := text(dig(user, "id")), text(dig(user, "userPrincipalName"))
		a := actor{id: orElse(upn, "Not Available"), key: "Not Available"}
		if upn != "" {
			_, domain, _ := strings.Cut(upn, "@")
			a.key = puid(id) + "@" + domain
			a.actor = append(a.actor, identity(upn, 5), identity(puid(id), 3))
		} else if name := text(dig(user, "displayName")); name != "" {
			a.actor = append(a.actor, identity(name, 1))
		}
		a.actor = append(a.actor, classed("User", id)...)
		return a
	}
	app := dig(f, "initiatedBy", "app")
	sp := text(dig(app, "servicePrincipalId"))
	a := actor{id: "ServicePrincipal_" + sp, key: "Not Available", typ: 4, actor: []any{identity(text(dig(app, "displayName")), 1)}}
	if appID := text(dig(app, "appId")); appID != "" {
		a.actor = append(a.actor, identity(appID, 2))
	}
	if sp == "" { // parts of Entra itself
		a.id = "Certificate"
		a.actor = append(a.actor, identity(a.id, 2), identity("Other", 2))
		return a
	}
	a.actor = append(a.actor, classed("ServicePrincipal", sp)...)
	return a
}

// classed lists an object's id in the three ways of Actor and Target.
func classed(class, id string) []any {
	return []any{identity(class+"_"+id, 2), identity(id, 2), identity(class, 2)}
}

// puid returns the 16 digits that Exchange and others know a user by.
func puid(objectID string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(objectID))
	return fmt.Sprintf("1003%012X", h.Sum64()&0xffff_ffff_ffff)
}

func o365Target(tenant string, t map[string]any) (objectID string, ids []any) {
	class, id, name := text(t["type"]), text(t["id"]), text(t["displayName"])
	switch class {
	case "User":
		upn := text(t["userPrincipalName"])
		return orElse(upn, id), append(classed(class, id), identity(upn, 5), identity(puid(id), 3))
	case "ServicePrincipal":
		names := ""
		for _, m := range list(t["modifiedProperties"]) {
			if dig(m, "displayName") == "TargetId.ServicePrincipalNames" {
				names = plainValue("", dig(m, "newValue"))
			}
		}
		ids = append(classed(class, id), identity(name, 1))
		if names != "" {
			ids = append(ids, identity(names, 4))
		}
		return orElse(names, id), ids
	case "Directory":
		ids = classed("Company", orElse(id, tenant))
		ids[2] = identity(class, 2)
		return "Company_" + orElse(id, tenant), append(ids, identity(name, 1))
	case "Group", "Application", "Role", "Device":
		ids = classed(class, id)
	default: // policies and the like
		ids = classed(orElse(class, "Other"), id)
		ids[2] = identity("Other", 2)
	}
	return orElse(class, "Other") + "_" + id, append(ids, identity(name, 1))
}

// extendedCategory gives the class of object that the unified audit log files a
// change under, which is not Entra's category.
func extendedCategory(activity, category, targetType string) string {
	lower := strings.ToLower(activity)
	switch {
	case category == "RoleManagement":
		return "Role"
	case category == "GroupManagement":
		return "Group"
	case category == "UserManagement":
		return "User"
	case strings.Contains(lower, "service principal") || strings.Contains(lower, "delegated permission") || strings.HasPrefix(lower, "consent"):
		return "ServicePrincipal"
	case strings.Contains(lower, "application"):
		return "Application"
	case targetType == "Directory":
		return "Company"
	}
	return orElse(targetType, "Other")
}

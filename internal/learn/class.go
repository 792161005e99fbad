package learn

import "slices"

// classSource is what approved_sources lists: who makes accounts.
const classSource = "approved_sources"

// A change is an activity of the audit log and the classes of approved_actors
// that it belongs to: those whose rules ask who did it.
type change struct {
	classes    []string
	activities []string
}

// changes lists the activities in the form in which the event knows them.
var changes = []change{
	{[]string{"user_lifecycle", "consumer_lifecycle", classSource}, []string{"add user"}},
	{[]string{"user_lifecycle", "consumer_lifecycle"}, []string{"delete user"}},
	{[]string{"user_lifecycle"}, []string{"update user", "disable account", "enable account", "restore user", "hard delete user"}},
	{[]string{"guest_inviters", classSource}, []string{"invite external user", "invite external user with reset invitation status"}},
	{[]string{"guest_inviters"}, []string{"invite internal user to b2b collaboration", "bulk invite users - finished (bulk)"}},
	{[]string{"role_assignment"}, []string{
		"add member to role", "remove member from role", "add eligible member to role", "remove eligible member from role",
		"add member to role in pim requested (permanent)", "add member to role in pim completed (permanent)",
		"add eligible member to role in pim requested (permanent)", "add eligible member to role in pim completed (permanent)",
		"add eligible member to role in pim requested (timebound)", "add eligible member to role in pim completed (timebound)",
		"add member to role request approved (pim activation)",
	}},
	{[]string{"conditional_access"}, []string{"add conditional access policy", "update conditional access policy", "delete conditional access policy"}},
	{[]string{"app_management"}, []string{
		"update application - certificates and secrets management", "create application - certificates and secrets management",
		"add service principal credentials", "update service principal", "update application", "add owner to application", "add owner to service principal",
	}},
	{[]string{"pim_settings"}, []string{"update role setting in pim", "disable pim alert", "update pim alert"}},
	{[]string{"identity_providers"}, []string{
		"create identity provider", "update identity provider", "delete identity provider", "create custom identity provider",
		"update custom identity provider", "update local identity provider",
	}},
	{[]string{"custom_policies"}, []string{"create custom policy", "update custom policy", "delete custom policy"}},
	{[]string{"user_flows"}, []string{"create user flow", "update user flow", "delete user flow"}},
	{[]string{"api_connectors"}, []string{"create api connector", "update api connector", "delete api connector"}},
	{[]string{"sync"}, []string{"set dirsyncenabled flag", "set dirsync feature", "update attribute mappings or scope"}},
}

func classesOf(activity string) []string {
	for _, c := range changes {
		if slices.Contains(c.activities, activity) {
			return c.classes
		}
	}
	return nil
}

// givesRole reports whether an activity gives its target a role. Activating
// one tells as much of who has it.
func givesRole(activity string) bool {
	switch activity {
	case "add member to role", "add eligible member to role", "add member to role completed (pim activation)",
		"add member to role in pim completed (permanent)", "add eligible member to role in pim completed (permanent)",
		"add eligible member to role in pim completed (timebound)":
		return true
	}
	return false
}

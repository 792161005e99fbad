package baseline

import (
	"time"

	"github.com/entrawatch/entrawatch/internal/ascii"
)

func tenantFields() []Field {
	return []Field{
		{
			Name: "baseline.tenant.b2c", Doc: "the tenant is of kind b2c", Needs: []string{"b2c_tenants"},
			Compute: func(v *View, _ Facts) (string, bool) { return yesNoIf(v.kind == B2C, v.in["b2c_tenants"].val != nil) },
		},
		{
			Name: "baseline.home_tenant", Doc: "the user's home tenant is home_tenant_id or one of tenants",
			Needs: []string{"home_tenant_id"}, Compute: func(v *View, f Facts) (string, bool) {
				own, known := v.ownTenant(f.HomeTenant())
				return yesNoIf(own, known)
			},
		},
		{
			Name: "baseline.resource_tenant.foreign", Doc: "the tenant signed in to is neither home_tenant_id nor one of tenants",
			Needs: []string{"home_tenant_id"}, Compute: func(v *View, f Facts) (string, bool) {
				own, known := v.ownTenant(f.ResourceTenant())
				return yesNoIf(!own, known)
			},
		},
		{
			Name: "baseline.resource_tenant.partner", Doc: "the tenant signed in to is in partner_organizations, which need not be set",
			Compute: func(v *View, f Facts) (string, bool) {
				id := f.ResourceTenant()
				return yesNoIf(v.names["partner_organizations"].has(id), id != "")
			},
		},
	}
}

func (v *View) ownTenant(id string) (own, known bool) {
	if id == "" || len(v.own) == 0 {
		return false, false
	}
	var buf [64]byte
	return v.own[string(ascii.AppendLower(buf[:0], id))], true
}

func legacyRetired(v *View, f Facts) (string, bool) {
	since, ok := v.in["legacy_auth_disabled_since"].val.(time.Time)
	t := f.Time()
	return yesNoIf(!t.Before(since), ok && !t.IsZero())
}

package detect

import (
	"slices"
	"testing"
)

// TestVaultRequests: what a rule looks for in the Azure Activity log is found
// in the log of the vault, and still where the rule looks.
func TestVaultRequests(t *testing.T) {
	for action, request := range vaultRequests {
		e := engineOf(t, "", rule("activitylogs", "selection: {operationName: "+action+"}"))
		if works := e.Check()[0].WorksOn; !slices.Equal(works, []string{"diagnostic", "resource-manager", "log-analytics"}) {
			t.Errorf("%s: works on %v", action, works)
		}
		p := newPipe(t, e)
		if !p.fires(t, 0, base(t, "keyvault-secret-get", set("operationName", request))) {
			t.Errorf("%s: does not match the request %s", action, request)
		}
		if p.fires(t, 0, base(t, "keyvault-secret-get", nil)) {
			t.Errorf("%s: matches the request SecretGet", action)
		}
		if !p.fires(t, 0, base(t, "activity", set("operationName.value", action))) {
			t.Errorf("%s: does not match the operation itself", action)
		}
	}
}

// TestOtherRulesStayInTheirLog: only rules that name such an action read the
// log of the vault.
func TestOtherRulesStayInTheirLog(t *testing.T) {
	e := engineOf(t, "", rule("activitylogs", "selection: {operationName: [Microsoft.KeyVault/vaults/write, SecretSet]}"))
	if newPipe(t, e).fires(t, 0, base(t, "keyvault-secret-get", set("operationName", "SecretSet"))) {
		t.Error("a rule on Azure Activity matches a request to a vault")
	}
}

package detect

import (
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/sigma"
)

// vaultRequests are the data actions of a vault, and what the vault's own log
// calls the request. Public rules look for the actions in the Azure Activity
// log, which holds what is done to the vault itself but no request for a key
// or a secret.
var vaultRequests = map[string]string{
	"microsoft.keyvault/vaults/keys/update/action":       "KeyUpdate",
	"microsoft.keyvault/vaults/keys/create":              "KeyCreate",
	"microsoft.keyvault/vaults/keys/create/action":       "KeyCreate",
	"microsoft.keyvault/vaults/keys/import/action":       "KeyImport",
	"microsoft.keyvault/vaults/keys/recover/action":      "KeyRecover",
	"microsoft.keyvault/vaults/keys/restore/action":      "KeyRestore",
	"microsoft.keyvault/vaults/keys/delete":              "KeyDelete",
	"microsoft.keyvault/vaults/keys/backup/action":       "KeyBackup",
	"microsoft.keyvault/vaults/keys/purge/action":        "KeyPurge",
	"microsoft.keyvault/vaults/secrets/delete":           "SecretDelete",
	"microsoft.keyvault/vaults/secrets/backup/action":    "SecretBackup",
	"microsoft.keyvault/vaults/secrets/purge/action":     "SecretPurge",
	"microsoft.keyvault/vaults/secrets/update/action":    "SecretUpdate",
	"microsoft.keyvault/vaults/secrets/recover/action":   "SecretRecover",
	"microsoft.keyvault/vaults/secrets/restore/action":   "SecretRestore",
	"microsoft.keyvault/vaults/secrets/setsecret/action": "SecretSet",
}

// vaultRequest finds the request that a rule's operation stands for.
func vaultRequest(field string, v sigma.Value) (name string, ok bool) {
	if compatField(field) != "operationname" {
		return "", false
	}
	name, ok = vaultRequests[strings.ToLower(v.Text)]
	return name, ok
}

// redirect sends rules on the Azure Activity log to where what they look for is
// logged: activities to the directory audit log, requests to a vault also to
// the vault's log.
func redirect(r *Rule, sources []source) []source {
	if len(sources) != 1 || sources[0].kind != event.Activity {
		return sources
	}
	audit, vault := false, false
	for _, s := range r.Match.Searches {
		sigma.Walk(s.Node, func(n sigma.Node, _ bool) {
			it, ok := n.(*sigma.Item)
			if !ok {
				return
			}
			audit = audit || compatField(it.Field) == "message"
			vault = vault || slices.ContainsFunc(it.Values, func(v sigma.Value) bool {
				_, ok := vaultRequest(it.Field, v)
				return ok
			})
		})
	}
	switch {
	case audit:
		return []source{{kind: event.Audit}}
	case vault:
		return []source{sources[0], {kind: event.KeyVault}}
	}
	return sources
}

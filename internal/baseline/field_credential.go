package baseline

import (
	"encoding/json"
	"strings"
)

func credentialFields() []Field {
	return []Field{
		{
			Name: "baseline.credential.added", Doc: "KeyDescription holds a KeyIdentifier that the old value does not",
			Compute: func(_ *View, f Facts) (string, bool) {
				added, known := addedCredentials(f)
				return yesNoIf(len(added) > 0, known)
			},
		},
		{
			Name: "baseline.credential.allowed_type", Doc: "the KeyType of every added credential is in allowed_credential_types; no answer if none was added",
			Needs: []string{"allowed_credential_types"}, Compute: func(v *View, f Facts) (string, bool) {
				set := v.names["allowed_credential_types"]
				added, _ := addedCredentials(f)
				if set == nil || len(added) == 0 {
					return "", false
				}
				for _, c := range added {
					if !set.has(c.kind) {
						return "false", true
					}
				}
				return "true", true
			},
		},
	}
}

type credential struct{ id, kind string }

// addedCredentials compares the sets of key identifiers of old and new value:
// the same activity is logged when a credential is removed.
func addedCredentials(f Facts) (added []credential, known bool) {
	const property = "KeyDescription"
	_, isNew := f.Property(property, 0)
	_, isOld := f.PropertyOld(property, 0)
	old := map[string]bool{}
	for _, v := range values(f.PropertyOld, property) {
		if c, ok := parseCredential(v); ok {
			old[lower(c.id)] = true
		}
	}
	for _, v := range values(f.Property, property) {
		if c, ok := parseCredential(v); ok && !old[lower(c.id)] {
			added = append(added, c)
		}
	}
	return added, isNew || isOld
}

// parseCredential reads "[KeyIdentifier=…,KeyType=Password,KeyUsage=Verify,
// DisplayName=…]". The display name comes last and may hold anything, so that
// only what stands before it counts.
func parseCredential(item string) (credential, bool) {
	item = strings.TrimPrefix(strings.TrimSpace(item), "[")
	var c credential
	for part := range strings.SplitSeq(item, ",") {
		name, value, _ := strings.Cut(part, "=")
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "]"))
		switch strings.TrimSpace(name) {
		case "KeyIdentifier":
			c.id = value
		case "KeyType":
			c.kind = value
		case "DisplayName":
			return c, c.id != ""
		}
	}
	return c, c.id != ""
}

// elements returns the strings of a JSON array, or the text itself if it is none.
func elements(text string) []string {
	t := strings.TrimSpace(text)
	if !strings.HasPrefix(t, "[") {
		return []string{text}
	}
	var list []string
	if json.Unmarshal([]byte(t), &list) != nil {
		return []string{text}
	}
	return list
}

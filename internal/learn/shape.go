package learn

import (
	"regexp"
	"strings"
)

// shapeOf is the regular expression of names like a user principal name: runs
// of letters and of digits stand for any, the rest, and the domain, for itself.
func shapeOf(upn string) string {
	upn = strings.ToLower(upn)
	local, domain, ok := strings.Cut(upn, "@")
	if !ok || local == "" || domain == "" || len(upn) > 100 || strings.Contains(upn, "#ext#") {
		return ""
	}
	var b strings.Builder
	b.WriteByte('^')
	last := byte(0)
	for _, r := range local {
		class := byte(0)
		switch {
		case r >= 'a' && r <= 'z':
			class = 'a'
		case r >= '0' && r <= '9':
			class = '0'
		case r == '.' || r == '-' || r == '_':
		default:
			return "" // rare, and for a person to look at
		}
		switch {
		case class == 0:
			b.WriteString(regexp.QuoteMeta(string(r)))
		case class == last:
		case class == 'a':
			b.WriteString("[a-z]+")
		default:
			b.WriteString("[0-9]+")
		}
		last = class
	}
	b.WriteString("@" + regexp.QuoteMeta(domain) + "$")
	return b.String()
}

// relief matches what emergency accounts are mostly called.
var relief = regexp.MustCompile(`(?i)break.?glass|emergency|notfall|firecall|\bbtg\b`)

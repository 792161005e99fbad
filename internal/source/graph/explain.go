package graph

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A need is what reading something takes.
type need struct {
	what    string   // that is read
	any     []string // one of these permissions
	licence string   // "" = none
	azure   bool     // a role in Azure instead of a permission
}

// explain says what an error means to the operator.
func explain(err error, n need) *source.Problem {
	r := (*azure.Refusal)(nil)
	switch {
	case errors.Is(err, azure.ErrBroken):
		return &source.Problem{What: "Microsoft Graph gives no usable answer for " + n.what, Err: err, Hint: "asked again by and by; if it stays so, look for a proxy that changes answers"}
	case !errors.As(err, &r):
		return azure.Explain("Microsoft Graph", err)
	}
	p := &source.Problem{What: n.what + " cannot be read", Err: r}
	switch {
	case r.Status == http.StatusTooManyRequests:
		p.What, p.Err = "Microsoft Graph is throttling "+n.what, nil
		p.Hint = "nothing is lost, it is only late; fewer applications that read the logs of this tenant leave more for this one"
	case r.Status >= 500:
		p.What, p.Hint = "Microsoft Graph fails to answer for "+n.what, "asked again by and by; the service health of the tenant may say more"
	case r.Status == http.StatusUnauthorized:
		p.What, p.Hint = "Microsoft Graph does not accept the token for "+n.what, "check the clock of this machine, entra.cloud, and whether the application is enabled in Entra under Enterprise applications"
	case n.azure && (r.Status == http.StatusForbidden || r.Status == http.StatusNotFound):
		p.Final = true
		p.Hint = "give the application the role Reader on the subscription or management group, in Azure under Access control (IAM)"
	case unlicensed(r):
		p.Final = true
		p.What = n.what + " cannot be read without the licence " + orSome(n.licence)
		p.Hint = "get the licence for the tenant, or take the name out of the configuration"
	case r.Status == http.StatusForbidden && r.Claims.Has(n.any...):
		p.Final = true
		p.Hint = "the token has the permission " + n.any[0] + ", so the licence is missing" + licensed(n.licence) + ", or the permission was granted a few minutes ago"
	case r.Status == http.StatusForbidden:
		p.Final = true
		p.What = n.what + " cannot be read without the permission " + strings.Join(n.any, " or ")
		p.Hint = "add the application permission (not the delegated one) " + n.any[0] + " in the app registration under API permissions, Microsoft Graph, and grant admin consent"
	case r.Status == http.StatusNotFound || strings.Contains(r.Message, "not found for the segment"):
		p.Final = true
		p.What = n.what + " is not there in this cloud"
		p.Hint = "take the name out of the configuration, or check entra.cloud"
	default:
		p.Final = true
		p.Hint = "Microsoft Graph refuses the question with status " + strconv.Itoa(r.Status) + "; report this as a fault of entrawatch, with the version"
	}
	return p
}

// unlicensed reports whether an answer says that a licence is missing.
func unlicensed(r *azure.Refusal) bool {
	if r.Status != http.StatusForbidden && r.Status != http.StatusBadRequest {
		return false
	}
	text := strings.ToLower(r.Code + " " + r.Message)
	for _, sign := range []string{"nonpremiumtenant", "premium license", "premiumlicense", "not licensed", "license required", "licenserequired", "needs to have microsoft entra"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func orSome(licence string) string {
	if licence == "" {
		return "that Microsoft Graph asks for"
	}
	return licence
}

func licensed(licence string) string {
	if licence == "" {
		return ""
	}
	return " (" + licence + ")"
}

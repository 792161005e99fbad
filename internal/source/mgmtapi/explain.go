package mgmtapi

import (
	"errors"
	"net/http"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

const api = "the Office 365 Management Activity API"

// refusals lists what the API's codes mean to the operator.
var refusals = map[string]struct {
	what, hint string
	final      bool
}{
	"AF10001": {"the token lacks the permission to read activity", "add the application permission ActivityFeed.Read (for DLP.All also ActivityFeed.ReadDlp) in the app registration under API permissions, Office 365 Management APIs, and grant admin consent", true},
	"AF20010": {"the token is for another tenant", "check entra.tenant", true},
	"AF20011": {"the API does not know the tenant", "check entra.tenant and entra.cloud, and turn auditing on in Microsoft Purview under Audit", true},
	"AF20012": {"the tenant is not set up for the API", "turn auditing on in Microsoft Purview under Audit; it takes some hours", true},
	"AF20013": {"the tenant's id is not valid", "write the id in entra.tenant", true},
	"AF20020": {"the API does not know this type of content", "check content and entra.cloud", true},
	"AF20022": {"there is no subscription to this content", "one is started by itself; nothing needs to be done", false},
	"AF20023": {"an administrator has disabled the subscription", "ask who did, then start it again by taking this source out of the configuration and in again, or with a POST to subscriptions/start", true},
	"AF20030": {"the API refuses the window of time", "check the clock of this machine", false},
	"AF20055": {"the API refuses the window of time", "check the clock of this machine", false},
	"AF429":   {api + " is throttling", "nothing is lost, it is only late; set publisher to the tenant of whoever runs this, to get a share of its own", false},
	"AF50000": {api + " fails to answer", "asked again by and by", false},
}

// explain says what an error means to the operator.
func explain(err error) *source.Problem {
	r := (*azure.Refusal)(nil)
	switch {
	case errors.Is(err, azure.ErrBroken):
		return &source.Problem{What: api + " gives no usable answer", Err: err, Hint: "asked again by and by; if it stays so, look for a proxy that changes answers"}
	case !errors.As(err, &r):
		return azure.Explain(api, err)
	}
	if x, ok := refusals[r.Code]; ok && r.Status != http.StatusUnauthorized {
		return &source.Problem{What: x.what + " (" + r.Code + ")", Hint: x.hint, Final: x.final}
	}
	p := &source.Problem{What: api + " refuses", Err: r, Hint: "look at the permissions of the app registration and whether auditing is on in Microsoft Purview under Audit"}
	switch {
	case r.Status == http.StatusTooManyRequests:
		p.What, p.Hint, p.Err = refusals["AF429"].what, refusals["AF429"].hint, nil
	case r.Status >= 500:
		p.What, p.Hint = refusals["AF50000"].what, refusals["AF50000"].hint
	case r.Status == http.StatusUnauthorized:
		p.What, p.Hint = api+" does not accept the token", "check the clock of this machine, entra.cloud, and whether the application is enabled in Entra under Enterprise applications"
	case r.Status == http.StatusForbidden:
		p.What, p.Hint, p.Final = refusals["AF10001"].what, refusals["AF10001"].hint, true
	}
	return p
}

// lost reports whether a blob is gone for good.
func lost(err error) bool {
	r := (*azure.Refusal)(nil)
	if !errors.As(err, &r) {
		return false
	}
	switch r.Code {
	case "AF20050", "AF20051", "AF20052":
		return true
	}
	return r.Status == http.StatusGone
}

// coded reports whether an error has one of some codes.
func coded(err error, codes ...string) bool {
	r := (*azure.Refusal)(nil)
	if errors.As(err, &r) {
		for _, c := range codes {
			if r.Code == c {
				return true
			}
		}
	}
	return false
}

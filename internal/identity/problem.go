package identity

import (
	"errors"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entrawatch/entrawatch/internal/source"
)

// reasons are the errors of Microsoft Entra ID that somebody must mend.
var reasons = map[string]struct{ what, hint string }{
	"AADSTS700016":  {"the application is not known in this tenant", "check client and tenant against the overview page of the app registration"},
	"AADSTS90002":   {"the tenant does not exist", "check tenant: it is the Directory (tenant) ID; in a national cloud set cloud as well"},
	"AADSTS900023":  {"the tenant is neither an id nor a domain", "check tenant: it is the Directory (tenant) ID"},
	"AADSTS7000215": {"the client secret is wrong", "copy the value of the secret, not its id; make a new one under Certificates & secrets if it is lost"},
	"AADSTS7000222": {"the client secret has expired", "make a new one under Certificates & secrets of the app registration, and put it where the configuration says"},
	"AADSTS7000112": {"the application is disabled", "enable sign-in under Properties of the enterprise application"},
	"AADSTS700027":  {"the certificate is not known, or has expired", "upload it under Certificates & secrets of the app registration"},
	"AADSTS700211":  {"no federated credential matches the issuer of the token", "add one under Certificates & secrets of the app registration, with the issuer of the cluster"},
	"AADSTS70021":   {"no federated credential matches the service account", "add one under Certificates & secrets of the app registration, with issuer and subject of the service account"},
	"AADSTS500011":  {"what the token is for is not known in this tenant", "check the address of the service, and that it belongs to this tenant"},
	"AADSTS53003":   {"Conditional Access blocks the sign-in", "exclude the service's own principal from the policy, or allow its address"},
}

var code = regexp.MustCompile(`AADSTS[0-9]+`)

// Explain returns what kept a credential from giving a token, nil if err is not
// about that.
func Explain(err error) *source.Problem {
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) {
		return nil
	}
	id := code.FindString(failed.Error())
	if r, ok := reasons[id]; ok {
		// The error itself holds whole requests; its number says enough.
		return &source.Problem{What: "signing in to Microsoft Entra ID failed: " + r.what + " (" + id + ")", Hint: r.hint, Final: true}
	}
	return &source.Problem{
		What: "signing in to Microsoft Entra ID failed",
		Hint: "look at method, tenant and client, and for the sign-in log of service principals in the Entra admin center", Err: err,
	}
}

package azure

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entrawatch/entrawatch/internal/source"
)

// refusals lists the errors of Entra's token endpoint that a configuration or an
// administrator can cause.
var refusals = []struct{ code, what, hint string }{
	{"AADSTS7000222", "the client secret has expired", "make a new one in the app registration under Certificates & secrets and put its value where the configuration says"},
	{"AADSTS7000215", "Entra does not accept the client secret", "put the secret's value, not its id, where the configuration says; if it is lost, make a new one under Certificates & secrets"},
	{"AADSTS7000216", "Entra expects a secret or a certificate for this application", "check entra.method"},
	{"AADSTS700027", "Entra does not know the certificate", "upload its public part in the app registration under Certificates & secrets"},
	{"AADSTS1000502", "the certificate is outside its time of validity", "make a new one, upload its public part in the app registration and put the file where the configuration says"},
	{"AADSTS700016", "the tenant has no application with this client id", "check entra.client and entra.tenant; an application of another tenant needs the consent of an administrator of this one"},
	{"AADSTS90002", "there is no such tenant", "check entra.tenant, and entra.cloud: each national cloud has tenants of its own"},
	{"AADSTS900382", "the tenant is in another cloud", "set entra.cloud to the one in which the tenant is"},
	{"AADSTS900021", "entra.tenant is not valid", "write the tenant's id"},
	{"AADSTS90038", "the tenant is in another cloud", "set entra.cloud to the one in which the tenant is"},
	{"AADSTS7000112", "the application is disabled", "enable it in Entra under Enterprise applications, Properties"},
	{"AADSTS7000229", "the application has no service principal in the tenant", "grant admin consent in the app registration under API permissions"},
	{"AADSTS53003", "a Conditional Access policy blocks the application", "exclude its service principal from the policy, or allow the addresses from which it signs in"},
	{"AADSTS530003", "a Conditional Access policy blocks the application", "exclude its service principal from the policy"},
	{"AADSTS70021", "no federated credential matches the workload's token", "compare issuer, subject and audience of the federated credential in the app registration with the token"},
	{"AADSTS700211", "no federated credential has the issuer of the workload's token", "compare issuer, subject and audience of the federated credential in the app registration with the token"},
	{"AADSTS700213", "no federated credential has the subject of the workload's token", "compare issuer, subject and audience of the federated credential in the app registration with the token"},
	{"AADSTS700024", "the certificate's or the workload's assertion is outside its time of validity", "check the clock of this machine"},
	{"AADSTS500011", "the tenant does not know the service that is asked", "check entra.cloud; the service may not be set up in this tenant"},
}

var aadsts = regexp.MustCompile(`AADSTS\d+`)

// Explain says what an error that came in place of an answer, or of a token,
// means to the operator. from names who was asked.
func Explain(from string, err error) *source.Problem {
	if p := (*source.Problem)(nil); errors.As(err, &p) {
		return p
	}
	text := err.Error()
	code := aadsts.FindString(text)
	for _, r := range refusals {
		if r.code == code {
			return &source.Problem{What: r.what + " (" + code + ")", Hint: r.hint, Final: true}
		}
	}
	failed := (*azidentity.AuthenticationFailedError)(nil)
	// The identity library hands on the texts of errors only.
	p := &source.Problem{What: "no answer from " + from, Err: errors.New(brief(text)), Hint: "asked again by and by; check the network, the proxy and the firewall"}
	switch {
	case errors.Is(err, context.DeadlineExceeded), strings.Contains(text, context.DeadlineExceeded.Error()):
		p.What, p.Err = from+" took too long to answer", nil
	case strings.Contains(text, "no such host"):
		p.What, p.Hint = "the name of "+from+" is not known to the name servers", "check DNS and entra.cloud"
	case strings.Contains(text, "failed to verify certificate"):
		p.What, p.Hint = "the certificate of "+from+" is not trusted", "a proxy that opens TLS needs its authority among those that this machine trusts"
	case code != "":
		p.What, p.Hint = "Entra issues no token ("+code+")", "look the code up at https://login.microsoftonline.com/error"
	case errors.As(err, &failed):
		p.What, p.Hint = "Entra issues no token", "check entra, the network and the proxy"
	case strings.Contains(text, "WorkloadIdentityCredential"):
		p.What, p.Hint = "this pod has no workload identity", "label it azure.workload.identity/use, annotate its service account with the client id, and start it again; or use another entra.method"
	case strings.Contains(text, "ManagedIdentityCredential"):
		p.What, p.Hint = "this machine has no managed identity", "turn one on in Azure, or use another entra.method"
	}
	return p
}

// ExplainSignIn says what kept Entra, or the machine, from giving a token; nil if
// err is about something else.
func ExplainSignIn(err error) *source.Problem {
	failed := (*azidentity.AuthenticationFailedError)(nil)
	if errors.As(err, &failed) || strings.Contains(err.Error(), "ManagedIdentityCredential") || strings.Contains(err.Error(), "WorkloadIdentityCredential") {
		return Explain("Microsoft Entra ID", err)
	}
	return nil
}

// brief shortens an error to its first lines' worth: those of the identity
// library hold the whole answer.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const most = 300
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Tolerance is by how much clocks may differ.
const Tolerance = 5 * time.Minute

// ExplainSkew returns nil if the clocks agree well enough.
func ExplainSkew(skew time.Duration) error {
	if skew.Abs() <= Tolerance {
		return nil
	}
	side := "behind"
	if skew < 0 {
		side = "ahead of"
	}
	return &source.Problem{
		What: "the clock of this machine is " + skew.Abs().Round(time.Second).String() + " " + side + " that of Microsoft",
		Hint: "set it, and have it set over the network (NTP); until then logs are read by the clock of Microsoft",
	}
}

package azure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

// The methods by which a source proves who it is.
const (
	BySecret           = "secret"
	ByCertificate      = "certificate"
	ByManagedIdentity  = "managed-identity"
	ByWorkloadIdentity = "workload-identity"
)

var methods = []string{BySecret, ByCertificate, ByManagedIdentity, ByWorkloadIdentity}

// Auth is the section entra of sources: as whom they sign in to Microsoft Entra
// ID.
type Auth struct {
	// Tenant is the id of the tenant, or one of its domains. A managed identity and
	// a workload identity know theirs.
	Tenant string `yaml:"tenant"`
	// Client is the application (client) id. With a managed identity it picks one
	// that was assigned by hand; without it the machine's own is used.
	Client string `yaml:"client"`
	// Method is secret, certificate, managed-identity (of a machine in Azure) or
	// workload-identity (in Kubernetes). Where it is not given, the secret or the
	// certificate says it.
	Method string `yaml:"method"`
	// Secret is a client secret: its value, not its id.
	Secret setting.Secret `yaml:"secret"`
	// Certificate is a certificate with its private key: PEM whose key is not locked,
	// PFX, or PFX in Base64 as Key Vault gives it.
	Certificate setting.Secret `yaml:"certificate"`
	// CertificatePassword opens a locked PFX.
	CertificatePassword setting.Secret `yaml:"certificate_password"`
	// TokenFile holds the token of a workload identity; the default is what the
	// environment variable AZURE_FEDERATED_TOKEN_FILE names.
	TokenFile setting.Path `yaml:"token_file"`
	// Cloud is global, us-gcc, us-gov-l4, us-gov-l5 or china; the default is global.
	Cloud string `yaml:"cloud"`
}

// Section is the key of the section in all sources that have it.
const Section = "entra"

// Configured reports whether the section says anything.
func (a Auth) Configured() bool {
	return a.Tenant+a.Client+a.Method+string(a.TokenFile)+a.Cloud != "" ||
		a.Secret.Configured() || a.Certificate.Configured() || a.CertificatePassword.Configured()
}

// By is the method that is used; "" if none can be told.
func (a Auth) By() string {
	switch {
	case a.Method != "":
		return a.Method
	case a.Secret.Configured() && !a.Certificate.Configured():
		return BySecret
	case a.Certificate.Configured() && !a.Secret.Configured():
		return ByCertificate
	}
	return ""
}

var (
	guid   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	domain = regexp.MustCompile(`^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$`)
)

// TenantID is the tenant where it is given by its id, else "".
func (a Auth) TenantID() string {
	if guid.MatchString(a.Tenant) {
		return strings.ToLower(a.Tenant)
	}
	return ""
}

// Problems lists what is wrong, with keys from the section of the source on.
func (a Auth) Problems() []setting.Problem {
	var out []setting.Problem
	add := func(name, what, hint string) {
		out = append(out, setting.Problem{Key: Section + "." + name, What: what, Hint: hint})
	}
	const overview = "the overview of the app registration in Entra shows it"
	if _, ok := Cloud(a.Cloud, Endpoints{}); !ok {
		add("cloud", "is not a cloud", "write one of "+strings.Join(Clouds(), ", "))
	}
	if a.Method != "" && !slices.Contains(methods, a.Method) {
		add("method", fmt.Sprintf("%q is no way to sign in", a.Method), setting.DidYouMean(a.Method, methods))
		return out
	}
	by := a.By()
	itself := by == ByManagedIdentity || by == ByWorkloadIdentity // Azure says who it is
	switch {
	case a.Tenant == "" && !itself:
		add("tenant", "is missing", "write the tenant's id; "+overview)
	case slices.Contains([]string{"common", "organizations", "consumers"}, a.Tenant):
		add("tenant", "names no tenant", "write the tenant's id; "+overview)
	case a.Tenant != "" && !guid.MatchString(a.Tenant) && !domain.MatchString(a.Tenant):
		add("tenant", "is neither an id nor a domain", "write an id such as 11111111-2222-3333-4444-555555555555, or contoso.onmicrosoft.com")
	}
	switch {
	case a.Client == "" && !itself:
		add("client", "is missing", "write the application (client) id; "+overview)
	case a.Client != "" && !guid.MatchString(a.Client):
		add("client", "is not an application id", "write the application (client) id, not the name; "+overview)
	}
	switch {
	case by == "" && a.Secret.Configured():
		add("method", "is missing: there are a secret and a certificate", "write method: secret or method: certificate, or remove one of them")
	case by == "":
		add("secret", "is missing", "name a secret or a certificate, or write method: managed-identity or method: workload-identity")
	case by == BySecret && !a.Secret.Configured():
		add("secret", "is missing", "name it with file or env; Certificates & secrets of the app registration makes one")
	case by == ByCertificate && !a.Certificate.Configured():
		add("certificate", "is missing", "name the file that holds certificate and private key")
	case itself && (a.Secret.Configured() || a.Certificate.Configured()):
		add("method", a.Method+" needs no secret and no certificate", "remove either")
	}
	if guid.MatchString(a.Secret.Text()) {
		add("secret", "looks like the id of a secret", "write its value, which Entra shows only once, when the secret is made")
	}
	if text := a.Certificate.Text(); by == ByCertificate && text != "" {
		if _, _, err := certificate(text, a.CertificatePassword.Text()); err != nil {
			add("certificate", "holds no certificate with its private key that can be read", certificateHint)
		}
	}
	return out
}

// CheckEnd looks at how long the certificate is valid. Where the section signs in
// with none there is nothing to look at: the end of a secret only Entra knows.
func (a Auth) CheckEnd(now time.Time) []source.Check {
	if a.By() != ByCertificate {
		return nil
	}
	certs, _, err := certificate(a.Certificate.Text(), a.CertificatePassword.Text())
	if err != nil || len(certs) == 0 {
		return []source.Check{{What: "certificate", Problem: err}}
	}
	return []source.Check{source.CheckEnd("certificate", certs[0].NotAfter, now,
		"make a new one, upload its public part under Certificates & secrets of the app registration, and put it where "+Section+".certificate says")}
}

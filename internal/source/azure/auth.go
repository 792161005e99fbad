package azure

import (
	"regexp"
	"slices"
	"strings"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// The methods by which a source proves who it is.
const (
	BySecret           = "secret"
	ByCertificate      = "certificate"
	ByManagedIdentity  = "managed-identity"
	ByWorkloadIdentity = "workload-identity"
)

var methods = []string{BySecret, ByCertificate, ByManagedIdentity, ByWorkloadIdentity}

// Auth is the section that says as which application a source signs in.
type Auth struct {
	// Tenant is the id of the tenant, or one of its domains.
	Tenant string `yaml:"tenant"`
	// Client is the application (client) id. With a managed identity it picks one
	// that was assigned by hand; without it the machine's own is used.
	Client string `yaml:"client"`
	// Method is secret, certificate, managed-identity or workload-identity. Where it
	// is not given, the secret or the certificate says it.
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
	TokenFile string `yaml:"token_file"`
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

// Problems lists what is wrong, each key below the given one.
func (a Auth) Problems(key string) []setting.Problem {
	var out []setting.Problem
	add := func(name, what, hint string) {
		out = append(out, setting.Problem{Key: key + "." + name, What: what, Hint: hint})
	}
	const overview = "the overview of the app registration in Entra shows it"
	switch {
	case a.Tenant == "":
		add("tenant", "is missing", "write the tenant's id; "+overview)
	case !guid.MatchString(a.Tenant) && !domain.MatchString(a.Tenant):
		add("tenant", "is neither an id nor a domain", "write an id such as 11111111-2222-3333-4444-555555555555, or contoso.onmicrosoft.com")
	case slices.Contains([]string{"common", "organizations", "consumers"}, a.Tenant):
		add("tenant", "names no tenant", "write the tenant's id; "+overview)
	}
	by := a.By()
	if a.Method != "" && !slices.Contains(methods, a.Method) {
		add("method", "is none of "+strings.Join(methods, ", "), "write one of them, or leave it out beside a secret or a certificate")
		return out
	}
	switch {
	case a.Client == "" && by != ByManagedIdentity && by != ByWorkloadIdentity:
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
	}
	if guid.MatchString(a.Secret.Text()) {
		add("secret", "looks like the id of a secret", "write its value, which Entra shows only once, when the secret is made")
	}
	return out
}

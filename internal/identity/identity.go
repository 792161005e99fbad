// Package identity says how the service signs in to Microsoft Entra ID, and
// explains why that fails. Sections of sources hold its Config; what asks for
// tokens with the credential is the source's client. It asks for none itself and
// knows nothing of what they are for.
package identity

import (
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// Ways to sign in, the values of Config.Method.
const (
	ManagedIdentity  = "managed_identity"
	WorkloadIdentity = "workload_identity"
	ClientSecret     = "client_secret"
	Certificate      = "certificate"
)

// Config is how to sign in to Microsoft Entra ID.
type Config struct {
	// Method is managed_identity (on a machine in Azure), workload_identity (in
	// Kubernetes), client_secret or certificate. Empty = do not sign in.
	Method string `yaml:"method"`
	// Tenant is the id of the directory, or one of its domains.
	Tenant string `yaml:"tenant"`
	// Client is the application (client) id. With managed_identity it picks one
	// of several user-assigned identities; without it the machine's own is used.
	Client string `yaml:"client"`
	// Secret is the client secret.
	Secret setting.Secret `yaml:"secret"`
	// Certificate holds certificate and private key in PEM.
	Certificate setting.Secret `yaml:"certificate"`
	// Cloud is public, usgovernment or china.
	Cloud string `yaml:"cloud"`
}

// Configured reports whether there is a way to sign in.
func (c Config) Configured() bool { return c.Method != "" }

// Clouds are the values of Config.Cloud.
var clouds = map[string]cloud.Configuration{
	"":             cloud.AzurePublic,
	"public":       cloud.AzurePublic,
	"usgovernment": cloud.AzureGovernment,
	"china":        cloud.AzureChina,
}

// Problems lists what is wrong with the values. Nothing is wrong with no method.
func (c Config) Problems() []setting.Problem {
	var out []setting.Problem
	wrong := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }
	if _, ok := clouds[c.Cloud]; !ok {
		wrong("cloud", fmt.Sprintf("%q is no cloud", c.Cloud), "write public, usgovernment or china")
	}
	switch c.Method {
	case "":
		if c.Tenant != "" || c.Client != "" || c.Secret.Configured() || c.Certificate.Configured() {
			wrong("method", "is missing", "write managed_identity, workload_identity, client_secret or certificate")
		}
		return out
	case ManagedIdentity, WorkloadIdentity, ClientSecret, Certificate:
	default:
		wrong("method", fmt.Sprintf("%q is no way to sign in", c.Method), "write managed_identity, workload_identity, client_secret or certificate")
		return out
	}
	if c.Method == ClientSecret || c.Method == Certificate {
		if c.Tenant == "" {
			wrong("tenant", "is missing", "it is on the overview page of the app registration: Directory (tenant) ID")
		}
		if c.Client == "" {
			wrong("client", "is missing", "it is on the overview page of the app registration: Application (client) ID")
		}
	}
	if (c.Method == ClientSecret) != c.Secret.Configured() {
		wrong("secret", "goes together with method: client_secret", "give both or neither")
	}
	if (c.Method == Certificate) != c.Certificate.Configured() {
		wrong("certificate", "goes together with method: certificate", "give both or neither")
	}
	if c.Method == Certificate && c.Certificate.Text() != "" {
		if _, _, err := azidentity.ParseCertificates([]byte(c.Certificate.Text()), nil); err != nil {
			wrong("certificate", "holds no certificate with its private key", "give a PEM file with both, without a password")
		}
	}
	return out
}

// Credential returns what gives tokens. Nothing is asked for before the first of
// them. A nil transport is the usual one.
func (c Config) Credential(transport policy.Transporter) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{Cloud: clouds[c.Cloud], Transport: transport}
	switch c.Method {
	case ManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if c.Client != "" {
			o.ID = azidentity.ClientID(c.Client)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case WorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, ClientID: c.Client, TenantID: c.Tenant,
		})
	case ClientSecret:
		return azidentity.NewClientSecretCredential(c.Tenant, c.Client, c.Secret.Text(), &azidentity.ClientSecretCredentialOptions{ClientOptions: options})
	case Certificate:
		certs, key, err := azidentity.ParseCertificates([]byte(c.Certificate.Text()), nil)
		if err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
		return azidentity.NewClientCertificateCredential(c.Tenant, c.Client, certs, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: options})
	}
	return nil, errors.New("no way to sign in is configured")
}

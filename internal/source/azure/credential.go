package azure

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entrawatch/entrawatch/internal/source"
)

// Credential returns what gets tokens for the application of a. It asks only the
// login endpoint of e, or, for a managed identity, the machine. A credential
// remembers its tokens; a new one asks for new ones.
func Credential(a Auth, e Endpoints, transport policy.Transporter) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: e.Login + "/"},
		Transport: transport,
		// Whoever asks decides when to ask again.
		Retry: policy.RetryOptions{MaxRetries: -1},
	}
	// Instance discovery asks login.microsoft.com whether the login endpoint can be
	// trusted. Ours comes from the list above or from the operator.
	const undiscovered = true
	switch a.By() {
	case BySecret:
		return azidentity.NewClientSecretCredential(a.Tenant, a.Client, a.Secret.Text(),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: undiscovered})
	case ByCertificate:
		certs, key, err := certificate(a.Certificate.Text(), a.CertificatePassword.Text())
		if err != nil {
			return nil, err
		}
		return azidentity.NewClientCertificateCredential(a.Tenant, a.Client, certs, key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: undiscovered,
			SendCertificateChain: true, // for applications that trust an issuer and a name
		})
	case ByManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Transport: transport}}
		if a.Client != "" {
			o.ID = azidentity.ClientID(a.Client)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case ByWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: undiscovered, ClientID: a.Client, TenantID: a.Tenant, TokenFilePath: string(a.TokenFile),
		})
	}
	return nil, fmt.Errorf(Section+".method %q is none of %s", a.Method, strings.Join(methods, ", "))
}

const certificateHint = "give a PEM or PFX file that holds the certificate and its private key, and certificate_password for a locked PFX; " +
	"one that a newer program wrote becomes PEM with openssl pkcs12 -in FILE.pfx -out FILE.pem -nodes"

// Credential returns what gets tokens from the section's own cloud. A nil
// transport is the usual one.
func (a Auth) Credential(transport policy.Transporter) (azcore.TokenCredential, error) {
	ends, ok := Cloud(a.Cloud, Endpoints{})
	if !ok {
		return nil, fmt.Errorf("%s.cloud %q is none of %s", Section, a.Cloud, strings.Join(Clouds(), ", "))
	}
	return Credential(a, ends, transport)
}

func certificate(text, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	data := []byte(text)
	if !strings.Contains(text, "-----BEGIN") {
		if pfx, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil {
			data = pfx
		}
	}
	var pass []byte
	if password != "" {
		pass = []byte(password)
	}
	certs, key, err := azidentity.ParseCertificates(data, pass)
	if err != nil {
		return nil, nil, &source.Problem{
			What: "the certificate cannot be read", Err: err, Final: true,
			Hint: certificateHint,
		}
	}
	return certs, key, nil
}

package blob

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// A refusal is what an error code of the account means.
type refusal struct{ what, hint string }

const sasHint = "make a new Blob service SAS URL with Blob as service, Service, Container and Object as resource types, and the permissions Read and List"

var refusals = map[bloberror.Code]refusal{
	bloberror.AuthorizationPermissionMismatch:   {"reading blobs is not allowed", "give the principal the role Storage Blob Data Reader on the account, or on each container named in containers; it may take ten minutes to count. A SAS needs the permissions Read and List"},
	bloberror.AuthorizationFailure:              {"the account does not admit this request", "its networking page must admit the address of this machine, or the machine must use a private endpoint; with a SAS, " + sasHint},
	bloberror.AuthorizationSourceIPMismatch:     {"the SAS is for other addresses", "make a new one that allows the address of this machine"},
	bloberror.AuthorizationProtocolMismatch:     {"the SAS is for another protocol", sasHint},
	bloberror.AuthorizationServiceMismatch:      {"the SAS is not for blobs", sasHint},
	bloberror.AuthorizationResourceTypeMismatch: {"the SAS is not for what is read", sasHint},
	bloberror.NoAuthenticationInformation:       {"the account wants a sign-in", "the SAS must be whole, from ?sv= to the end of sig="},
	bloberror.AccountIsDisabled:                 {"the storage account is disabled", "look at the subscription: it may be suspended"},
	bloberror.ContainerNotFound:                 {"the container does not exist", "check containers; Azure Monitor makes insights-logs-… with the first record of a log. Once it exists it is read"},
	bloberror.BlobArchived:                      {"a blob is in the archive tier, from which nothing can be read", "rehydrate it, or let the lifecycle policy archive only what is older than since"},
	"KeyBasedAuthenticationNotPermitted":        {"the account admits no keys and no SAS made with them", "sign in with entra, or allow storage account key access under Configuration of the account"},
}

// explain makes a problem of what went wrong.
func (s *Source) explain(err error) *source.Problem {
	var done *source.Problem
	if errors.As(err, &done) {
		return done
	}
	if p := azure.ExplainSignIn(err); p != nil {
		return p
	}
	var answer *azcore.ResponseError
	if errors.As(err, &answer) {
		return s.refused(answer)
	}
	var dns *net.DNSError
	var verify *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.As(err, &dns):
		return &source.Problem{
			What: fmt.Sprintf("%s is not found", dns.Name),
			Hint: "check the name of the storage account, in a national cloud entra.cloud, and this machine's DNS; with a private endpoint the zone privatelink.blob.core.windows.net must be known here", Err: brief(err),
		}
	case errors.As(err, &verify):
		return &source.Problem{What: "the certificate of the storage account is not trusted", Hint: "if a proxy opens connections, this machine must trust its certificate", Final: true, Err: brief(err)}
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return &source.Problem{What: "the storage account cannot be reached", Hint: "a firewall must let the service through to port 443 of the account", Err: brief(err)}
	}
	return &source.Problem{What: "reading from the storage account fails", Hint: "it is tried again", Err: brief(err)}
}

// refused explains an answer that is an error.
func (s *Source) refused(answer *azcore.ResponseError) *source.Problem {
	code := bloberror.Code(answer.ErrorCode)
	err := fmt.Errorf("HTTP status %d, %s", answer.StatusCode, answer.ErrorCode)
	if answer.StatusCode == http.StatusForbidden && s.cfg.expired(s.now()) {
		return &source.Problem{What: "the SAS has expired", Hint: sasHint, Final: true, Err: err}
	}
	if r, ok := refusals[code]; ok {
		return &source.Problem{What: r.what, Hint: r.hint, Final: code != bloberror.ContainerNotFound && code != bloberror.BlobArchived, Err: err}
	}
	if code == bloberror.AuthenticationFailed {
		// The reason is in the text only.
		p := &source.Problem{What: "the storage account rejects the sign-in", Hint: "copy the connection string anew from Access keys of the account, and check this machine's clock", Final: true, Err: err}
		switch {
		case s.cfg.SAS.Configured() && strings.Contains(answer.Error(), "not valid in the specified time frame"):
			p.What, p.Hint = "the SAS is not valid now", sasHint+"; check this machine's clock if it should be valid"
		case s.cfg.SAS.Configured():
			p.Hint = sasHint
		case s.cfg.Entra.Configured():
			p.Hint = "the token is of another tenant: check entra.tenant against that of the storage account's subscription"
		}
		return p
	}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError {
		return &source.Problem{What: "the storage account is busy or has a fault", Hint: "it is asked again; look at Azure's service health if this lasts", Err: err}
	}
	return &source.Problem{What: "the storage account refuses the request", Hint: "it is asked again", Err: err}
}

// brief takes the address out of an error: it may hold a signature.
func brief(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "sig=") || strings.Contains(e.Error(), "://") {
			continue
		}
		return e
	}
	return nil
}

func noMatch(pattern string) *source.Problem {
	return &source.Problem{
		What: fmt.Sprintf("no container matches %s", pattern),
		Hint: "add a diagnostic setting that archives to this storage account; Azure Monitor makes the container with the first record of a log. Once there is one it is read",
	}
}

package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// Hints that several errors share.
const (
	networkHint = "check the address, and that a firewall lets the service through; " +
		"Event Hubs listens on port 9093, and namespaces of the Basic tier have no Kafka endpoint"
	closedHint = "brokers do so for a wrong key or password, and when one side uses TLS and the other does not; " +
		"Event Hubs also when the networking page of the namespace does not admit this address, and for a namespace of the Basic tier, which has no Kafka endpoint"
	authorizeHint = "Event Hubs: give the shared access policy the claim Listen, or the principal the role Azure Event Hubs Data Receiver; " +
		"Kafka: allow the user to read the topic and the group"
)

// explain makes a problem of what went wrong.
func (r *run) explain(err error) *source.Problem { return r.s.explain(err, r.dials.last()) }

// explain makes a problem of what went wrong. dial is why connecting failed
// last: a request that has waited for a connection gives up without saying so.
func (s *Source) explain(err, dial error) *source.Problem {
	var done *source.Problem
	if errors.As(err, &done) {
		return done
	}
	if errors.Is(err, context.DeadlineExceeded) && dial != nil {
		err = dial
	}
	if p := azure.ExplainSignIn(err); p != nil {
		return p
	}
	for _, e := range []func(error) *source.Problem{s.refused, s.unreachable} {
		if p := e(err); p != nil {
			return p
		}
	}
	return &source.Problem{What: "reading from the brokers fails", Hint: "it is tried again", Err: err}
}

// refused explains what brokers do not allow.
func (s *Source) refused(err error) *source.Problem {
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.IllegalSaslState):
		hint := "check user and password"
		switch {
		case s.cfg.ConnectionString.Configured():
			hint = "the key was replaced or belongs to another namespace: copy the connection string anew from Shared access policies"
		case s.cfg.Entra.Configured():
			hint = "give the principal the role Azure Event Hubs Data Receiver on the namespace; it may take some minutes to count"
		}
		return &source.Problem{What: "the brokers reject the sign-in", Hint: hint, Final: true, Err: err}
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return &source.Problem{What: "the brokers do not offer this way to sign in", Hint: "they must offer SASL PLAIN for a connection string or a password, OAUTHBEARER for entra", Final: true, Err: err}
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return &source.Problem{What: "reading the topic is not allowed", Hint: authorizeHint, Final: true, Err: err}
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return &source.Problem{What: fmt.Sprintf("being a member of the group %s is not allowed", s.cfg.Group), Hint: authorizeHint, Final: true, Err: err}
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return &source.Problem{What: "the brokers do not allow this", Hint: authorizeHint, Final: true, Err: err}
	case errors.Is(err, kgo.ErrMaxDecompress):
		return &source.Problem{
			What: fmt.Sprintf("a batch of messages unpacks to more than %d MiB, and the partition is not read on", answerBytes>>20),
			Hint: "no log does so: look who may write to the topic; move the group's offset behind the batch with Kafka's tools, and start again", Final: true, Err: err,
		}
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return &source.Problem{
			What: "the topic does not exist",
			Hint: "check topics against the event hubs of the namespace; Azure Monitor makes insights-logs-… when it sends the first record. Once it exists it is read", Err: err,
		}
	}
	return nil
}

// unreachable explains why there is no connection.
func (s *Source) unreachable(err error) *source.Problem {
	var dns *net.DNSError
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var header tls.RecordHeaderError
	var first *kgo.ErrFirstReadEOF
	var network *net.OpError
	switch {
	case errors.As(err, &dns):
		return &source.Problem{
			What: fmt.Sprintf("%s is not found", dns.Name),
			Hint: "check the name of the broker or namespace, and this machine's DNS; with a private endpoint the private DNS zone privatelink.servicebus.windows.net must be known here", Err: err,
		}
	case errors.As(err, &verify), errors.As(err, &authority):
		return &source.Problem{What: "the broker's certificate is not trusted", Hint: "give the certificate of who signed it as tls.ca; if a proxy opens connections, its certificate", Final: true, Err: err}
	case errors.As(err, &network) && network.Op == "remote error": // an alert of TLS
		return &source.Problem{What: "the broker rejects the TLS connection", Hint: "it may want a client certificate: tls.certificate and tls.key", Final: true, Err: err}
	case errors.As(err, &header):
		return &source.Problem{What: "the broker does not speak TLS on this port", Hint: "name the port with TLS, or set tls.off", Final: true, Err: err}
	case errors.As(err, &first), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return &source.Problem{What: "the broker closes the connection", Hint: closedHint, Err: err}
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return &source.Problem{What: "the brokers cannot be reached", Hint: networkHint, Err: err}
	}
	return nil
}

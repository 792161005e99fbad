package kafka

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

const (
	// fetchBytes is how much is read ahead from each broker. One message may be
	// larger.
	fetchBytes = 4 << 20
	// partitionBytes is how much of it one partition may take.
	partitionBytes = 1 << 20
	// answerBytes bounds what a broker can make us hold, packed and unpacked.
	answerBytes = 64 << 20
)

// dials remembers why the last attempt to connect failed: requests give up with
// a timeout that does not say it.
type dials struct {
	mu  sync.Mutex
	err error
}

func (d *dials) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	d.mu.Lock()
	d.err = err
	d.mu.Unlock()
}

func (d *dials) last() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// brokers are where to connect to first.
func (s *Source) brokers() []string {
	if s.connection.host != "" {
		return []string{net.JoinHostPort(s.connection.host, eventHubsPort)}
	}
	return s.cfg.Brokers
}

// mechanism is how to sign in to brokers, nil for not at all.
func (s *Source) mechanism() (sasl.Mechanism, error) {
	switch {
	case s.cfg.ConnectionString.Configured():
		return plain.Auth{User: "$ConnectionString", Pass: strings.TrimSpace(s.cfg.ConnectionString.Text())}.AsMechanism(), nil
	case s.cfg.User != "":
		return plain.Auth{User: s.cfg.User, Pass: s.cfg.Password.Text()}.AsMechanism(), nil
	case s.cfg.Entra.Configured():
		cred, err := s.cfg.Entra.Credential(s.transport)
		if err != nil {
			return nil, err
		}
		return tokens(cred, s.cfg.Brokers[0]), nil
	}
	return nil, nil
}

// tokens signs in to Event Hubs with tokens of Microsoft Entra ID. The
// credential keeps a token until it expires.
func tokens(cred azcore.TokenCredential, broker string) sasl.Mechanism {
	host, _, _ := net.SplitHostPort(broker)
	scope := "https://" + host + "/.default"
	return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
		token, err := cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
		return oauth.Auth{Token: token.Token}, err
	})
}

// versions are those of requests. Later ones of OffsetFetch know topics by ids
// that Event Hubs does not have.
func versions() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9)
	return v
}

// connect makes a client. It connects when it is used.
func (s *Source) connect(d *dials, more ...kgo.Opt) (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(s.brokers()...),
		kgo.ClientID("entrawatch"),
		kgo.DialTimeout(s.patience),
		kgo.BrokerMaxReadBytes(answerBytes),
		kgo.MaxDecompressBatchBytes(answerBytes),
		kgo.MetadataMaxAge(s.lookAround),
		kgo.MaxVersions(versions()),
		kgo.WithHooks(d),
	}
	tlsConfig, err := s.cfg.TLS.config()
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil {
		opts = append(opts, kgo.DialTLSConfig(tlsConfig))
	}
	mechanism, err := s.mechanism()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	cl, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("set up the Kafka client: %w", err)
	}
	return cl, nil
}

// join makes a client that is a member of the group.
func (r *run) join() (*kgo.Client, error) {
	s := r.s
	opts := []kgo.Opt{
		kgo.ConsumerGroup(s.cfg.Group),
		// A member that was killed keeps its partitions from the next one for so long.
		kgo.SessionTimeout(10 * time.Second),
		kgo.HeartbeatInterval(3 * time.Second),
		kgo.RebalanceTimeout(30 * time.Second), // longer than a partition waits that is given up
		kgo.Balancers(kgo.StickyBalancer()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.BlockRebalanceOnPoll(),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(s.commitEvery),
		kgo.AdjustFetchOffsetsFn(r.begin),
		kgo.OnPartitionsAssigned(r.assigned),
		kgo.OnPartitionsRevoked(r.revoked),
		kgo.OnPartitionsLost(r.lost),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(partitionBytes),
	}
	if len(s.patterns) > 0 {
		all := make([]string, len(s.topics))
		for i, t := range s.topics {
			all[i] = pattern(t)
		}
		opts = append(opts, kgo.ConsumeRegex(), kgo.ConsumeTopics(all...))
	} else {
		opts = append(opts, kgo.ConsumeTopics(s.topics...))
	}
	return s.connect(&r.dials, append(opts, s.extra...)...)
}

// pattern turns a name in which * stands for any characters into an expression.
func pattern(topic string) string {
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(topic), `\*`, ".*") + "$"
}

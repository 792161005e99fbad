package kafka

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

// hinted waits for a problem of a stream, which must have a hint and say what.
func hinted(t *testing.T, in *intake, stream, what, hint string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(in.problems())
		}
	}()
	until(t, what, func() bool {
		var p *source.Problem
		return errors.As(in.problem(stream), &p) && strings.Contains(p.What, what) && strings.Contains(p.Hint, hint)
	})
}

func TestPassword(t *testing.T) {
	c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", "right"), kfake.SeedTopics(1, "t"))
	cfg := plainText(c, "t")
	cfg.User, cfg.Password = "alice", setting.NewSecret("hunter2")
	in := newIntake()
	stop := start(t, reader(t, cfg), nil, in)
	hinted(t, in, "", "closes the connection", "wrong key or password") // that is all these brokers say
	stop()
	if checks := reader(t, cfg).Check(t.Context()); len(checks) != 1 || checks[0].Problem == nil {
		t.Errorf("check: %v", checks)
	}

	if strings.Contains(in.problems(), "hunter2") {
		t.Error("the password is in the problem")
	}

	cfg.Password = setting.NewSecret("right")
	in = newIntake()
	stop = start(t, reader(t, cfg), nil, in)
	until(t, "a report", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		_, ok := in.reports["t/0"]
		return ok
	})
	stop()
	if in.problems() != "" {
		t.Error(in.problems())
	}
}

func TestConnectionString(t *testing.T) {
	const text = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=abc=;EntityPath=signins"
	cfg := Config{ConnectionString: setting.NewSecret(text)}
	s := reader(t, cfg)
	if got := s.brokers(); len(got) != 1 || got[0] != "contoso.servicebus.windows.net:9093" {
		t.Errorf("brokers %v", got)
	}
	if len(s.topics) != 1 || s.topics[0] != "signins" {
		t.Errorf("topics %v", s.topics)
	}
	m, err := s.mechanism()
	if err != nil {
		t.Fatal(err)
	}
	_, first, err := m.Authenticate(t.Context(), "")
	if err != nil || !bytes.Equal(first, []byte("\x00$ConnectionString\x00"+text)) {
		t.Errorf("signs in with %q, %v", first, err)
	}
}

// authority makes a certificate for this machine, and returns it in PEM, with
// the key.
func authority(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// answering listens and gives everybody the same answer.
func answering(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(text))
			_, _ = conn.Read(make([]byte, 1024))
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestTLS(t *testing.T) {
	cert, key := authority(t)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(cert))
	c := cluster(t, kfake.SeedTopics(1, "t"), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}))
	bare := answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	own := setting.NewSecret(cert)
	for _, tc := range []struct {
		name       string
		brokers    []string
		tls        TLS
		what, hint string // "" = it works
	}{
		{"right", c.ListenAddrs(), TLS{CA: own, Certificate: own, Key: setting.NewSecret(key)}, "", ""},
		{"unknown authority", c.ListenAddrs(), TLS{}, "not trusted", "tls.ca"},
		{"no client certificate", c.ListenAddrs(), TLS{CA: own}, "rejects the TLS", "tls.certificate"},
		{"no TLS to TLS", c.ListenAddrs(), TLS{Off: true}, "closes the connection", "TLS"},
		{"TLS to no TLS", []string{bare}, TLS{}, "does not speak TLS", "tls.off"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := reader(t, Config{Brokers: tc.brokers, Topics: []string{"t"}, TLS: tc.tls})
			checks := s.Check(t.Context())
			var p *source.Problem
			if tc.what == "" {
				if len(checks) != 4 || checks[0].What != "tls.certificate" || !checks[0].Notice || checks[1].Problem != nil || checks[2].Problem != nil || checks[3].Problem != nil {
					t.Errorf("%v", checks)
				}
			} else if !errors.As(checks[len(checks)-1].Problem, &p) || !strings.Contains(p.What, tc.what) || !strings.Contains(p.Hint, tc.hint) {
				t.Errorf("%+v", checks)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	for broker, want := range map[string][2]string{
		"nowhere.invalid:9093": {"nowhere.invalid is not found", "DNS"},
		closed:                 {"cannot be reached", "firewall"},
	} {
		t.Run(broker, func(t *testing.T) {
			in := newIntake()
			stop := start(t, reader(t, Config{Brokers: []string{broker}, Topics: []string{"t"}}), nil, in)
			hinted(t, in, "", want[0], want[1])
			stop()
		})
	}
}

// TestComesBack: a broker that was away is read from when it is there again.
func TestComesBack(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), nil, in)
	produce(t, c, "t", 0, []byte(`{"a":1}`))
	until(t, "the first", has(in, []string{`{"a":1}`}))
	f := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Err: kerr.TopicAuthorizationFailed, Count: -1})
	hinted(t, in, "t/0", "not allowed", "Listen")
	f.Remove()
	produce(t, c, "t", 0, []byte(`{"a":2}`))
	until(t, "the second", has(in, []string{`{"a":2}`}))
	until(t, "no problem", func() bool { return in.problem("t/0") == nil })
	stop()
}

func TestNotAllowed(t *testing.T) {
	for _, tc := range []struct {
		fault        kfake.Fault
		stream, what string
	}{
		{kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.GroupAuthorizationFailed}, "", "being a member of the group entrawatch"},
		{kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "t", Err: kerr.TopicAuthorizationFailed}, "t", "reading the topic"},
	} {
		c := cluster(t, kfake.SeedTopics(1, "t"))
		tc.fault.Count = -1
		c.Fault(tc.fault)
		in := newIntake()
		stop := start(t, reader(t, plainText(c, "t")), nil, in)
		hinted(t, in, tc.stream, tc.what, "Listen")
		stop()
	}
}

func TestTopicLater(t *testing.T) {
	for _, topic := range []string{"insights-logs-signinlogs", "insights-logs-*"} {
		t.Run(topic, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "other"))
			produce(t, c, "other", 0, []byte(`{"other":1}`))
			in := newIntake()
			stop := start(t, reader(t, plainText(c, topic)), nil, in)
			until(t, "a problem", func() bool { return in.problem(topic) != nil })
			if err := c.CreateTopic("insights-logs-signinlogs", 2, nil); err != nil {
				t.Fatal(err)
			}
			produce(t, c, "insights-logs-signinlogs", 1, []byte(`{"a":1}`))
			until(t, "the message", has(in, []string{`{"a":1}`}))
			until(t, "no problem", func() bool { return in.problem(topic) == nil })
			stop()
			if n := in.lines()[`{"other":1}`]; n != 0 {
				t.Error("a topic was read that nobody named")
			}
		})
	}
}

// TestLost: messages that were deleted before they were read are counted.
func TestLost(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	values, lines := numbered(0, 30)
	produce(t, c, "t", 0, values...)
	if err := c.DeleteRecords("t", 0, 25); err != nil {
		t.Fatal(err)
	}
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), map[string]string{"t/0": "10"}, in)
	until(t, "the rest", has(in, lines[25:]))
	hinted(t, in, "t/0", "15 messages were deleted before they were read (offsets 10 to 24)", "retention")
	stop()
	if n := len(in.lines()); n != 5 {
		t.Errorf("read %d messages, want 5", n)
	}
}

// TestCompacted: gaps within a log are no loss.
func TestCompacted(t *testing.T) {
	c := cluster(t)
	if err := c.CreateTopic("t", 1, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for i := range 20 {
		key := "same"
		if i == 0 {
			key = "other"
		}
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Key: []byte(key), Value: fmt.Appendf(nil, `{"a":%d}`, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	c.Compact()
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), map[string]string{"t/0": "2"}, in)
	until(t, "the last", has(in, []string{`{"a":19}`}))
	stop()
	if in.problems() != "" || len(in.lines()) > 5 {
		t.Errorf("%d messages, %s", len(in.lines()), in.problems())
	}
}

// TestAnew: of a topic that was deleted and made anew everything is read.
func TestAnew(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	produce(t, c, "t", 0, []byte(`{"a":1}`), []byte(`{"a":2}`))
	in := newIntake()
	stop := start(t, reader(t, plainText(c, "t")), map[string]string{"t/0": "5000"}, in)
	until(t, "both", has(in, []string{`{"a":1}`, `{"a":2}`}))
	stop()
}

func TestForeignCursor(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	for stream, text := range map[string]string{"t/0": "https://graph", "signins": "5", "t/x": "5", "t/1": "-5"} {
		var p *source.Problem
		if err := reader(t, plainText(c, "t")).Run(t.Context(), map[string]string{stream: text}, newIntake()); !errors.As(err, &p) {
			t.Errorf("%s=%s: %v", stream, text, err)
		}
	}
}

// TestToken signs in with tokens of a credential that gives a wrong one first.
// The brokers of the test do not know OAUTHBEARER: their part is played here.
func TestToken(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "t"))
	var signedIn atomic.Int32
	c.ControlKey(int16(kmsg.SASLHandshake), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
		resp.SupportedMechanisms = []string{"OAUTHBEARER"}
		if req.(*kmsg.SASLHandshakeRequest).Mechanism != "OAUTHBEARER" {
			resp.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		}
		return resp, nil, true
	})
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		if string(req.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes) != "n,,\x01auth=Bearer good\x01\x01" {
			resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		} else {
			signedIn.Add(1)
		}
		return resp, nil, true
	})
	cred := &credential{token: "bad"}
	in := newIntake()
	s := reader(t, plainText(c, "t"), func(s *Source) {
		s.extra = append(s.extra, kgo.SASL(tokens(cred, "contoso.servicebus.windows.net:9093")))
	})
	stop := start(t, s, nil, in)
	hinted(t, in, "", "reject the sign-in", "")
	cred.mend.Store(true)
	produceThrough(t, s, `{"a":1}`)
	until(t, "the message", has(in, []string{`{"a":1}`}))
	until(t, "no problem", func() bool { return in.problem("") == nil })
	stop()
	if signedIn.Load() == 0 {
		t.Error("nobody signed in")
	}
	if got := cred.scope.Load(); got != "https://contoso.servicebus.windows.net/.default" {
		t.Errorf("scope %v", got)
	}
}

type credential struct {
	token string
	mend  atomic.Bool
	scope atomic.Value
}

func (c *credential) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.scope.Store(o.Scopes[0])
	token := c.token
	if c.mend.Load() {
		token = "good"
	}
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func produceThrough(t *testing.T, s *Source, text string) {
	t.Helper()
	cl, err := s.connect(&dials{}, append(s.extra, kgo.DefaultProduceTopic("t"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), kgo.StringRecord(text)).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

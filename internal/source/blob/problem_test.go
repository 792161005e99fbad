package blob

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// sign returns a SAS URL for the account of Azurite.
func sign(t *testing.T, expiry time.Time, permissions sas.AccountPermissions) string {
	t.Helper()
	cred, err := service.NewSharedKeyCredential(account, key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := service.NewClientWithSharedKeyCredential(azurite.address, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	start := expiry.Add(-time.Hour)
	address, err := client.GetSASURL(sas.AccountResourceTypes{Service: true, Container: true, Object: true}, permissions, expiry, &service.GetSASURLOptions{StartTime: &start})
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestSAS(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	s.add(c, hour(0), "{\"a\":1}\n")
	may := sas.AccountPermissions{Read: true, List: true}
	for _, tc := range []struct {
		name       string
		address    string
		what, hint string // "" = it works
	}{
		{"right", sign(t, time.Now().Add(30*time.Minute), may), "", ""},
		{"expired", sign(t, time.Now().Add(-time.Minute), may), "has expired", "Read and List"},
		{"not enough", sign(t, time.Now().Add(30*time.Minute), sas.AccountPermissions{Read: true}), "not allowed", "Read and List"},
		{"cut off", sign(t, time.Now().Add(30*time.Minute), may) + "x", "does not admit", "Read and List"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Default()
			cfg.SAS, cfg.Containers = setting.NewSecret(tc.address+"\n"), []string{s.prefix + "*"}
			if p := cfg.Problems(); len(p) > 0 {
				t.Fatal(p)
			}
			reader, err := New(cfg, slog.New(slog.DiscardHandler), nil)
			if err != nil {
				t.Fatal(err)
			}
			in := newIntake()
			stop := start(t, reader, nil, in)
			until(t, "a report", func() bool { return in.reported("") })
			if tc.what == "" {
				until(t, "the text", func() bool { return in.text() == "{\"a\":1}\n" })
			}
			stop()
			checkProblem(t, in.problem(""), tc.what, tc.hint)
			if tc.what == "" {
				return
			}
			checks := reader.Check(t.Context())
			if len(checks) != 2 || checks[0].What != "SAS" || checks[0].Problem == nil || checks[0].Notice == (tc.name == "expired") {
				t.Fatal(checks)
			}
			checkProblem(t, checks[1].Problem, tc.what, tc.hint)
		})
	}
}

func checkProblem(t *testing.T, err error, what, hint string) {
	t.Helper()
	var p *source.Problem
	switch {
	case what == "" && err != nil:
		t.Error(err)
	case what != "" && (!errors.As(err, &p) || !strings.Contains(p.What, what) || !strings.Contains(p.Hint, hint)):
		t.Errorf("%v, want %q with %q", err, what, hint)
	case err != nil && strings.Contains(err.Error(), "sig="):
		t.Errorf("the signature is in it: %v", err)
	}
}

// TestContainers: names that are not there yet are read once they are.
func TestContainers(t *testing.T) {
	s := newStorage(t)
	name, pattern := s.prefix+"later", s.prefix+"some-*"
	in := newIntake()
	reader := s.reader(func(r *Source) { r.cfg.Containers = []string{name, pattern} })
	stop := start(t, reader, nil, in)
	until(t, "problems", func() bool { return in.problem(name) != nil && in.problem(pattern) != nil })
	checkProblem(t, in.problem(name), "does not exist", "Once it exists")
	checkProblem(t, in.problem(pattern), "no container matches", "diagnostic setting")
	s.add(s.container("later"), hour(0), "{\"a\":1}\n")
	until(t, "the first", func() bool { return in.text() == "{\"a\":1}\n" })
	s.add(s.container("some-logs"), hour(0), "{\"a\":2}\n")
	until(t, "the second", func() bool { return in.text() == "{\"a\":1}\n{\"a\":2}\n" })
	until(t, "no problems", func() bool { return in.problem(name) == nil && in.problem(pattern) == nil })
	stop()
	checks := reader.Check(t.Context())
	var what []string
	for _, c := range checks {
		checkProblem(t, c.Problem, "", "")
		what = append(what, c.What)
	}
	want := []string{"containers " + pattern, "reading container " + name, "reading container " + s.prefix + "some-logs", "clock"}
	if !slices.Equal(what, want) {
		t.Errorf("%q, want %q", what, want)
	}
}

// TestEnd: what a SAS says of its end, wherever it stands.
func TestEnd(t *testing.T) {
	want := time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC)
	for text, cfg := range map[string]Config{
		"a SAS":                  {SAS: setting.NewSecret("https://contoso.blob.core.windows.net/?sv=1&se=2027-01-02T03%3A04%3A00Z&sig=x\n")},
		"to minutes":             {SAS: setting.NewSecret("https://contoso.blob.core.windows.net/?se=2027-01-02T03:04Z&sig=x")},
		"in a connection string": {ConnectionString: setting.NewSecret("BlobEndpoint=https://contoso.blob.core.windows.net;SharedAccessSignature=sv=1&se=2027-01-02T03:04:00Z&sig=x")},
	} {
		if end, ok := cfg.end(); !ok || !end.Equal(want) {
			t.Errorf("%s: %v, %v", text, end, ok)
		}
	}
	for _, cfg := range []Config{{}, {SAS: setting.NewSecret("https://contoso.blob.core.windows.net/?se=soon&sig=x")}, {ConnectionString: setting.NewSecret("AccountName=contoso;AccountKey=" + key)}} {
		if end, ok := cfg.end(); ok {
			t.Errorf("%v", end)
		}
	}
}

// answers is an account that answers everything in one way.
type answers struct {
	status int
	code   string
	err    error
}

func (a answers) Do(req *http.Request) (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	text := "<?xml version=\"1.0\"?><Error><Code>" + a.code + "</Code><Message>" + a.code + "</Message></Error>"
	return &http.Response{
		StatusCode: a.status, Request: req, Body: io.NopCloser(strings.NewReader(text)),
		Header: http.Header{"X-Ms-Error-Code": {a.code}, "Content-Type": {"application/xml"}},
	}, nil
}

func TestExplain(t *testing.T) {
	lookup := &url.Error{Op: "Get", URL: "https://x.blob.core.windows.net/?sig=abc", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "x.blob.core.windows.net", IsNotFound: true}}}
	for _, tc := range []struct {
		answers
		what, hint string
	}{
		{answers{status: 403, code: "AuthorizationPermissionMismatch"}, "not allowed", "Storage Blob Data Reader"},
		{answers{status: 403, code: "AuthorizationFailure"}, "does not admit", "networking"},
		{answers{status: 403, code: "AuthenticationFailed"}, "rejects the sign-in", "Access keys"},
		{answers{status: 403, code: "KeyBasedAuthenticationNotPermitted"}, "admits no keys", "entra"},
		{answers{status: 404, code: "ContainerNotFound"}, "does not exist", "Azure Monitor"},
		{answers{status: 409, code: "AccountIsDisabled"}, "disabled", "subscription"},
		{answers{status: 503, code: "ServerBusy"}, "busy", "again"},
		{answers{status: 400, code: "Whatever"}, "refuses", "again"},
		{answers{err: lookup}, "x.blob.core.windows.net is not found", "privatelink"},
		{answers{err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}, "cannot be reached", "firewall"},
	} {
		cfg := Default()
		cfg.ConnectionString = setting.NewSecret("DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=" + key)
		s, err := New(cfg, slog.New(slog.DiscardHandler), tc.answers)
		if err != nil {
			t.Fatal(err)
		}
		client, err := connect(cfg, &service.ClientOptions{ClientOptions: noRetry(tc.answers)})
		if err != nil {
			t.Fatal(err)
		}
		s.client = client
		checks := s.Check(t.Context())
		if len(checks) != 1 {
			t.Fatal(checks)
		}
		checkProblem(t, checks[0].Problem, tc.what, tc.hint)
	}
}

func TestProblems(t *testing.T) {
	secret := setting.NewSecret
	right := secret("DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=" + key)
	entra := azure.Auth{Method: azure.ByManagedIdentity}
	for _, tc := range []struct {
		name string
		cfg  Config
		keys []string
	}{
		{"a connection string", Config{ConnectionString: right}, nil},
		{"no connection string", Config{ConnectionString: secret("hello")}, []string{"connection_string"}},
		{"an account", Config{Account: "contosologs", Entra: entra}, nil},
		{"an address", Config{Account: "https://logs.contoso.com", Entra: entra}, nil},
		{"an insecure address", Config{Account: "http://logs.contoso.com", Entra: entra}, []string{"account"}},
		{"no account", Config{Entra: entra}, []string{"account"}},
		{"an account twice", Config{Account: "contosologs", ConnectionString: right}, []string{"account"}},
		{"a SAS", Config{SAS: secret("https://contoso.blob.core.windows.net/?sv=1&sig=x")}, nil},
		{"no SAS", Config{SAS: secret("sv=1&sig=x")}, []string{"sas"}},
		{"nothing", Config{}, []string{"entra"}},
		{"two ways", Config{ConnectionString: right, SAS: secret("https://contoso.blob.core.windows.net/?sv=1&sig=x")}, []string{"entra"}},
		{"no cloud", Config{Account: "contosologs", Entra: azure.Auth{Method: azure.ByManagedIdentity, Cloud: "mars"}}, []string{"entra.cloud"}},
		{"no container", Config{ConnectionString: right, Containers: []string{"a", "A_b"}}, []string{"containers[1]"}},
		{"times", Config{ConnectionString: right, Since: -1, Poll: 1}, []string{"since", "poll"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.cfg.Containers == nil {
				tc.cfg.Containers = Default().Containers
			}
			if tc.cfg.Poll == 0 {
				tc.cfg.Poll = Default().Poll
			}
			var keys []string
			for _, p := range tc.cfg.Problems() {
				keys = append(keys, p.Key)
				if p.What == "" || p.Hint == "" {
					t.Errorf("%+v", p)
				}
			}
			if !slices.Equal(keys, tc.keys) {
				t.Errorf("problems with %v, want %v", keys, tc.keys)
			}
		})
	}
	for cloud, want := range map[string]string{"": "https://a12.blob.core.windows.net/", "china": "https://a12.blob.core.chinacloudapi.cn/", "us-gov-l4": "https://a12.blob.core.usgovcloudapi.net/"} {
		if got := (&Config{Account: "a12", Entra: azure.Auth{Cloud: cloud}}).address(); got != want {
			t.Errorf("%s: %s", cloud, got)
		}
	}
}

// TestArchived: a blob that cannot be read without somebody's help does not keep
// others from being read.
func TestArchived(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	s.put(c, hour(2), "{\"a\":1}\n")
	s.add(c, hour(1), "{\"a\":2}\n")
	broken := &faulty{name: hour(2), answer: answers{status: http.StatusConflict, code: "BlobArchived"}}
	broken.on.Store(true)
	in := newIntake()
	stop := start(t, s.reader(broken.through(t)), nil, in)
	stream := c + "/tenantId=0000"
	until(t, "the other", func() bool { return in.text() == "{\"a\":2}\n" })
	until(t, "a problem", func() bool { return in.problem(stream) != nil })
	time.Sleep(50 * time.Millisecond)
	checkProblem(t, in.problem(stream), "was passed over", "rehydrate")
	stop()
}

// TestRefused: what is behind a blob that cannot be read waits for it.
func TestRefused(t *testing.T) {
	s := newStorage(t)
	c := s.container("a")
	s.add(c, hour(2), "{\"a\":1}\n")
	s.add(c, hour(1), "{\"a\":2}\n")
	broken := &faulty{name: hour(2), answer: answers{status: http.StatusServiceUnavailable, code: "ServerBusy"}}
	broken.on.Store(true)
	in := newIntake()
	stop := start(t, s.reader(broken.through(t)), nil, in)
	stream := c + "/tenantId=0000"
	until(t, "a problem", func() bool { return in.problem(stream) != nil })
	checkProblem(t, in.problem(stream), "busy", "again")
	if in.text() != "" {
		t.Errorf("read %q", in.text())
	}
	broken.on.Store(false)
	until(t, "all", func() bool { return in.text() == "{\"a\":1}\n{\"a\":2}\n" })
	until(t, "no problem", func() bool { return in.problem(stream) == nil })
	stop()
}

package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/notify"
	"github.com/entrawatch/entrawatch/internal/setting"
)

const (
	oldSecret = "the old secret of the receiver"
	newSecret = "the new secret of the receiver"
	alert     = `{"schema":1,"id":"9f86d081884c7d65","revision":3}`
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// sink opens an outlet for an address, which is taken for a secret.
func sink(t *testing.T, address string, change func(*Config)) *Sink {
	t.Helper()
	c := Default()
	c.URL = setting.URL{Secret: setting.NewSecret(address)}
	c.Secrets = []setting.Secret{setting.NewSecret(oldSecret)}
	if change != nil {
		change(c)
	}
	if p := c.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	s, err := c.Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	sink := s.(*Sink)
	sink.now = func() time.Time { return noon }
	t.Cleanup(func() { sink.Close() })
	return sink
}

func post(t *testing.T, s *Sink) (retry bool, err error) {
	t.Helper()
	return s.Notify(t.Context(), []byte(alert), "9f86d081884c7d65", 3)
}

// receiver answers with h, and counts.
func receiver(t *testing.T, h http.HandlerFunc) (address string, calls *atomic.Int32) {
	t.Helper()
	calls = &atomic.Int32{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, calls
}

func mac(secret, text string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(text))
	return "v1=" + hex.EncodeToString(m.Sum(nil))
}

func TestRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	address, calls := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	})
	s := sink(t, address+"/hook?key=1234", func(c *Config) {
		c.Secrets = append(c.Secrets, setting.NewSecret(newSecret))
	})
	if retry, err := post(t, s); retry || err != nil {
		t.Fatal(retry, err)
	}
	signed := fmt.Sprintf("%d.%s", noon.Unix(), alert)
	for name, want := range map[string]string{
		"Entrawatch-Id":        "9f86d081884c7d65/3",
		"Entrawatch-Timestamp": fmt.Sprint(noon.Unix()),
		"Entrawatch-Signature": mac(oldSecret, signed) + "," + mac(newSecret, signed),
		"Content-Type":         "application/json",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	if got.Method != http.MethodPost || got.RequestURI != "/hook?key=1234" || string(body) != alert || calls.Load() != 1 {
		t.Errorf("%d × %s %s %s", calls.Load(), got.Method, got.RequestURI, body)
	}
	if retry, err := s.Notify(t.Context(), []byte("{"), "a", 1); retry || err == nil || calls.Load() != 1 {
		t.Errorf("what is not JSON: %v, %v", retry, err)
	}
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		code   int
		header map[string]string
		wait   time.Duration // -1 = as the schedule says
		says   string
	}{
		{200, nil, 0, ""},
		{204, nil, 0, ""},
		{400, nil, notify.Slow, "answered 400 Bad Request: why; look into the log of the receiver"},
		{401, nil, notify.Slow, "does the receiver know the secret"},
		{404, nil, notify.Slow, "is the address right?"},
		{413, nil, notify.Slow, "let the receiver take larger requests"},
		{408, nil, -1, "answered 408 Request Timeout: why"},
		{409, nil, -1, "answered 409"},
		{425, nil, -1, "answered 425"},
		{429, nil, -1, "answered 429 Too Many Requests"},
		{429, map[string]string{"Retry-After": "120"}, 2 * time.Minute, "answered 429"},
		{429, map[string]string{"Retry-After": "-5"}, -1, "answered 429"},
		{429, map[string]string{"Retry-After": "soon"}, -1, "answered 429"},
		{503, map[string]string{"Retry-After": "Mon, 02 Nov 2026 12:10:00 GMT", "Date": "Mon, 02 Nov 2026 12:05:00 GMT"}, 5 * time.Minute, "answered 503"},
		{500, map[string]string{"Retry-After": "120"}, -1, "answered 500"},
		{302, nil, notify.Slow, "answered 302 Found"},
		{999, nil, -1, "answered 999: why"},
	} {
		address, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			for k, v := range tc.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(tc.code)
			if tc.code != http.StatusNoContent {
				io.WriteString(w, "why")
			}
		})
		retry, err := post(t, sink(t, address, nil))
		if tc.says == "" {
			if retry || err != nil {
				t.Errorf("%d: %v, %v", tc.code, retry, err)
			}
			continue
		}
		wait := time.Duration(-1)
		if busy := (*notify.Busy)(nil); errors.As(err, &busy) {
			wait = busy.For
		}
		if !retry || err == nil || wait != tc.wait || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%d %v: retry %v, wait %s, %v", tc.code, tc.header, retry, wait, err)
		}
	}
}

// TestNothingSecretInErrors: receivers quote what they were asked for, and some
// do worse.
func TestNothingSecretInErrors(t *testing.T) {
	address, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "cannot POST %s (%s %s) with %s\x1b[31m\nred", r.RequestURI, user, password, oldSecret)
	})
	secret := strings.Replace(address, "http://", "http://contoso:hunter2@", 1) + "/services/T0KEN?sig=s%2Fg-hunter2&code=hunter2hunter2"
	_, err := post(t, sink(t, secret, nil))
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range []string{"hunter2", "T0KEN", "s%2Fg", "contoso", "old secret", "\x1b", "\n"} {
		if strings.Contains(err.Error(), word) {
			t.Errorf("%q is in %q", word, err)
		}
	}
	if !strings.Contains(err.Error(), address+"/… answered 404 Not Found") || !strings.Contains(err.Error(), `\x1b[31m\nred`) {
		t.Errorf("%q", err)
	}
	for _, dead := range []string{
		"https://nosuch.invalid/T0KEN?sig=hunter2", "http://127.0.0.1:1/T0KEN?sig=hunter2", "https://contoso:hunter2@127.0.0.1:1/T0KEN",
	} {
		retry, err := post(t, sink(t, dead, nil))
		if !retry || err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "T0KEN") {
			t.Errorf("%v, %v", retry, err)
		}
	}
}

func TestLongAnswer(t *testing.T) {
	address, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		for range 1000 {
			if _, err := w.Write(bytes.Repeat([]byte("é"), 10_000)); err != nil {
				return
			}
		}
	})
	if _, err := post(t, sink(t, address, nil)); err == nil || len(err.Error()) > 1000 {
		t.Errorf("%.100q", err)
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = nil
	defer srv.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if retry, err := post(t, sink(t, srv.URL, func(c *Config) { c.CA = setting.Path(ca) })); retry || err != nil {
		t.Error(retry, err)
	}
	if retry, err := post(t, sink(t, srv.URL, nil)); !retry || err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a stranger's certificate: %v, %v", retry, err)
	}
}

func TestSlow(t *testing.T) {
	done := make(chan struct{})
	defer close(done)
	address, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	s := sink(t, address, nil)
	s.client.Timeout = 50 * time.Millisecond
	if retry, err := post(t, s); !retry || err == nil || !strings.Contains(err.Error(), "did not answer within 50ms") {
		t.Error(retry, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.client.Timeout = time.Minute
	time.AfterFunc(20*time.Millisecond, cancel)
	if retry, err := s.Notify(ctx, []byte(alert), "a", 1); !retry || err == nil {
		t.Error(retry, err)
	}
}

// TestBroken: connections that end early, before and within the answer.
func TestBroken(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":     "",
		"half a head": "HTTP/1.1 200 O",
		"refused":     "HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nabc",
		"taken, then": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
		"garbage":     "SSH-2.0-OpenSSH_9.2\r\n",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Read(make([]byte, 4096))
				io.WriteString(c, answer)
				c.Close()
			}
		}()
		retry, err := post(t, sink(t, "http://"+l.Addr().String(), nil))
		if taken := strings.HasPrefix(name, "taken"); retry == taken || (err == nil) != taken {
			t.Errorf("%s: %v, %v", name, retry, err)
		}
		l.Close()
	}
}

func TestRedirects(t *testing.T) {
	other, strayed := receiver(t, func(http.ResponseWriter, *http.Request) {})
	var arrived atomic.Int32
	address, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			body, _ := io.ReadAll(r.Body)
			if r.Method == http.MethodPost && string(body) == alert && r.Header.Get("Entrawatch-Signature") != "" {
				arrived.Add(1)
			}
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusPermanentRedirect)
		case "/get":
			http.Redirect(w, r, "/there", http.StatusSeeOther)
		case "/away":
			http.Redirect(w, r, other+"/?stolen", http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusTemporaryRedirect)
		}
	})
	if retry, err := post(t, sink(t, address+"/moved", nil)); retry || err != nil || arrived.Load() != 1 {
		t.Errorf("on the same host: %v, %v, %d", retry, err, arrived.Load())
	}
	for _, path := range []string{"/get", "/away", "/loop"} {
		retry, err := post(t, sink(t, address+path, nil))
		if busy := (*notify.Busy)(nil); !retry || !errors.As(err, &busy) || !strings.Contains(err.Error(), "which is not followed; configure the address that it means") {
			t.Errorf("%s: %v, %v", path, retry, err)
		}
	}
	if strayed.Load() != 0 || arrived.Load() != 1 {
		t.Errorf("another host got %d requests, the right one %d", strayed.Load(), arrived.Load())
	}
}

// TestNoProxy: no host is asked but the configured one.
func TestNoProxy(t *testing.T) {
	proxy, asked := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy)
	}
	post(t, sink(t, "https://nosuch.invalid/", nil))
	if n := asked.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func TestReuse(t *testing.T) {
	ports := map[string]bool{}
	address, calls := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		ports[r.RemoteAddr] = true
		io.WriteString(w, "thank you")
	})
	s := sink(t, address, nil)
	for range 5 {
		if _, err := post(t, s); err != nil {
			t.Fatal(err)
		}
	}
	if len(ports) != 1 || calls.Load() != 5 {
		t.Errorf("%d requests over %d connections", calls.Load(), len(ports))
	}
}

func TestProblems(t *testing.T) {
	good := func() *Config {
		c := Default()
		c.URL, c.Secrets = setting.PlainURL("https://soc.contoso.com/a"), []setting.Secret{setting.NewSecret(oldSecret)}
		return c
	}
	if p := good().Problems(); len(p) > 0 {
		t.Error(p)
	}
	for want, change := range map[string]func(*Config){
		"url: is missing": func(c *Config) { c.URL = setting.URL{} },
		"url: is not encrypted: alerts name people, and what is weak about their accounts": func(c *Config) { c.URL = setting.PlainURL("http://10.0.0.1/") },
		`url: begins with "ftp://"`:                     func(c *Config) { c.URL = setting.PlainURL("ftp://soc.contoso.com/") },
		"url: has a fragment (#…), which is never sent": func(c *Config) { c.URL = setting.PlainURL("https://soc.contoso.com/#a") },
		"secrets: are 3":                                func(c *Config) { c.Secrets = append(c.Secrets, c.Secrets[0], c.Secrets[0]) },
		"secrets: is missing":                           func(c *Config) { c.Secrets = nil },
		"secrets[0]: is 7 bytes long":                   func(c *Config) { c.Secrets[0] = setting.NewSecret("hunter2") },
		"ca: nosuch.pem: no such file":                  func(c *Config) { c.CA = "nosuch.pem" },
		"timeout: 10m is not from 1s to 5m":             func(c *Config) { c.Timeout = 10 * time.Minute },
	} {
		c := good()
		change(c)
		p := c.Problems()
		if len(p) != 1 || !strings.HasPrefix(p[0].Key+": "+p[0].What, want) || strings.Contains(fmt.Sprint(p), "hunter2") {
			t.Errorf("got %v, want %s", p, want)
		}
	}
	for _, local := range []string{"http://localhost:1/", "http://127.0.0.1/", "http://[::1]:80/"} {
		c := good()
		c.URL = setting.PlainURL(local)
		if p := c.Problems(); len(p) > 0 {
			t.Error(local, p)
		}
	}
}

// FuzzEscaped: whatever a receiver says becomes one printable line.
func FuzzEscaped(f *testing.F) {
	f.Add("a\nb")
	f.Add("\x1b[2J\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		out := escaped(in)
		if len(out) > 4000 {
			t.Errorf("%d bytes", len(out))
		}
		for _, r := range out {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
				t.Errorf("%q", out)
			}
		}
	})
}

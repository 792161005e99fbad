package webhook

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
)

func TestCheck(t *testing.T) {
	asked := false
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true })
	open, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer open.Close()
	defer secure.Close()
	secure.Config.ErrorLog = nil
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	gone := httptest.NewServer(handler)
	gone.Close()
	for _, tc := range []struct {
		name, url, ca, want string
	}{
		{"without TLS", open.URL, "", ""},
		{"with TLS", secure.URL + "/hook?key=hunter2", ca, ""},
		{"a stranger's certificate", secure.URL + "/hook?key=hunter2", "", "certificate"},
		{"nobody there", gone.URL, "", "firewall"},
		{"no such host", "https://nosuch.invalid/hook?key=hunter2", "", "DNS"},
		{"no answer", "https://" + mute.Addr().String(), "", "did not answer within"},
	} {
		s := sink(t, tc.url, func(c *Config) { c.CA = setting.Path(tc.ca) })
		if tc.name == "no answer" {
			s.client.Timeout = 50 * time.Millisecond
		}
		err := s.Check(t.Context())
		if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	if asked {
		t.Error("something was sent")
	}
}

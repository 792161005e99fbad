package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// verify is what docs/outlets.md shows.
func verify(secret []byte, h http.Header, body []byte) bool {
	timestamp := h.Get("Entrawatch-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s", timestamp, body)
	want := "v1=" + hex.EncodeToString(mac.Sum(nil))
	for given := range strings.SplitSeq(h.Get("Entrawatch-Signature"), ",") {
		if hmac.Equal([]byte(want), []byte(given)) {
			return true
		}
	}
	return false
}

// A sent request, and whether it deserves trust.
type sent struct {
	Name    string
	Secret  string
	Headers map[string]string
	Body    string
	Trusted bool
}

// requests are real ones, and what somebody might make of them.
func requests(t *testing.T) []sent {
	var last sent
	address, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last = sent{Body: string(body), Headers: map[string]string{}}
		for k := range r.Header {
			last.Headers[k] = r.Header.Get(k)
		}
	})
	s := sink(t, address, func(c *Config) { c.Secrets = append(c.Secrets, setting.NewSecret(newSecret)) })
	var out []sent
	add := func(name, secret string, trusted bool, change func(*sent)) {
		if _, err := post(t, s); err != nil {
			t.Fatal(err)
		}
		last.Name, last.Secret, last.Trusted = name, secret, trusted
		if change != nil {
			change(&last)
		}
		out = append(out, last)
	}
	s.now = time.Now
	add("old secret", oldSecret, true, nil)
	add("new secret", newSecret, true, nil)
	add("another secret", "another secret of somebody", false, nil)
	add("changed body", oldSecret, false, func(r *sent) { r.Body = strings.Replace(r.Body, "3", "4", 1) })
	add("changed timestamp", oldSecret, false, func(r *sent) { r.Headers[headerTimestamp] = fmt.Sprint(time.Now().Unix() + 1) })
	add("no signature", oldSecret, false, func(r *sent) { delete(r.Headers, headerSignature) })
	add("no timestamp", oldSecret, false, func(r *sent) { delete(r.Headers, headerTimestamp) })
	s.now = func() time.Time { return time.Now().Add(-time.Hour) }
	add("recorded an hour ago", oldSecret, false, nil)
	return out
}

// block is what the page shows in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "outlets.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "```"+language+"\n")
	text, _, closed := strings.Cut(text, "```")
	if !ok || !closed {
		t.Fatalf("docs/outlets.md shows no %s", language)
	}
	return text
}

func TestVerifyGo(t *testing.T) {
	source, err := os.ReadFile("verify_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "\n"+block(t, "go")) {
		t.Error("docs/outlets.md shows another function than verify_test.go")
	}
	for _, r := range requests(t) {
		h := http.Header{}
		for k, v := range r.Headers {
			h.Set(k, v)
		}
		if got := verify([]byte(r.Secret), h, []byte(r.Body)); got != r.Trusted {
			t.Errorf("%s: %v", r.Name, got)
		}
	}
}

func TestVerifyPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here")
	}
	all := requests(t)
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", block(t, "python")+`
import json, sys
for r in json.load(sys.stdin):
    print(verify(r["Secret"].encode(), r["Headers"], r["Body"].encode()))
`)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Fields(string(out))
	for i, r := range all {
		if want := map[bool]string{true: "True", false: "False"}[r.Trusted]; i >= len(got) || got[i] != want {
			t.Errorf("%s: %q", r.Name, got)
		}
	}
}

package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

var packaging = filepath.Join("..", "..", "packaging")

// credentials are the secrets that examples name, by file.
var credentials = map[string]string{
	"webhook-secret":     "0123456789abcdef0123456789abcdef",
	"webhook-secret-old": "fedcba9876543210fedcba9876543210",
	"chat-url":           "https://chat.contoso.com/hooks/0123456789abcdef",
	"graph-secret":       "not~a.real~secret",
	"kafka-password":     "not a real password",
}

// TestExamples reads each of packaging/examples. Those of sources that this
// version does not have yet are skipped; a kind of source without an example
// fails.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(packaging, "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var kinds, shown []string
	for _, k := range SourceKinds() {
		kinds = append(kinds, k.Name)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range sourcesOf(t, data) {
				if !slices.Contains(kinds, k) {
					t.Skipf("there is no kind of source %s yet", k)
				}
				shown = append(shown, k)
			}
			dir := t.TempDir()
			for name, text := range credentials {
				write(t, filepath.Join(dir, name), text)
			}
			write(t, filepath.Join(dir, "app-certificate"), certificate(t))
			write(t, filepath.Join(dir, "baseline.yaml"), "")
			text := string(data)
			for _, there := range []string{"/run/credentials/entrawatch.service/", "/etc/entrawatch/"} {
				text = strings.ReplaceAll(text, there, dir+"/")
			}
			write(t, filepath.Join(dir, "entrawatch.yaml"), text)
			if _, err := Read(filepath.Join(dir, "entrawatch.yaml"), environment); err != nil {
				t.Error(err)
			}
		})
	}
	for _, k := range kinds {
		if !slices.Contains(shown, k) {
			t.Errorf("packaging/examples has no configuration with the source %s", k)
		}
	}
}

// certificate makes a certificate with its key, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sourcesOf lists the kinds of source that a configuration names.
func sourcesOf(t *testing.T, data []byte) []string {
	t.Helper()
	var doc struct {
		Sources []map[string]any `yaml:"sources"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range doc.Sources {
		for k := range s {
			if k != "name" {
				out = append(out, k)
			}
		}
	}
	return out
}

// TestUnit asks systemd whether it understands the unit, and how well it shuts
// the service in: 0 is best, and 2 is what this unit must not exceed.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	text, err := os.ReadFile(filepath.Join(packaging, "entrawatch.service"))
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "entrawatch.service")
	write(t, unit, strings.ReplaceAll(string(text), "/usr/bin/entrawatch", "/bin/true")) // it must be there
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		if strings.Contains(string(out), "Failed to") && !strings.Contains(string(out), "entrawatch.service") {
			t.Skipf("systemd-analyze does not work here: %s", out)
		}
		t.Errorf("%v: %s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "unrecognized option") {
			t.Skip("this systemd cannot judge a unit that is not installed")
		}
		t.Errorf("%v: %s", err, out)
	}
}

// TestImage: the image is built with the version of Go that the module wants.
func TestImage(t *testing.T) {
	image, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	have := regexp.MustCompile(`(?m)^FROM docker\.io/library/golang:(\d+\.\d+)-(\w+) AS build$`).FindStringSubmatch(string(image))
	if want == nil || have == nil || want[1] != have[1] {
		t.Errorf("go.mod wants %q, the Dockerfile has %q", want, have)
	}
	debian := map[string]string{"bookworm": "12", "trixie": "13"}[have[2]]
	if !regexp.MustCompile(`(?m)^FROM gcr\.io/distroless/cc-debian` + debian + `:nonroot$`).Match(image) {
		t.Errorf("the program is built on Debian %s (%s) and runs on another", debian, have[2])
	}
}

// TestCategories: diagnostic settings send what entrawatch reads.
func TestCategories(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(packaging, "azure", "entra-diagnostics.bicep"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "param categories array = [\n")
	list, _, _ = strings.Cut(list, "]")
	names := regexp.MustCompile(`'(\w+)'`).FindAllStringSubmatch(list, -1)
	if len(names) < 10 {
		t.Fatalf("only %d categories", len(names))
	}
	schema := event.NewSchema()
	decoder, err := decode.NewDecoder(schema, [event.NumKinds][]int{})
	if err != nil {
		t.Fatal(err)
	}
	worker, e := decoder.NewWorker(decode.Entra), event.New(schema)
	for _, name := range append(names, []string{"", "NoSuchLogs"}) {
		record := `{"time":"2026-11-02T08:00:00Z","category":"` + name[1] + `","operationName":"x","properties":{"id":"a"}}`
		var b decode.Batch
		if err := decode.NewFramer(strings.NewReader(record), "hub").Next(&b); err != nil || len(b.Recs) != 1 {
			t.Fatal(name[1], err, len(b.Recs))
		}
		reason := worker.Decode(&b, &b.Recs[0], e)
		if (reason != "") != (name[1] == "NoSuchLogs") {
			t.Errorf("%s: %q", name[1], reason)
		}
	}
}

package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source"
)

const (
	variable = "ENTRAWATCH_AZURITE" // the program azurite-blob
	account  = "devstoreaccount1"
	// The key that every Azurite has.
	key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// An emulator is a running Azurite.
type emulator struct {
	address string // of the account
	stop    func()
	err     error
	skip    string
}

var azurite emulator

var begin = sync.OnceFunc(func() { azurite.begin() })

func TestMain(m *testing.M) {
	code := m.Run()
	if azurite.stop != nil {
		azurite.stop()
	}
	os.Exit(code)
}

// program returns where azurite-blob is, "" if it is not.
func program() string {
	if p := os.Getenv(variable); p != "" {
		return p
	}
	script, err := os.ReadFile("../../../tools/azurite.sh")
	if err != nil {
		return ""
	}
	cache, err := os.UserCacheDir()
	version := regexp.MustCompile(`(?m)^version=(.+)$`).FindSubmatch(script)
	if err != nil || version == nil {
		return ""
	}
	p := filepath.Join(cache, "entrawatch", "azurite-"+string(version[1]), "node_modules", ".bin", "azurite-blob")
	if _, err := os.Stat(p); err != nil {
		return ""
	}
	return p
}

func (e *emulator) begin() {
	p := program()
	if p == "" {
		e.skip = "Azurite is not here: run tools/azurite.sh, or name azurite-blob in " + variable
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.err = err
		return
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	var said bytes.Buffer
	cmd := exec.Command(p, "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port), "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry")
	cmd.Dir = os.TempDir()
	cmd.Stdout, cmd.Stderr = &said, &said
	if e.err = cmd.Start(); e.err != nil {
		return
	}
	e.stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	address := fmt.Sprintf("127.0.0.1:%d", port)
	e.address = "http://" + address + "/" + account
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			e.err = fmt.Errorf("azurite does not answer: %s", said.String())
			return
		}
	}
}

func connectionString() string {
	return "DefaultEndpointsProtocol=http;AccountName=" + account + ";AccountKey=" + key + ";BlobEndpoint=" + azurite.address + ";"
}

// storage is the account with Azurite, and an account of its own for each test as
// far as names of containers go.
type storage struct {
	t      *testing.T
	client *service.Client
	prefix string
}

var names atomic.Int32

func newStorage(t *testing.T) *storage {
	t.Helper()
	begin()
	switch {
	case azurite.skip != "":
		t.Skip(azurite.skip)
	case azurite.err != nil:
		t.Fatal(azurite.err)
	}
	client, err := service.NewClientFromConnectionString(connectionString(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &storage{t: t, client: client, prefix: fmt.Sprintf("test%d-", names.Add(1))}
}

// container makes one unless it is there, and returns its name.
func (s *storage) container(name string) string {
	name = s.prefix + name
	if _, err := s.client.CreateContainer(context.Background(), name, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		s.t.Fatal(err)
	}
	return name
}

// add appends to a blob, as Azure Monitor does.
func (s *storage) add(container, name, text string) {
	s.t.Helper()
	b := s.client.NewContainerClient(container).NewAppendBlobClient(name)
	body := func() io.ReadSeekCloser { return streaming.NopCloser(strings.NewReader(text)) }
	_, err := b.AppendBlock(context.Background(), body(), nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		if _, err = b.Create(context.Background(), nil); err == nil {
			_, err = b.AppendBlock(context.Background(), body(), nil)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// put writes a whole blob.
func (s *storage) put(container, name, text string) {
	s.t.Helper()
	_, err := s.client.NewContainerClient(container).NewBlockBlobClient(name).Upload(context.Background(), streaming.NopCloser(strings.NewReader(text)), nil)
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *storage) remove(container, name string) {
	s.t.Helper()
	if _, err := s.client.NewContainerClient(container).NewBlobClient(name).Delete(context.Background(), nil); err != nil {
		s.t.Fatal(err)
	}
}

// reader returns a source that is as quick as a test wants it.
func (s *storage) reader(change ...func(*Source)) *Source {
	s.t.Helper()
	cfg := Default()
	cfg.ConnectionString, cfg.Containers = setting.NewSecret(connectionString()), []string{s.prefix + "*"}
	if p := cfg.Problems(); len(p) > 0 {
		s.t.Fatal(p)
	}
	cfg.Poll = 10 * time.Millisecond
	out, err := New(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	out.listEvery = 30 * time.Millisecond
	for _, f := range change {
		f(out)
	}
	return out
}

// An intake keeps what a source delivers.
type intake struct {
	refuse func() error // what Deliver returns

	mu      sync.Mutex
	got     []delivered
	cursors map[string]string
	reports map[string]error
}

type delivered struct {
	source.Delivery
	text string
}

func newIntake() *intake {
	return &intake{cursors: map[string]string{}, reports: map[string]error{}}
}

func (in *intake) Deliver(ctx context.Context, d *source.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if in.refuse != nil {
		if err := in.refuse(); err != nil {
			return err
		}
	}
	text, failed := io.ReadAll(d.Body)
	if failed != nil {
		text = append(text, failed.Error()...)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.got = append(in.got, delivered{*d, string(text)})
	if failed != nil { // what came before is stored, and the cursor is not
		return fmt.Errorf("%s: %w", d.Name, failed)
	}
	in.cursors[d.Stream] = d.Cursor
	return nil
}

func (in *intake) Report(stream string, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reports[stream] = err
}

func (in *intake) text() string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var out strings.Builder
	for _, d := range in.got {
		out.WriteString(d.text)
	}
	return out.String()
}

func (in *intake) problem(stream string) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.reports[stream]
}

func (in *intake) reported(stream string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	_, ok := in.reports[stream]
	return ok
}

// start runs a source; the function that it returns ends that.
func start(t *testing.T, s *Source, cursors map[string]string, in source.Intake) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, cursors, in) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// until waits for something that happens soon.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen: " + what)
		}
	}
}

// hour is the name of a blob for an hour that many hours ago.
func hour(ago int) string {
	return time.Now().UTC().Add(-time.Duration(ago) * time.Hour).Format("tenantId=0000/y=2006/m=01/d=02/h=15/m=00/PT1H.json")
}

// noRetry sends everything once.
func noRetry(transport policy.Transporter) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1}}
}

// A faulty transport cannot read one blob while it is on.
type faulty struct {
	name   string
	answer answers
	on     atomic.Bool
}

func (f *faulty) Do(req *http.Request) (*http.Response, error) {
	if f.on.Load() && strings.HasSuffix(req.URL.Path, f.name) {
		return f.answer.Do(req)
	}
	return http.DefaultClient.Do(req)
}

// through makes a source use it.
func (f *faulty) through(t *testing.T) func(*Source) {
	return func(s *Source) {
		client, err := connect(s.cfg, &service.ClientOptions{ClientOptions: noRetry(f)})
		if err != nil {
			t.Fatal(err)
		}
		s.client = client
	}
}

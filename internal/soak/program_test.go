package soak

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/entrawatch/entrawatch/internal/cli"
)

// asProgram is set in the environment of processes that are the program.
const asProgram = "ENTRAWATCH_SOAK"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A process is a running service.
type process struct {
	cmd   *exec.Cmd
	log   bytes.Buffer
	ended chan error
}

func (w *world) start() *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self, "serve", "-config", "entrawatch.yaml")}
	p.cmd.Dir = w.dir
	p.cmd.Env = append(os.Environ(), asProgram+"=1", "SSL_CERT_FILE="+filepath.Join(w.dir, "ca.pem"))
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }()
	return p
}

// runs fails the test if the service has ended by itself.
func (p *process) runs(t testing.TB) {
	t.Helper()
	select {
	case err := <-p.ended:
		t.Fatalf("the service has ended by itself: %v\n%s", err, p.log.String())
	default:
	}
}

func (p *process) kill(t testing.TB) {
	t.Helper()
	p.runs(t)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	<-p.ended // it was killed
}

// end asks the service to end.
func (p *process) end(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("%v\n%s", err, p.log.String())
	}
	if err := <-p.ended; err != nil {
		t.Fatalf("the service ended with %v\n%s", err, p.log.String())
	}
}

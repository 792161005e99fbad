//go:build unix

package file

import (
	"net"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Opening a pipe without a writer would wait forever.
func TestNotFiles(t *testing.T) {
	tree(t, "logs/z.json")
	if err := syscall.Mkfifo("logs/pipe", 0o600); err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("unix", "logs/socket")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	link(t, "/dev/null", "logs/device")
	files, problems := walk("logs", "/dev/zero")
	if diff := cmp.Diff([]string{"logs/z.json"}, files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"logs/device: a device, not a file; leave it out; for standard input name -",
		"logs/pipe: a pipe, not a file; pass it as standard input: name - and add < in front of the path",
		"logs/socket: a socket, not a file; leave it out",
		"/dev/zero: a device, not a file; leave it out; for standard input name -",
	}, problems); diff != "" {
		t.Error(diff)
	}
	_, err = Open(Input{Path: "logs/pipe"})
	wantError(t, err, "logs/pipe", "a pipe, not a file")
}

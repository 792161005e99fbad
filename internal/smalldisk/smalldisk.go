// Package smalldisk gives tests a disk that is soon full, and that can be made
// read-only.
package smalldisk

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// Mount mounts a disk in memory at dir until the test ends, with options such as
// "size=3m". Where that cannot be, the test is skipped.
func Mount(t testing.TB, dir, options string) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("skipped: only root can mount a small disk, on Linux")
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("skipped: no small disk can be mounted: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %v: %s", err, out)
		}
	})
}

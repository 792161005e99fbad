//go:build linux || darwin

package app

import (
	"math"
	"syscall"
)

// freeSpace is how many bytes an ordinary user can still write to the disk of a
// folder.
func freeSpace(dir string) (bytes int64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(min(float64(s.Bavail)*float64(s.Bsize), math.MaxInt64/2)), true
}

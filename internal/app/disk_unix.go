//go:build linux || darwin

package app

import (
	"syscall"

	"github.com/entrawatch/entrawatch/internal/health"
)

// diskOf measures the disk of a folder.
func diskOf(folder string) health.Disk {
	out := health.Disk{Folder: folder}
	var st syscall.Statfs_t
	if folder == "" || syscall.Statfs(folder, &st) != nil {
		return out
	}
	out.Free, out.Size = st.Bavail*uint64(st.Bsize), st.Blocks*uint64(st.Bsize)
	return out
}

package app

import (
	"golang.org/x/sys/windows"

	"github.com/entrawatch/entrawatch/internal/health"
)

// diskOf measures the disk of a folder.
func diskOf(folder string) health.Disk {
	out := health.Disk{Folder: folder}
	path, err := windows.UTF16PtrFromString(folder)
	if folder == "" || err != nil {
		return out
	}
	var free, size uint64
	if windows.GetDiskFreeSpaceEx(path, &free, &size, nil) == nil {
		out.Free, out.Size = free, size
	}
	return out
}

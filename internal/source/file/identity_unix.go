//go:build unix

package file

import (
	"io/fs"
	"syscall"
)

// identity is equal for two paths that lead to the same file or folder.
type identity struct{ dev, ino uint64 }

func identify(_ string, info fs.FileInfo) identity {
	st := info.Sys().(*syscall.Stat_t)              // os.Stat returns nothing else
	return identity{uint64(st.Dev), uint64(st.Ino)} //nolint:unconvert // other widths on other systems
}

//go:build !unix

package file

import (
	"io/fs"
	"path/filepath"
)

// identity is equal for two paths that lead to the same file or folder. Hard
// links go unnoticed here.
type identity string

func identify(path string, _ fs.FileInfo) identity {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return identity(path)
}

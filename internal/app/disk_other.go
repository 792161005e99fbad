//go:build !linux && !darwin && !windows

package app

import "github.com/entrawatch/entrawatch/internal/health"

// diskOf does not know how to measure a disk here.
func diskOf(folder string) health.Disk { return health.Disk{Folder: folder} }

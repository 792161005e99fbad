package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/state"
	"github.com/entrawatch/entrawatch/internal/state/sqlite"
)

// BackupsFolder is the folder of backups of the state in a data folder.
const BackupsFolder = "backups"

// How many backups are kept: the newest, and of each day before the last one.
const (
	hourlyBackups = 24
	dailyBackups  = 7
)

// A Backup is a backup of the state that the service, or somebody, has made.
type Backup struct {
	Path string
	At   time.Time // UTC
	Size int64
}

const (
	backupPrefix, backupSuffix = "state-", ".db"
	backupTime                 = "20060102T150405Z"
)

// BackupName is how a backup of a time is called.
func BackupName(at time.Time) string {
	return backupPrefix + at.UTC().Format(backupTime) + backupSuffix
}

// Backups lists the backups in a folder, newest first. Other files are left alone.
func Backups(dir string) ([]Backup, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list backups of the state: %w", err)
	}
	var out []Backup
	for _, e := range entries {
		text, begins := strings.CutPrefix(e.Name(), backupPrefix)
		text, ends := strings.CutSuffix(text, backupSuffix)
		at, err := time.Parse(backupTime, text)
		if !begins || !ends || err != nil || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list backups of the state: %w", err)
		}
		out = append(out, Backup{filepath.Join(dir, e.Name()), at, info.Size()})
	}
	slices.SortFunc(out, func(a, b Backup) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Path, b.Path)) })
	return out, nil
}

// A backer makes backups of itself.
type backer interface {
	Backup(ctx context.Context, path string) error
}

// MakeBackup writes a backup of a state into a folder, and reads all of it. A
// backup with damage is not kept: then the state has it, too.
func MakeBackup(ctx context.Context, s backer, dir string, at time.Time) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of backups: %w", err)
	}
	path = filepath.Join(dir, BackupName(at))
	if err := s.Backup(ctx, path); err != nil {
		return "", err
	}
	if err := sqlite.CheckFile(ctx, path); err != nil {
		_ = os.Remove(path) // there is nothing good in it
		return "", fmt.Errorf("check the new backup: %w", err)
	}
	return path, nil
}

// spareBackups gives the backups, newest first, that need not be kept.
func spareBackups(all []Backup) []Backup {
	var out []Backup
	days := map[string]bool{}
	for i, b := range all {
		day := b.At.Format(time.DateOnly)
		if i < hourlyBackups {
			days[day] = true // the newest of it is kept already
			continue
		}
		if !days[day] && len(days) < dailyBackups {
			days[day] = true
			continue
		}
		out = append(out, b)
	}
	return out
}

// backup makes a backup when the last one is an hour old.
func (u *upkeeper) backup(ctx context.Context, now time.Time) error {
	dir := u.s.Upkeep.Backups
	if dir == "" {
		return nil
	}
	all, err := Backups(dir)
	if err != nil {
		return err
	}
	if len(all) > 0 && now.Sub(all[0].At) < time.Hour && !all[0].At.After(now) {
		return nil
	}
	path, err := MakeBackup(ctx, u.s.State, dir, now)
	if errors.Is(err, state.ErrCorrupt) {
		// The state says so itself when it is read, and takes nothing any more.
		return errors.Join(err, u.s.State.Check(ctx))
	}
	if err != nil {
		return err
	}
	u.s.Log.Debug("backup of the state", "path", path)
	if all, err = Backups(dir); err != nil {
		return err
	}
	for _, b := range spareBackups(all) {
		if err := os.Remove(b.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete an old backup of the state: %w", err)
		}
	}
	return nil
}

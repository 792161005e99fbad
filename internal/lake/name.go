package lake

import (
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
)

// Suffixes of files that are not, or no longer, part of the lake.
const (
	tmpSuffix     = ".tmp"     // written, but not recorded yet
	damagedSuffix = ".damaged" // set aside
)

// ours is how files are named: when they were written, what they hold, and which
// columns they have.
var ours = regexp.MustCompile(`^[0-9a-f]{12}-([0-9a-f]{16})-([0-9a-f]{8})\.parquet$`)

// unknownDay is the day of events without a time.
const unknownDay = "unknown"

// dayOf is the day of a time in microseconds.
func dayOf(micros int64) string {
	if micros == noTime {
		return unknownDay
	}
	t := time.UnixMicro(micros).UTC()
	// A year outside four digits is no year that a log means.
	if y := t.Year(); y < 1 || y > 9999 {
		return unknownDay
	}
	return t.Format(time.DateOnly)
}

// A place is the folder of a tenant, kind and day.
type place struct {
	tenant string
	kind   event.Kind
	day    string
}

func (p place) String() string {
	return "tenant=" + escape(p.tenant) + "/kind=" + escape(p.kind.String()) + "/day=" + escape(p.day)
}

// nameOf names a file of the kind: by when it was written, the beginning of the
// SHA-256 of its contents, and its columns.
func nameOf(k event.Kind, now time.Time, sum []byte) string {
	return fmt.Sprintf("%012x-%s-%s.parquet", now.UnixMilli()&(1<<48-1), hex.EncodeToString(sum[:8]), column.Version(k))
}

// VersionOf says which columns a file of the lake has, by its path; "" if it is
// none of ours.
func VersionOf(file string) string {
	m := ours.FindStringSubmatch(path.Base(file))
	if m == nil {
		return ""
	}
	return m[2]
}

// sumOf is the sum of a file's contents, by its path.
func sumOf(file string) string {
	if m := ours.FindStringSubmatch(path.Base(file)); m != nil {
		return m[1]
	}
	return ""
}

// escape writes a value as part of a path: what is not a letter, a digit, "-",
// "_", or a dot inside, as %XX.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// unescape undoes escape. ok is false for what escape does not write.
func unescape(s string) (out string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.WriteByte(c[0])
		i += 2
	}
	return b.String(), escape(b.String()) == s
}

// placeOf reads the place out of the path of a file below the lake; ok is false
// for paths that the lake does not write.
func placeOf(file string) (p place, ok bool) {
	parts := strings.Split(file, "/")
	if len(parts) != 4 || !ours.MatchString(parts[3]) {
		return place{}, false
	}
	var values [3]string
	for i, name := range []string{"tenant=", "kind=", "day="} {
		text, found := strings.CutPrefix(parts[i], name)
		if !found {
			return place{}, false
		}
		if values[i], ok = unescape(text); !ok {
			return place{}, false
		}
	}
	kind, ok := event.KindByName(values[1])
	if !ok || kind.String() != values[1] {
		return place{}, false
	}
	if values[2] != unknownDay {
		if _, err := time.Parse(time.DateOnly, values[2]); err != nil {
			return place{}, false
		}
	}
	return place{values[0], kind, values[2]}, true
}

// path is where a file of the manifest stands.
func (l *Lake) path(file string) string { return filepath.Join(l.dir, filepath.FromSlash(file)) }

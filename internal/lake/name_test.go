package lake

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/lake/column"
)

// FuzzPlace holds that every tenant has a folder of its own below the lake, which
// tells the tenant.
func FuzzPlace(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a/b", `a\b`, "tenant=x", "%41", "A", "\xff", "\x00", "4bbb79f7-5724-4c9e-95f3-de075f6ec090"} {
		f.Add(s, "2026-11-02")
	}
	f.Fuzz(func(t *testing.T, tenant, day string) {
		p := place{tenant, event.Signin, "2026-11-02"}
		path := p.String() + "/" + nameOf(p.kind, time.UnixMilli(1), make([]byte, 32))
		if got, ok := placeOf(path); !ok || got != p {
			t.Errorf("%q became %q, %v", tenant, got.tenant, ok)
		}
		if !filepath.IsLocal(path) || strings.Count(path, "/") != 3 || strings.ContainsAny(path, "\\\x00 ") {
			t.Errorf("path %q", path)
		}
		// What is no path of ours is not taken for one.
		if got, ok := placeOf(tenant + "/" + day); ok && got.String() != strings.TrimSuffix(tenant+"/"+day, "/"+base(tenant+"/"+day)) {
			t.Errorf("%q was taken for %v", tenant+"/"+day, got)
		}
	})
}

func TestPlaceOf(t *testing.T) {
	name := nameOf(event.Signin, time.UnixMilli(1_700_000_000_000), []byte("0123456789"))
	if VersionOf("x/"+name) != column.Version(event.Signin) || sumOf(name) != "3031323334353637" {
		t.Errorf("name %s", name)
	}
	for path, want := range map[string]bool{
		"tenant=a/kind=signin/day=2026-11-02/" + name: true, "tenant=/kind=user/day=unknown/" + name: true,
		"tenant=a/kind=signin/day=2026-13-02/" + name: false, "tenant=a/kind=nothing/day=2026-11-02/" + name: false,
		"tenant=a/kind=SIGNIN/day=2026-11-02/" + name: false, "tenant=%61/kind=signin/day=2026-11-02/" + name: false,
		"tenant=a/kind=signin/day=2026-11-02/x.parquet": false, "tenant=a/kind=signin/" + name: false, "": false,
		"tenant=../kind=signin/day=2026-11-02/" + name: false, "tenant=a/kind=signin/day=2026-11-02/" + name + ".tmp": false,
	} {
		if _, ok := placeOf(path); ok != want {
			t.Errorf("%s: %v", path, ok)
		}
	}
}

// FuzzQuoted compares with encoding/json.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "CA01", `"`, `\`, "\n", "\u2028", "\xff", "<b>", "ü"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := appendQuoted(nil, s)
		var back *string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q became %s: %v", s, got, err)
		}
		if s == "" != (back == nil) || back != nil && *back != strings.ToValidUTF8(s, "\ufffd") && len(s) > 0 && !strings.Contains(*back, "\ufffd") {
			t.Errorf("%q became %s", s, got)
		}
	})
}

// FuzzStore holds that what columns hold is valid and no longer than they are.
func FuzzStore(f *testing.F) {
	f.Add("a", 1)
	f.Add("ü\xff", 8192)
	f.Fuzz(func(t *testing.T, s string, n int) {
		r := NewRows(event.NewSchema())
		long := strings.Repeat(s, min(max(n, 0), 9000))
		if len(long) > 1<<20 {
			return
		}
		got := string(r.span(r.store(long)))
		if strings.ToValidUTF8(got, "?") != got || len(got) > 3*maxText {
			t.Errorf("%d bytes became %d", len(long), len(got))
		}
		if len(long) <= maxText && got != strings.ToValidUTF8(long, "\ufffd") {
			t.Errorf("%q became %q", long, got)
		}
	})
}

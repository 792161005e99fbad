package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
)

// names is a Resolver that knows what each host is.
type names map[string]string

func (n names) Resolve(_ context.Context, host string) (bool, error) {
	switch n[host] {
	case "exists":
		return true, nil
	case "gone":
		return false, nil
	}
	return false, errors.New("timeout")
}

// TestResolve: a name that does not exist is the finding, no answer is not.
func TestResolve(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "apps.json")
	text := `{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications","value":[{"id":"edde6a5c-5773-56af-962d-98c1f170167f","appId":"5e3ce6c0-2b1f-4285-8d4b-75ee78787346","displayName":"Portal","web":{"redirectUris":["https://gone.contoso.com/x","https://there.contoso.com/x","https://slow.contoso.com/x"]}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sc := newScan(ScanConfig{Paths: []string{path}, Resolver: names{"gone.contoso.com": "gone", "there.contoso.com": "exists"}, Workers: 1, Memory: 1 << 20})
	defer sc.close()
	if err := errors.Join(sc.prepare(), sc.read(t.Context()), sc.derive(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n := sc.workers[0].tally.kinds[event.RedirectDomain]; n != 3 {
		t.Errorf("%d domains, want 3", n)
	}
	if !sc.unresolved || !slices.ContainsFunc(sc.notices, func(s string) bool { return strings.Contains(s, "did not answer for slow.contoso.com;") }) {
		t.Errorf("no answer is not told: %q", sc.notices)
	}
}

// TestLargeDirectory: what was read of a snapshot stays right when its buffers
// are used again.
func TestLargeDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	var b strings.Builder
	const n = 60_000
	b.WriteString(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"id":"00000000-0000-4000-8000-%012d","userPrincipalName":"user%d@contoso.com","accountEnabled":true,"userType":"Member"}`, i, i)
	}
	b.WriteString("]}")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	sc := newScan(ScanConfig{Paths: []string{path}})
	if err := sc.prepare(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		u, ok := sc.dir.dir.User(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		if want := fmt.Sprintf("user%d@contoso.com", i); !ok || u.UPN != want {
			t.Fatalf("user %d is %q, want %q", i, u.UPN, want)
		}
	}
}

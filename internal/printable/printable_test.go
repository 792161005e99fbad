package printable

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "alice@contoso.com", "alice@contoso.com"},
		{"letters", "Åsa Öberg 李雷 علی", "Åsa Öberg 李雷 علی"},
		{"emoji with a joiner", "👩\u200d💻", "👩\u200d💻"},
		{"colour", "\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"window title", "\x1b]0;owned\x07", "]0;owned"},
		{"clear screen in one byte", "a\u009b2Jb", "a2Jb"},
		{"the byte by itself", "a\x9b2Jb", "a\ufffd2Jb"},
		{"new line", "one\ntwo\r\nthree", "one two  three"},
		{"other line breaks", "a\u2028b\u2029c\u0085d\vd", "a b c d d"},
		{"tab", "a\tb", "a b"},
		{"backspace, delete, null", "a\bb\x7fc\x00d", "abcd"},
		{"direction", "\u202egnp.exe\u202c \u2066x\u2069 \u200ey\u200f\u061c", "gnp.exe x y"},
		{"invisible", "pay\u200bpal\ufeff\u2060\u00ad", "paypal"},
		{"tags", "x\U000e0041y", "xy"},
		{"no-break space", "a\u00a0b", "a b"},
		{"private use", "a\ue000b", "a\ufffdb"},
		{"not UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[2J\u202e\u009b")
	f.Fuzz(func(t *testing.T, s string) {
		out := Clean(s)
		for _, r := range out {
			if r == zwj || r == zwnj {
				continue
			}
			if !unicode.IsPrint(r) {
				t.Fatalf("Clean(%q) has %U", s, r)
			}
		}
		if Clean(out) != out {
			t.Fatalf("Clean(%q) is not clean", s)
		}
	})
}

func TestWrap(t *testing.T) {
	sentence := "Somebody with valid credentials of adm_alice@contoso.com was stopped only by Conditional Access, coming from " +
		"203.0.113.24 in SE to OfficeHome on /subscriptions/69b10b8c-7425-5021-a618-397a29be3a81/providers/Microsoft.Authorization/" +
		"roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635: if it was not the user, reset the password. 李雷在北京登录了管理中心并更改了条件访问策略"
	for _, limit := range []int{1, 20, 49, 80, 160, 1000} {
		lines := Wrap(sentence, limit)
		for _, l := range lines {
			if n := Columns(l); n > limit && !(limit == 1 && len([]rune(l)) == 1) {
				t.Errorf("at %d: %q takes %d columns", limit, l, n)
			}
			if l != strings.TrimSpace(l) {
				t.Errorf("at %d: %q begins or ends with a blank", limit, l)
			}
		}
		if got, want := letters(strings.Join(lines, " ")), letters(sentence); got != want {
			t.Errorf("at %d text is lost:\n%s", limit, cmp.Diff(want, got))
		}
	}
	want := []string{
		"Conditional Access refused carla@contoso.com access to Contoso Portal from",
		"198.51.100.9 in BR.",
	}
	if diff := cmp.Diff(want, Wrap("Conditional  Access refused carla@contoso.com access to Contoso Portal from 198.51.100.9 in BR. ", 80)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"logs/2026/11/02/", "PT1H.json:14[3]"}, Wrap("logs/2026/11/02/PT1H.json:14[3]", 20)); diff != "" {
		t.Error("a path is cut behind a separator:", diff)
	}
	if diff := cmp.Diff([]string{""}, Wrap(" ", 80)); diff != "" {
		t.Error(diff)
	}
}

func letters(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestColumns(t *testing.T) {
	for in, want := range map[string]int{"abc": 3, "Åsa": 3, "A\u030asa": 3, "李雷": 4, "×14": 3, "": 0} {
		if got := Columns(in); got != want {
			t.Errorf("Columns(%q) = %d, want %d", in, got, want)
		}
	}
}

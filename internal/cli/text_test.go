package cli

import "testing"

func TestNumbers(t *testing.T) {
	for in, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := number(in); got != want {
			t.Errorf("number(%d) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1500: "1.5 kB", 123_456: "123 kB", 999_999: "1.0 MB", 4_200_000_000: "4.2 GB"} {
		if got := bytesOf(in); got != want {
			t.Errorf("bytesOf(%d) = %s, want %s", in, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 files", 1: "1 file", 1204: "1,204 files"} {
		if got := count(n, "file"); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for n, want := range map[int][2]int{0: {0, 0}, 5: {5, 0}, 6: {6, 0}, 7: {5, 2}} {
		head, more := cut(make([]int, n), 5)
		if len(head) != want[0] || more != want[1] {
			t.Errorf("of %d: %d shown, %d more; want %v", n, len(head), more, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"scan", "rules", "baseline", "version", "low"}
	for in, want := range map[string]string{
		"skan": "; did you mean scan?", "rule": "; did you mean rules?", "Baselin": "; did you mean baseline?",
		"xyz": "", "": "", "hello": "", "lw": "; did you mean low?",
	} {
		if got := didYouMean(in, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"alice": "alice", "": "", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "' =1", "\ta": "' a",
		" =1": "' =1", "\u200b=1": "'=1", "\n=1": "' =1", "＝1": "'＝1", "a=1": "a=1",
	} {
		if got := inert(in); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
}

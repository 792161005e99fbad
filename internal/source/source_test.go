package source

import (
	"strings"
	"testing"
	"time"
)

func TestCheckEnd(t *testing.T) {
	end := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for before, want := range map[time.Duration]string{
		100 * day: "note valid until 2027-01-31, 100 days", 29 * day: "notice it ends on 2027-01-31, in 29 days; renew", 36 * time.Hour: "notice it ends on 2027-01-31, in 1 day; renew",
		time.Hour: "notice it ends on 2027-01-31, in less than a day; renew", 0: "problem it has ended on 2027-01-31; renew", -day: "problem it has ended on 2027-01-31; renew",
	} {
		c := CheckEnd("certificate", end, end.Add(-before), "renew")
		got := "note " + c.Note
		switch {
		case c.Problem != nil && c.Notice:
			got = "notice " + c.Problem.Error()
		case c.Problem != nil:
			got = "problem " + c.Problem.Error()
		}
		if got != want || !strings.Contains(c.What, "certificate") {
			t.Errorf("%v before: %s, want %s", before, got, want)
		}
	}
}

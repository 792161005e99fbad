package baseline

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// oracle walks every minute of every shift near t and compares dates and clocks
// as they hang on the wall.
func oracle(t time.Time, zone *time.Location, days [7]bool, from, to int, holidays map[string]bool) bool {
	const wall = "2006-01-02 15:04"
	now := t.In(zone).Format(wall)
	noon, _ := time.Parse(time.DateOnly, t.In(zone).Format(time.DateOnly))
	for shift := -2; shift <= 2; shift++ {
		day := noon.AddDate(0, 0, shift) // in UTC: days without changes of the clock
		if !days[day.Weekday()] || holidays[day.Format(time.DateOnly)] {
			continue
		}
		for m := from; m != to && m < from+24*60; m++ {
			if day.Add(time.Duration(m)*time.Minute).Format(wall) == now {
				return true
			}
			if m%(24*60) == to-1 || to == 0 && m%(24*60) == 24*60-1 {
				break
			}
		}
	}
	return false
}

func TestScheduleAgainstOracle(t *testing.T) {
	zones := []string{"UTC", "Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"}
	starts := []time.Time{ // around changes of the clock, and where a day is missing
		time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2011, 12, 29, 0, 0, 0, 0, time.UTC), time.Date(2018, 11, 3, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC),
	}
	var inside, outside int
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		s := schedule{clock: &clock{zone: zone}, from: rapid.IntRange(0, 1439).Draw(t, "from"), to: rapid.IntRange(0, 1440).Draw(t, "to")}
		if s.from == s.to {
			return
		}
		for i := range s.days {
			s.days[i] = rapid.Bool().Draw(t, "day")
		}
		when := rapid.SampledFrom(starts).Draw(t, "start").Add(time.Duration(rapid.IntRange(0, 3*24*60*60).Draw(t, "seconds")) * time.Second)
		off, offText := dates{}, map[string]bool{}
		for range rapid.IntRange(0, 2).Draw(t, "holidays") {
			h := when.AddDate(0, 0, rapid.IntRange(-1, 1).Draw(t, "holiday"))
			off[dayNumber(h.Date())] = struct{}{}
			offText[h.Format(time.DateOnly)] = true
		}
		s.covers(when.Add(time.Duration(rapid.IntRange(-24*60, 24*60).Draw(t, "asked before"))*time.Minute), off) // the clock remembers
		got, want := s.covers(when, off), oracle(when, zone, s.days, s.from, s.to, offText)
		if got != want {
			t.Fatalf("%v in %v, days %v, %d to %d, off %v: %v, want %v", when.In(zone), zone, s.days, s.from, s.to, offText, got, want)
		}
		if got {
			inside++
		} else {
			outside++
		}
	})
	if inside == 0 || outside == 0 {
		t.Errorf("%d inside, %d outside: the test says nothing", inside, outside)
	}
}

const shifts = `
holidays: [2026-12-24]
working_hours:
  - {members: ["*"], time_zone: Europe/Stockholm, days: [mon, tue, wed, thu, fri], from: "07:00", to: "19:00"}
  - {countries: [US], time_zone: America/New_York, days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}
  - {members: [night@acme.example, "app:Batch"], time_zone: Europe/Stockholm, days: [sun, mon, tue, wed, thu], from: "22:00", to: "06:00"}
  - {members: [night@acme.example], time_zone: Europe/Stockholm, days: [sat], from: "00:00", to: "24:00"}
`

func TestWorkingHours(t *testing.T) {
	v := mustView(t, shifts, nil)
	at := func(s string) time.Time {
		t.Helper()
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	ann, night, batch, other := user("ann@acme.example"), user("Night@acme.example"), appNamed("Batch"), appNamed("Sync")
	var cases []fieldCase
	for _, c := range []struct {
		who     Principal
		country string
		when    string
		want    string
	}{
		{ann, "", "2026-11-02T07:00:00+01:00", "true"},
		{ann, "", "2026-11-02T06:59:59+01:00", "false"},
		{ann, "", "2026-11-02T18:59:59+01:00", "true"},
		{ann, "", "2026-11-02T19:00:00+01:00", "false"},
		{ann, "", "2026-11-01T12:00:00+01:00", "false"}, // Sunday
		{ann, "SE", "2026-11-02T05:30:00Z", "false"},    // winter: 06:30
		{ann, "SE", "2026-07-06T05:30:00Z", "true"},     // summer: 07:30
		{ann, "", "2026-12-24T12:00:00+01:00", "false"}, // holiday
		{ann, "US", "2026-11-02T20:00:00Z", "true"},     // 15:00 in New York
		{ann, "US", "2026-11-02T09:00:00Z", "false"},    // 04:00 there, though 10:00 in Stockholm
		{Principal{}, "", "2026-11-02T12:00:00Z", "true"},
		{night, "", "2026-11-02T23:00:00+01:00", "true"},
		{night, "US", "2026-11-03T05:59:00+01:00", "true"}, // members win over countries
		{night, "", "2026-11-02T12:00:00+01:00", "false"},  // and over everybody
		{night, "", "2026-11-07T05:00:00+01:00", "true"},   // Saturday has hours of its own
		{night, "", "2026-11-06T23:00:00+01:00", "false"},  // no shift begins on a Friday
		{night, "", "2026-12-24T03:00:00+01:00", "true"},   // the shift began the day before the holiday
		{night, "", "2026-12-24T23:00:00+01:00", "false"},
		{batch, "", "2026-11-02T23:00:00+01:00", "true"},
		{other, "US", "2026-11-02T23:00:00+01:00", absent}, // services keep no hours
	} {
		name := fmt.Sprint(c.who.UPN, c.who.Name, c.country, c.when)
		cases = append(cases, fieldCase{name, "baseline.time.working_hours", facts{user: c.who, country: c.country, time: at(c.when)}, c.want})
	}
	cases = append(cases,
		fieldCase{"actor of a change", "baseline.time.working_hours", facts{actor: night, time: at("2026-11-02T23:00:00+01:00")}, "true"},
		fieldCase{"no time", "baseline.time.working_hours", facts{user: ann}, absent})
	runFieldCases(t, v, cases)

	none := mustView(t, `working_hours: [{members: [a@b.example], time_zone: UTC, days: [mon], from: "08:00", to: "16:00"}]`, nil)
	runFieldCases(t, none, []fieldCase{
		{"nobody's hours", "baseline.time.working_hours", facts{user: ann, time: at("2026-11-02T12:00:00Z")}, absent},
	})
}

func TestElevationHours(t *testing.T) {
	const own = `[{members: ["*"], time_zone: UTC, days: [mon], from: "01:00", to: "02:00"}]`
	noon, one := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)
	admin := user("adm@acme.example")
	const field = "baseline.time.elevation_hours"
	runFieldCases(t, mustView(t, shifts+"elevation_policy: {hours: working_hours}", nil), []fieldCase{
		{"as working hours", field, facts{actor: admin, time: noon}, "true"},
		{"outside", field, facts{actor: admin, time: one}, "false"},
	})
	runFieldCases(t, mustView(t, shifts+"elevation_policy: {hours: "+own+"}", nil), []fieldCase{
		{"own hours, in", field, facts{actor: admin, time: one}, "true"},
		{"own hours, out", field, facts{actor: admin, time: noon}, "false"},
	})
	runFieldCases(t, mustView(t, shifts+"elevation_policy: {max_duration: 1h}", nil), []fieldCase{
		{"not set", field, facts{actor: admin, time: noon}, absent},
	})
}

package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/detect"
)

func escalate(levels map[string][]string) func(*detect.Rule) {
	return func(r *detect.Rule) { r.Extra.Escalate = levels }
}

func flags(f detect.Flags) func(*detect.Signal) {
	return func(s *detect.Signal) { s.Flags = f }
}

func TestEscalate(t *testing.T) {
	const many = "12 accounts show the same pattern within 1h"
	all := map[string][]string{"critical": {"break_glass"}, "high": {"vip", "widespread"}, "medium": {"privileged"}}
	both := detect.VIP | detect.Privileged | detect.BreakGlass
	tests := []struct {
		name           string
		levels         map[string][]string
		more           []func(*detect.Rule)
		signals        []detect.Signal
		wide           byte // the signal that is part of many
		severity, says string
	}{
		{name: "not at all", signals: []detect.Signal{at(1, 0, flags(both))}, severity: "low", says: "level of the rule"},
		{name: "nothing holds", levels: all, signals: []detect.Signal{at(1, 0)}, severity: "low", says: "level of the rule"},
		{name: "vip", levels: all, signals: []detect.Signal{at(1, 0, flags(detect.VIP))}, severity: "high", says: "it concerns an account of vip_accounts"},
		{name: "privileged", levels: all, signals: []detect.Signal{at(1, 0, flags(detect.Privileged))}, severity: "medium", says: "it concerns a privileged account"},
		{name: "break glass", levels: all, signals: []detect.Signal{at(1, 0, flags(detect.BreakGlass))}, severity: "critical", says: "it concerns a break-glass account"},
		{name: "the highest", levels: all, signals: []detect.Signal{at(1, 0, flags(both))}, severity: "critical", says: "it concerns a break-glass account"},
		{name: "of any of its events", levels: all, signals: []detect.Signal{at(1, 0, flags(detect.Privileged)), at(2, time.Minute), at(3, time.Hour, flags(detect.VIP))}, severity: "high", says: "it concerns an account of vip_accounts"},
		{name: "the first reason of a level", levels: map[string][]string{"high": {"break_glass", "vip"}}, signals: []detect.Signal{at(1, 0, flags(both))}, severity: "high", says: "it concerns a break-glass account"},
		{name: "widespread", levels: all, signals: []detect.Signal{at(1, 0), at(2, time.Minute)}, wide: 2, severity: "high", says: many},
		{name: "widespread, of no interest", levels: map[string][]string{"high": {"vip"}}, signals: []detect.Signal{at(1, 0)}, wide: 1, severity: "low", says: "level of the rule"},
		{name: "above what the record says", levels: all, more: []func(*detect.Rule){levelFrom}, signals: []detect.Signal{at(1, 0, flags(detect.VIP), func(s *detect.Signal) { s.Severity = "medium" })}, severity: "high", says: "it concerns an account of vip_accounts"},
		{name: "no higher than the record says", levels: all, more: []func(*detect.Rule){levelFrom}, signals: []detect.Signal{at(1, 0, flags(detect.VIP), func(s *detect.Signal) { s.Severity = "high" })}, severity: "high", says: "riskLevel of the record is high"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out []*alert.Alert
			wide := func(s *detect.Signal) string {
				if tt.wide > 0 && s.Identity[0] == tt.wide {
					return many
				}
				return ""
			}
			r := ruleWith("r", "", append(tt.more, escalate(tt.levels))...)
			fold(t, alert.NewBuilder([]*detect.Rule{r}, wide, func(a *alert.Alert) error { out = append(out, a); return nil }), tt.signals)
			if len(out) != 1 || out[0].Severity != tt.severity || out[0].SeverityReason != tt.says {
				t.Errorf("%d alerts, %s: %s", len(out), out[0].Severity, out[0].SeverityReason)
			}
		})
	}
}

// TestSummaryOfMany: what a sentence says of several events.
func TestSummaryOfMany(t *testing.T) {
	texts := func(n int) (out []string) {
		for i := range n {
			out = append(out, string(rune('a'+i%26))+strings.Repeat("x", i/26))
		}
		return out
	}
	tests := []struct {
		name, template string
		values         [][]string // of one slot, by event
		want           string
	}{
		{"two values", "from {ip}", [][]string{{"a"}, {"b"}}, "from a, b"},
		{"each once", "from {ip}", [][]string{{"a"}, {"b"}, {"a"}}, "from a, b"},
		{"three", "from {ip}", [][]string{{"a"}, {"b", "c"}}, "from a, b, c"},
		{"four", "from {ip}", [][]string{{"a"}, {"b", "c"}, {"d"}}, "from a, b, c and 1 more"},
		{"many", "from {ip}", [][]string{texts(15)}, "from a, b, c and 12 more"},
		{"very many", "from {ip}", [][]string{texts(1234)}, "from a, b, c and 1,231 more"},
		{"none", "from {ip}", [][]string{nil, nil}, "from (unknown)"},
		{"none at first", "from {ip}", [][]string{nil, {"a"}}, "from a"},
		{"number", "from {number of ip} addresses", [][]string{{"a"}, {"b"}, {"a"}}, "from 2 addresses"},
		{"number of none", "from {number of ip} addresses", [][]string{nil}, "from 0 addresses"},
		{"number of very many", "from {number of ip} addresses", [][]string{texts(1234)}, "from 1,234 addresses"},
		{"count", "{count} times {ip}", [][]string{{"a"}, {"a"}, {"a"}}, "3 times a"},
		{"first, last and span", "{first} to {last} ({span}), {ip}", [][]string{{"a"}, {"b"}, {"c"}}, "2026-11-02 12:00 UTC to 2026-11-02 12:40 UTC (40m), a, b, c"},
		{"of one event", "{first} to {last} ({span})", [][]string{nil}, "2026-11-02 12:00 UTC to 2026-11-02 12:00 UTC (0s)"},
		{"measure", "{measure}: {ip}", [][]string{{"a"}}, "17: a"},
		{"special names are no fields", "{count}{ip}{span}", [][]string{{"a"}}, "1a0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var signals []detect.Signal
			for i, v := range tt.values {
				signals = append(signals, at(byte(i), time.Duration(i)*20*time.Minute, func(s *detect.Signal) {
					s.Measure, s.Values = "17", []detect.Distinct{{Texts: v}}
				}))
			}
			if got := one(t, ruleWith("r", "", summary(tt.template)), signals...).Summary; got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
	if got := one(t, ruleWith("r", "", summary("{first}, {last}, {span}, {count}")), at(1, 0, untimed)).Summary; got != "(unknown), (unknown), (unknown), 1" {
		t.Errorf("without time: %q", got)
	}
	var signals []detect.Signal
	for i := range 12_000 {
		value := time.Duration(i).String()
		signals = append(signals, at(byte(i), time.Duration(i)*time.Second, func(s *detect.Signal) { s.Values = values(value, value) }))
	}
	a := one(t, ruleWith("r", "", summary("{number of ip}: {ip}")), signals...)
	if a.Summary != "more than 10,007: 0s, 1ns, 2ns and more than 10,005 more" {
		t.Errorf("more values than anybody counts: %q", a.Summary)
	}
}

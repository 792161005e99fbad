package config

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// Problems lists what is wrong with the values, those of sections apart.
func (c *Config) Problems() []setting.Problem {
	var out []setting.Problem
	add := func(key, hint, format string, args ...any) {
		out = append(out, setting.Problem{Key: key, What: fmt.Sprintf(format, args...), Hint: hint})
	}
	if _, _, ok := event.ParseGUID(c.Tenant); c.Tenant != "" && !ok {
		add("tenant", "the overview of the Entra admin center shows it", "%q is not the id of a tenant, such as 4bbb79f7-5724-4c9e-95f3-de075f6ec090", c.Tenant)
	}
	if c.Baseline != "" {
		if info, err := os.Stat(string(c.Baseline)); err != nil {
			add("baseline", "\"entrawatch baseline init\" writes one", "%s: %v", c.Baseline, cause(err))
		} else if !info.Mode().IsRegular() {
			add("baseline", "", "%s: is not a file", c.Baseline)
		}
	}
	for i, dir := range c.Rules {
		if info, err := os.Stat(string(dir)); err != nil {
			add(fmt.Sprintf("rules[%d]", i), "", "%s: %v", dir, cause(err))
		} else if !info.IsDir() {
			add(fmt.Sprintf("rules[%d]", i), "name the folder that it is in", "%s: is not a folder", dir)
		}
	}
	if info, err := os.Stat(string(c.Data)); err == nil && !info.IsDir() {
		add("data", "", "%s: is not a folder", c.Data)
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil {
		add("listen", "write it like 127.0.0.1:8070", "%q is not an address with a port", c.Listen)
	} else if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		add("listen", "", "%q is not a port from 1 to 65535", port)
	}
	c.times(add)
	names(add, "sources", c.Sources, func(s Source) Item { return s.Item })
	names(add, "outlets", c.Outlets, func(o Outlet) Item { return o.Item })
	return out
}

// times looks at lengths of time, by themselves and against each other.
func (c *Config) times(add func(key, hint, format string, args ...any)) {
	if c.Lateness < time.Minute || c.Lateness > 30*day {
		add("lateness", "", "%s is not from 1m to 30d", setting.FormatSpan(c.Lateness))
	}
	if c.Lake.Flush < time.Second || c.Lake.Flush > 10*time.Minute {
		add("lake.flush", "", "%s is not from 1s to 10m", setting.FormatSpan(c.Lake.Flush))
	}
	for _, kind := range kindNames() {
		if span, ok := c.Delay[kind]; ok && span > c.Lateness {
			add("delay."+kind, "make lateness longer", "%s is longer than lateness (%s): nothing can be awaited longer than it may be late",
				setting.FormatSpan(span), setting.FormatSpan(c.Lateness))
		}
		span, ok := c.Lake.Retention[kind]
		switch key := "lake.retention." + kind; {
		case !ok:
		case span == 0 || span%day != 0:
			add(key, "write it like 90d", "%s is not a number of whole days", setting.FormatSpan(span))
		case span < c.Lateness:
			add(key, "", "%s is shorter than lateness (%s): what comes late would be deleted at once", setting.FormatSpan(span), setting.FormatSpan(c.Lateness))
		}
	}
}

// names wants different names: what is kept of an item is kept under its name.
func names[T any](add func(key, hint, format string, args ...any), key string, items []T, of func(T) Item) {
	seen := map[string]int{}
	for i, item := range items {
		label := of(item).Label()
		if label == "" {
			continue // could not be read
		}
		if first, twice := seen[label]; twice {
			add(fmt.Sprintf("%s[%d]", key, i), "give it another name with \"name: …\"", "%s[%d] is called %s, too", key, first, label)
			continue
		}
		seen[label] = i
	}
}

// unusual lists what is right but may not be meant.
func (c *Config) unusual() []setting.Problem {
	var out []setting.Problem
	if c.Baseline == "" {
		out = append(out, setting.Problem{Key: "baseline", What: "is not set: rules that compare with what is normal are inactive"})
	}
	if len(c.Sources) == 0 {
		out = append(out, setting.Problem{Key: "sources", What: "there are none: nothing will be read"})
	}
	if len(c.Outlets) == 0 {
		out = append(out, setting.Problem{Key: "outlets", What: "there are none: alerts are kept, but nobody is told"})
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		out = append(out, setting.Problem{Key: "listen", What: "whoever reaches " + c.Listen + " can read health and metrics"})
	}
	return out
}

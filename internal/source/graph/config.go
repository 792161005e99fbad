package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/azure"
	"github.com/entrawatch/entrawatch/internal/spelling"
)

// Config is the section of the source.
type Config struct {
	// Entra says as which application the source signs in, and in which cloud.
	Entra azure.Auth `yaml:"entra"`
	// Endpoints replace addresses of the cloud, for clouds that are not in the list.
	Endpoints azure.Endpoints `yaml:"endpoints"`
	// Logs are the logs to read. Without the licence for one, leave it out.
	Logs []string `yaml:"logs"`
	// Snapshots are the directory objects to list.
	Snapshots []string `yaml:"snapshots"`
	// Since is how far back the first run reads. Graph keeps logs for 30 days, and
	// for 7 in tenants without a premium licence.
	Since time.Duration `yaml:"since"`
	// Poll is how often each log is asked for.
	Poll time.Duration `yaml:"poll"`
	// SnapshotEvery is how often directory objects are listed.
	SnapshotEvery time.Duration `yaml:"snapshot_every"`
}

// Default returns a section that lacks only who signs in: it reads every log and
// all objects.
func Default() *Config {
	c := &Config{Since: 7 * 24 * time.Hour, Poll: time.Minute, SnapshotEvery: 6 * time.Hour}
	for _, l := range logs {
		c.Logs = append(c.Logs, l.name)
	}
	for _, l := range listings {
		c.Snapshots = append(c.Snapshots, l.name)
	}
	return c
}

// Problems implements [setting.Section].
func (c *Config) Problems() []setting.Problem {
	out := c.Entra.Problems()
	add := func(key, what, hint string) { out = append(out, setting.Problem{Key: key, What: what, Hint: hint}) }
	for _, e := range [][2]string{{"login", c.Endpoints.Login}, {"graph", c.Endpoints.Graph}, {"resource_manager", c.Endpoints.ResourceManager}} {
		if _, ok := azure.Host(e[1]); e[1] != "" && !ok {
			add("endpoints."+e[0], "is not an address of the form https://HOST", "write it so, or leave it out")
		}
	}
	names := func(key string, given []string, all []string) {
		for i, name := range given {
			switch {
			case !slices.Contains(all, name):
				hint := "write one of " + strings.Join(all, ", ")
				if near := spelling.Nearest(name, all, 3); near != "" {
					hint = "did you mean " + near + "?"
				}
				add(key, `"`+name+`" is not known`, hint)
			case slices.Contains(given[:i], name):
				add(key, name+" stands there twice", "remove one")
			}
		}
	}
	all := Default()
	names("logs", c.Logs, all.Logs)
	names("snapshots", c.Snapshots, all.Snapshots)
	if len(c.Logs)+len(c.Snapshots) == 0 {
		add("logs", "is empty, and snapshots too", "name what to read, or remove the source")
	}
	for _, d := range []struct {
		key         string
		given       time.Duration
		least, most time.Duration
	}{
		{"since", c.Since, 0, 31 * 24 * time.Hour}, {"poll", c.Poll, 10 * time.Second, time.Hour}, {"snapshot_every", c.SnapshotEvery, 10 * time.Minute, 7 * 24 * time.Hour},
	} {
		if d.given < d.least || d.given > d.most {
			add(d.key, "is "+d.given.String(), "write a time from "+d.least.String()+" to "+d.most.String())
		}
	}
	return out
}

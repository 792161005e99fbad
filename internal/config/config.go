// Package config reads entrawatch.yaml, the configuration of the service: where
// logs come from, where what is seen is kept, and who is told. It is part of the
// frame, and the one place that knows all kinds of source, store and outlet;
// each of them owns its section. It opens no connection and starts nothing.
//
// The comments of its types are docs/configuration.md and the file that
// "entrawatch config init" writes.
package config

import (
	"time"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Config is what the service is to do.
type Config struct {
	// Tenant is the id of the tenant of records that name none. Without it, it is
	// the home_tenant_id of the baseline.
	Tenant string `yaml:"tenant"`
	// Baseline is the file that says what is normal in the organisation. Rules
	// that compare with it are inactive without it.
	Baseline setting.Path `yaml:"baseline"`
	// Rules are folders with Sigma rules of yours, which stand beside the built-in
	// ones.
	Rules []setting.Path `yaml:"rules"`
	// Data is the folder of all that the service keeps. Nothing else may write
	// there.
	Data setting.Path `yaml:"data"`
	// Listen is the address that answers for health (/healthz, /readyz) and
	// metrics (/metrics), without asking who wants to know.
	Listen string `yaml:"listen"`
	// State is where signals, alerts, deliveries and positions in sources are
	// kept.
	State Store `yaml:"state"`
	// Lake is how all events are kept.
	Lake Lake `yaml:"lake"`
	// Lateness is how late an event may come and still be placed exactly. Later
	// ones are kept and counted, but match only what looks at single events.
	Lateness time.Duration `yaml:"lateness"`
	// Delay is how long an event is awaited before its absence counts, by kind.
	Delay Spans `yaml:"delay"`
	// Sources are where logs come from: each item has one key, the kind of source,
	// and a name if there are several of a kind.
	Sources []Source `yaml:"sources"`
	// Outlets are where alerts go: each item has one key, the kind of outlet, and
	// a name if there are several of a kind. Every outlet gets every alert.
	Outlets []Outlet `yaml:"outlets"`

	// Notices are what is right but may not be meant, as file:line: path: what.
	Notices []string `yaml:"-"`
}

// A Lake is how events are kept.
type Lake struct {
	// Retention is how long events are kept, by kind, in whole days.
	Retention Spans `yaml:"retention"`
	// Flush is how often events are written. Queries see them after that; a crash
	// loses nothing, because sources are read again from there.
	Flush time.Duration `yaml:"flush"`
}

const day = 24 * time.Hour

// Default is the configuration that an empty file means.
func Default() *Config {
	return &Config{
		Data:     "./entrawatch-data",
		Listen:   "127.0.0.1:8070",
		State:    Store{Item{Kind: "sqlite", Section: &SQLite{}}},
		Lake:     Lake{Retention: Spans{anyKind: 400 * day}, Flush: 5 * time.Second},
		Lateness: day,
		Delay:    Spans{anyKind: 15 * time.Minute},
	}
}

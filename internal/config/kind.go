package config

import (
	outfile "github.com/entrawatch/entrawatch/internal/notify/file"
	"github.com/entrawatch/entrawatch/internal/notify/stdout"
	"github.com/entrawatch/entrawatch/internal/notify/webhook"
	"github.com/entrawatch/entrawatch/internal/setting"
	"github.com/entrawatch/entrawatch/internal/source/blob"
	"github.com/entrawatch/entrawatch/internal/source/file"
	"github.com/entrawatch/entrawatch/internal/source/graph"
	"github.com/entrawatch/entrawatch/internal/source/kafka"
	"github.com/entrawatch/entrawatch/internal/source/mgmtapi"
	"github.com/entrawatch/entrawatch/internal/state/postgres"
)

// A Kind is a kind of source, store or outlet: its key, and how a section with
// its defaults is made.
type Kind struct {
	Name string
	New  func() setting.Section
}

// SourceKinds are the kinds of source, one a line.
func SourceKinds() []Kind {
	return []Kind{
		{"file", func() setting.Section { return file.DefaultFollow() }},
		{"graph", func() setting.Section { return graph.Default() }},
		{"mgmtapi", func() setting.Section { return mgmtapi.Default() }},
		{"kafka", func() setting.Section { return kafka.Default() }},
		{"blob", func() setting.Section { return blob.Default() }},
	}
}

// StoreKinds are the kinds of store, one a line.
func StoreKinds() []Kind {
	return []Kind{
		{"sqlite", func() setting.Section { return &SQLite{} }},
		{"postgres", func() setting.Section { return &postgres.Config{} }},
	}
}

// OutletKinds are the kinds of outlet, one a line. Their sections open them:
// each is a notify.Config.
func OutletKinds() []Kind {
	return []Kind{
		{"stdout", func() setting.Section { return stdout.Default() }},
		{"file", func() setting.Section { return outfile.Default() }},
		{"webhook", func() setting.Section { return webhook.Default() }},
	}
}

// SQLite keeps the state in a file of the data folder. There is nothing to set.
type SQLite struct{}

// Problems finds none.
func (*SQLite) Problems() []setting.Problem { return nil }

package config

import (
	"github.com/entrawatch/entrawatch/internal/notify/file"
	"github.com/entrawatch/entrawatch/internal/notify/stdout"
	"github.com/entrawatch/entrawatch/internal/notify/webhook"
	"github.com/entrawatch/entrawatch/internal/setting"
)

// A Kind is a kind of source, store or outlet: its key, and how a section with
// its defaults is made.
type Kind struct {
	Name string
	New  func() setting.Section
}

// SourceKinds are the kinds of source, one a line.
func SourceKinds() []Kind {
	return []Kind{}
}

// StoreKinds are the kinds of store, one a line.
func StoreKinds() []Kind {
	return []Kind{
		{"sqlite", func() setting.Section { return &SQLite{} }},
	}
}

// OutletKinds are the kinds of outlet, one a line. Their sections open them:
// each is a notify.Config.
func OutletKinds() []Kind {
	return []Kind{
		{"stdout", func() setting.Section { return stdout.Default() }},
		{"file", func() setting.Section { return file.Default() }},
		{"webhook", func() setting.Section { return webhook.Default() }},
	}
}

// SQLite keeps the state in a file of the data folder. There is nothing to set.
type SQLite struct{}

// Problems finds none.
func (*SQLite) Problems() []setting.Problem { return nil }

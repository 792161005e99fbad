package cli

import (
	"os"
	"path/filepath"

	"github.com/entrawatch/entrawatch/internal/config"
)

// A placeFlags says of which service a command is about: by its configuration, or
// by its folder.
type placeFlags struct{ config, data *string }

// place declares -config and -data.
func (fs *flagSet) place() placeFlags {
	return placeFlags{
		config: fs.text("config", "FILE", "the configuration of the service; default: "+configName+", where there is one", nil),
		data:   fs.text("data", "DIR", "the folder of the service, instead of a configuration; default: "+defaultData, nil),
	}
}

// A servicePlace is where a service keeps what it keeps.
type servicePlace struct {
	data   string
	config *config.Config // nil: only the folder is known
}

// find finds the place that the flags mean. It is nil when there is nothing more
// to do.
func (p placeFlags) find(fs *flagSet) (*servicePlace, int) {
	name := *p.config
	switch {
	case name != "" && *p.data != "":
		return nil, fs.usage("-config and -data exclude each other: the configuration names the folder")
	case *p.data != "":
		return &servicePlace{data: *p.data}, exitDone
	case name == "":
		if _, err := os.Stat(configName); err != nil {
			return &servicePlace{data: defaultData}, exitDone
		}
	}
	cfg, code := openConfig(fs.e, fs, name)
	if cfg == nil {
		return nil, code
	}
	return &servicePlace{data: string(cfg.Data), config: cfg}, exitDone
}

// elsewhere says why commands on the file of the state do not work; "" if they do.
func (p *servicePlace) elsewhere() string {
	if p.config == nil {
		return ""
	}
	if _, ok := p.config.State.Section.(*config.SQLite); ok {
		return ""
	}
	return "the state is in PostgreSQL: its backups are made and restored there, with pg_dump and pg_restore or by the service that runs the database"
}

// state is the file that holds the state.
func (p *servicePlace) state() string { return filepath.Join(p.data, stateName) }

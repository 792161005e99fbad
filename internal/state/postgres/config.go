package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/entrawatch/entrawatch/internal/setting"
)

// Config is the section of a state in PostgreSQL.
type Config struct {
	// URL names the server, the database and the user, with the password:
	// postgres://entrawatch:PASSWORD@db.example.com:5432/entrawatch?sslmode=verify-full.
	// The user owns the database, or may make tables in it. Connections must go to
	// the server itself or to a pooler that keeps sessions.
	URL setting.Secret `yaml:"url"`
}

var _ setting.Section = Config{}

// Problems implements setting.Section.
func (c Config) Problems() []setting.Problem {
	if !c.URL.Configured() {
		return []setting.Problem{{
			Key: "url", What: "is not set", Hint: "name the file or the variable that holds " + example,
		}}
	}
	if _, err := c.parse(); c.URL.Text() != "" && err != nil {
		return []setting.Problem{{Key: "url", What: err.Error()}}
	}
	return nil
}

const example = "postgres://USER:PASSWORD@HOST:5432/DATABASE"

// parse reads the URL. Its errors do not repeat it, nor what the library says
// about it: that may hold the password.
func (c Config) parse() (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(c.URL.Text())
	if err != nil {
		return nil, errURL
	}
	return config, nil
}

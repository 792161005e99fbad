package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/entrawatch/entrawatch/internal/state"
)

var (
	errURL = errors.New("this is not a URL of PostgreSQL; write it like " + example +
		", with %XX for characters of the password that mean something in URLs")
	errMeanwhile = fmt.Errorf("%w: it was opened elsewhere while the connection was lost", state.ErrInUse)
	errKept      = errors.New("what was last to be kept was kept, although the connection was lost before the server could say so")
)

// hints say what to do about what the server says, by its code.
var hints = map[string]string{
	"28P01": "check user and password in url",
	"28000": "let the user in: pg_hba.conf on the server, and user, password and sslmode in url",
	"3D000": "make the database, or correct its name in url",
	"42501": "the user must own the database, or be granted CREATE on the schema",
	"3F000": "make the schema that search_path names, or leave search_path out of url",
	"25006": "url must lead to the primary server, where writing is possible",
	"53300": "let the server accept more connections: max_connections",
	"58030": "check the disk of the database server, and its log",
}

// explain turns an error into one that says where, what it means, and what to do.
func explain(where string, err error) error {
	var pg *pgconn.PgError
	code := ""
	if errors.As(err, &pg) {
		code = pg.Code
	}
	var connect *pgconn.ConnectError
	failed := errors.As(err, &connect)
	if failed {
		err = fmt.Errorf("cannot connect: %w", connect.Unwrap())
	}
	is := func(kind error, hint string) error {
		if errors.Is(err, kind) {
			return fmt.Errorf("state in %s: %w; %s", where, err, hint)
		}
		return fmt.Errorf("state in %s: %w: %w; %s", where, kind, err, hint)
	}
	switch hint := hints[code]; {
	case err == nil:
		return nil
	case errors.Is(err, errMeanwhile):
		return is(state.ErrInUse, "see to it that one service uses it, and start this one again")
	case errors.Is(err, state.ErrInUse):
		return is(state.ErrInUse, "stop that first, or name another database")
	case errors.Is(err, errKept):
		return fmt.Errorf("state in %s: %w; start the service again", where, err)
	case errors.Is(err, state.ErrNewer):
		return is(state.ErrNewer, "use the newer program, or restore a backup that this one has made")
	case errors.Is(err, state.ErrCorrupt), code == "XX001", code == "XX002":
		return is(state.ErrCorrupt, "stop the service and restore a backup of the database")
	case code == "53100":
		return is(state.ErrFull, "make room on the disk of the database server")
	case hint != "":
		return fmt.Errorf("state in %s: %w; %s", where, err, hint)
	case failed && !errors.Is(err, context.Canceled):
		return fmt.Errorf("state in %s: %w; check that the server runs, that address and port in url are right, and that no firewall is between", where, err)
	}
	return fmt.Errorf("state in %s: %w", where, err)
}

// place says which database it is, without the password.
func place(c *pgx.ConnConfig) string {
	return fmt.Sprintf("PostgreSQL at %s:%d, database %q, user %q", c.Host, c.Port, c.Database, c.User)
}

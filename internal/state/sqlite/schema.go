package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/entrawatch/entrawatch/internal/state"
)

// application marks a file as ours: "entr" as a number. SQLite keeps it in the
// file's header.
const application = 0x656e7472

// steps build the schema: step n makes version n+1 out of version n, which the
// file's header keeps as user_version. What was released is never changed; a
// change is one more step.
//
// Times are what state.EncodeTime gives. Where sum stands beside a body it is
// the body's CRC-32C: SQLite itself has none, and notices damage only where it
// breaks the structure of the file. What is small stands before what is large,
// so that looking for rows does not read bodies. The room of deleted rows is used
// again by what is added; the file does not shrink.
var steps = []string{
	`
CREATE TABLE cursors (
	source TEXT NOT NULL,
	stream TEXT NOT NULL,
	text   TEXT NOT NULL,
	at     BLOB NOT NULL,
	PRIMARY KEY (source, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE files (
	path   TEXT NOT NULL PRIMARY KEY,
	tenant TEXT NOT NULL,
	kind   TEXT NOT NULL,
	day    TEXT NOT NULL,
	first  BLOB NOT NULL,
	last   BLOB NOT NULL,
	rows   INTEGER NOT NULL,
	bytes  INTEGER NOT NULL,
	level  INTEGER NOT NULL,
	added  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE segments (
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	class TEXT NOT NULL,
	first BLOB NOT NULL,
	last  BLOB NOT NULL,
	sum   INTEGER NOT NULL,
	body  BLOB NOT NULL
) STRICT;
CREATE INDEX segments_last ON segments (class, last);

CREATE TABLE tallies (
	name BLOB NOT NULL PRIMARY KEY,
	sum  INTEGER NOT NULL,
	body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- newest is 1 for the fact with the highest revision of its alert, else 0.
CREATE TABLE alerts (
	seq      INTEGER PRIMARY KEY,
	id       TEXT NOT NULL,
	revision INTEGER NOT NULL,
	newest   INTEGER NOT NULL,
	tenant   TEXT NOT NULL,
	rule     TEXT NOT NULL,
	severity TEXT NOT NULL,
	status   TEXT NOT NULL,
	first    BLOB NOT NULL,
	last     BLOB NOT NULL,
	stored   BLOB NOT NULL,
	sum      INTEGER NOT NULL,
	body     BLOB NOT NULL,
	UNIQUE (id, revision)
) STRICT;
CREATE UNIQUE INDEX alerts_newest ON alerts (id) WHERE newest = 1;
CREATE INDEX alerts_last ON alerts (last, id) WHERE newest = 1;
CREATE INDEX alerts_stored ON alerts (stored) WHERE newest = 1;
CREATE INDEX alerts_old ON alerts (stored) WHERE newest = 0;

CREATE TABLE deliveries (
	seq      INTEGER PRIMARY KEY,
	alert    TEXT NOT NULL,
	revision INTEGER NOT NULL,
	sink     TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	next     BLOB NOT NULL,
	done     INTEGER NOT NULL,
	problem  TEXT NOT NULL,
	stored   BLOB NOT NULL,
	UNIQUE (alert, revision, sink)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (sink, seq) WHERE done = 0;
CREATE INDEX deliveries_done ON deliveries (stored) WHERE done = 1;

CREATE TABLE hours (
	at          BLOB NOT NULL,
	source      TEXT NOT NULL,
	stream      TEXT NOT NULL,
	kind        TEXT NOT NULL,
	events      INTEGER NOT NULL,
	duplicates  INTEGER NOT NULL,
	quarantined INTEGER NOT NULL,
	bytes       INTEGER NOT NULL,
	first       BLOB NOT NULL,
	last        BLOB NOT NULL,
	PRIMARY KEY (at, source, stream, kind)
) STRICT, WITHOUT ROWID;

-- start is where the record would begin if all that were added, since there last
-- was none, stood one after the other.
CREATE TABLE quarantine (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	start    INTEGER NOT NULL,
	size     INTEGER NOT NULL,
	at       BLOB NOT NULL,
	source   TEXT NOT NULL,
	name     TEXT NOT NULL,
	line     INTEGER NOT NULL,
	position INTEGER NOT NULL,
	reason   TEXT NOT NULL,
	sum      INTEGER NOT NULL,
	raw      BLOB NOT NULL
) STRICT;
CREATE INDEX quarantine_start ON quarantine (start);

CREATE TABLE marks (
	name TEXT NOT NULL PRIMARY KEY,
	text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
	`
CREATE TABLE audit (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	at     BLOB NOT NULL,
	actor  TEXT NOT NULL,
	action TEXT NOT NULL,
	object TEXT NOT NULL,
	result TEXT NOT NULL
) STRICT;
`,
	`
ALTER TABLE deliveries ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
DROP INDEX deliveries_pending;
CREATE INDEX deliveries_pending ON deliveries (sink, rank, seq) WHERE done = 0;
`,
}

// version reads what the header says, and refuses files that are not ours and
// those of a newer version.
func version(ctx context.Context, db *sql.DB) (int, error) {
	var app, v int
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, err
	}
	if app != application || v < 1 {
		return 0, errForeign
	}
	if v > len(steps) {
		return 0, fmt.Errorf("%w: it has version %d, this program knows versions up to %d", state.ErrNewer, v, len(steps))
	}
	return v, nil
}

// migrate takes the steps that are missing, each in a transaction of its own.
func migrate(ctx context.Context, db *sql.DB, from int) error {
	for v := from; v < len(steps); v++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf("%s;\nPRAGMA application_id = %d;\nPRAGMA user_version = %d",
			steps[v], application, v+1))
		if err != nil {
			_ = tx.Rollback() // what went wrong is said already
			return fmt.Errorf("migrate to version %d: %w", v+1, err)
		}
		if err := tx.Commit(); err != nil {
			return fmt.Errorf("migrate to version %d: %w", v+1, err)
		}
	}
	return nil
}

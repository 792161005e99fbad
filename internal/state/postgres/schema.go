package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/entrawatch/entrawatch/internal/state"
)

// steps build the schema: step n makes version n+1 out of version n, which the
// table migrations keeps. What was released is never changed; a change is one
// more step.
//
// All texts are bytes: logs may hold what PostgreSQL takes for no text, and bytes
// are in the same order everywhere. They are found by their hash, because an
// index takes no long ones. Times are what state.EncodeTime gives. The server has
// checksums of its own.
var steps = []string{
	`
-- One row: epoch counts those who opened the state, change what was kept.
CREATE TABLE writer (epoch bigint NOT NULL, change bigint NOT NULL);
INSERT INTO writer VALUES (0, 0);

CREATE TABLE cursors (
	source bytea NOT NULL,
	stream bytea NOT NULL,
	text   bytea NOT NULL,
	at     bytea NOT NULL
);
CREATE UNIQUE INDEX cursors_stream ON cursors (sha256(source), sha256(stream));

CREATE TABLE files (
	path   bytea NOT NULL,
	tenant bytea NOT NULL,
	kind   bytea NOT NULL,
	day    bytea NOT NULL,
	first  bytea NOT NULL,
	last   bytea NOT NULL,
	rows   bigint NOT NULL,
	bytes  bigint NOT NULL,
	level  bigint NOT NULL,
	added  bytea NOT NULL
);
CREATE UNIQUE INDEX files_path ON files (sha256(path));

CREATE TABLE segments (
	seq   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	class bytea NOT NULL,
	first bytea NOT NULL,
	last  bytea NOT NULL,
	body  bytea NOT NULL
);
CREATE INDEX segments_last ON segments (sha256(class), last);

CREATE TABLE tallies (name bytea NOT NULL, body bytea NOT NULL);
CREATE UNIQUE INDEX tallies_name ON tallies (sha256(name));

-- newest is true for the fact with the highest revision of its alert.
CREATE TABLE alerts (
	id       bytea NOT NULL,
	revision bigint NOT NULL,
	newest   boolean NOT NULL,
	tenant   bytea NOT NULL,
	rule     bytea NOT NULL,
	severity bytea NOT NULL,
	status   bytea NOT NULL,
	first    bytea NOT NULL,
	last     bytea NOT NULL,
	stored   bytea NOT NULL,
	body     bytea NOT NULL
);
CREATE UNIQUE INDEX alerts_fact ON alerts (sha256(id), revision);
CREATE UNIQUE INDEX alerts_newest ON alerts (sha256(id)) WHERE newest;
CREATE INDEX alerts_last ON alerts (last) WHERE newest;
CREATE INDEX alerts_stored ON alerts (stored) WHERE newest;
CREATE INDEX alerts_old ON alerts (stored) WHERE NOT newest;

CREATE TABLE deliveries (
	seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	alert    bytea NOT NULL,
	revision bigint NOT NULL,
	sink     bytea NOT NULL,
	attempts bigint NOT NULL,
	next     bytea NOT NULL,
	done     boolean NOT NULL,
	problem  bytea NOT NULL,
	stored   bytea NOT NULL
);
CREATE UNIQUE INDEX deliveries_fact ON deliveries (sha256(alert), revision, sha256(sink));
CREATE INDEX deliveries_pending ON deliveries (sha256(sink), seq) WHERE NOT done;
CREATE INDEX deliveries_done ON deliveries (stored) WHERE done;

CREATE TABLE hours (
	at          bytea NOT NULL,
	source      bytea NOT NULL,
	stream      bytea NOT NULL,
	kind        bytea NOT NULL,
	events      bigint NOT NULL,
	duplicates  bigint NOT NULL,
	quarantined bigint NOT NULL,
	bytes       bigint NOT NULL,
	first       bytea NOT NULL,
	last        bytea NOT NULL
);
CREATE UNIQUE INDEX hours_at ON hours (at, sha256(source), sha256(stream), sha256(kind));

-- start is where the record would begin if all that were added, since there last
-- was none, stood one after the other.
CREATE TABLE quarantine (
	seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	start    bigint NOT NULL,
	size     bigint NOT NULL,
	at       bytea NOT NULL,
	source   bytea NOT NULL,
	name     bytea NOT NULL,
	line     bigint NOT NULL,
	position bigint NOT NULL,
	reason   bytea NOT NULL,
	raw      bytea NOT NULL
);
CREATE INDEX quarantine_start ON quarantine (start);

CREATE TABLE marks (name bytea NOT NULL, text bytea NOT NULL);
CREATE UNIQUE INDEX marks_name ON marks (sha256(name));
`,
	`
CREATE TABLE audit (
	seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at     bytea NOT NULL,
	actor  bytea NOT NULL,
	action bytea NOT NULL,
	object bytea NOT NULL,
	result bytea NOT NULL
);
`,
	`
ALTER TABLE deliveries ADD COLUMN rank bigint NOT NULL DEFAULT 0;
DROP INDEX deliveries_pending;
CREATE INDEX deliveries_pending ON deliveries (sha256(sink), rank, seq) WHERE NOT done;
`,
}

// migrate takes the steps that are missing, each in a transaction of its own.
func migrate(ctx context.Context, conn *pgx.Conn) error {
	// Asked first, because a user may not make tables and need not.
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('migrations') IS NOT NULL`).Scan(&there); err != nil {
		return err
	}
	if !there {
		_, err := conn.Exec(ctx, `CREATE TABLE migrations (version int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`)
		if err != nil {
			return err
		}
	}
	var v int
	if err := conn.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM migrations`).Scan(&v); err != nil {
		return err
	}
	if v > len(steps) {
		return fmt.Errorf("%w: it has version %d, this program knows versions up to %d", state.ErrNewer, v, len(steps))
	}
	for ; v < len(steps); v++ {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, steps[v]); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO migrations (version) VALUES ($1)`, v+1)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate to version %d: %w", v+1, err)
		}
	}
	return nil
}

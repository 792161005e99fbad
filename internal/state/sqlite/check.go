package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/entrawatch/entrawatch/internal/state"
)

// Check implements state.Store.
func (s *Store) Check(ctx context.Context) error { return s.explain(check(ctx, s.readers)) }

// check reads every page of a file, then every row.
func check(ctx context.Context, db querier) error {
	for found, err := range rows(ctx, db, scanText, "PRAGMA integrity_check(1)") {
		if err != nil {
			return err
		}
		if found != "ok" {
			return fmt.Errorf("%w: %s", state.ErrCorrupt, found)
		}
	}
	return errors.Join(
		drain(rows(ctx, db, scanCursor, selectCursors)),
		drain(rows(ctx, db, scanFile, selectFiles)),
		drain(rows(ctx, db, scanSegment, selectSegments)),
		drain(rows(ctx, db, scanTally, selectTallies)),
		drain(rows(ctx, db, scanAlert, selectAlerts)),
		drain(rows(ctx, db, scanDelivery, selectDeliveries)),
		drain(rows(ctx, db, scanHour, selectHours)),
		drain(rows(ctx, db, scanQuarantined, selectQuarantined)),
		drain(rows(ctx, db, scanAudit, selectAudit)))
}

func scanText(r *sql.Rows) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// drain reads everything and gives the error with which it ended.
func drain[T any](in iter.Seq2[T, error]) error {
	for _, err := range in {
		if err != nil {
			return err
		}
	}
	return nil
}

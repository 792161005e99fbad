// Package postgres keeps the state of the service in a PostgreSQL database. It is
// the store of services that outgrow one machine; package sqlite is its twin.
//
// One connection writes, and holds a lock that keeps other services away; others
// read. Where the connection is lost in the middle of a change, the next one finds
// out what became of it. Package postgres does not know what the bodies mean that
// it keeps, makes no backups (that is the database's business), and does not
// decide when to forget.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/entrawatch/entrawatch/internal/state"
)

const (
	// lockKey is the first half of the lock's name; the other is the schema's.
	lockKey = 0x656e7472
	// patience is how long the server may take to notice that a connection is
	// gone, and how long the end of a change may take.
	patience = 15 * time.Second
	// readers is how many questions can be asked at once; more wait.
	readers = 16
)

// A Store is a state in a database.
type Store struct {
	where string
	pool  *pgxpool.Pool
	turn  chan struct{} // holds something while one writes

	// These belong to whose turn it is.
	conn          *pgx.Conn
	epoch, change int64
	lost          error // why nothing can be written any more
	closed        bool

	damage struct {
		sync.Mutex
		err error // the first that was seen
	}
}

var _ state.Store = (*Store)(nil)

// Open opens the state in a database, and makes its tables if there are none. An
// older state is brought up to date.
func Open(ctx context.Context, c Config) (*Store, error) {
	config, err := c.parse()
	if err != nil {
		return nil, fmt.Errorf("state in PostgreSQL: url: %w", err)
	}
	config.MaxConns = readers
	prepare(config.ConnConfig)
	s := &Store{where: place(config.ConnConfig), turn: make(chan struct{}, 1)}
	if err := s.open(ctx, config); err != nil {
		return nil, errors.Join(explain(s.where, err), s.Close())
	}
	return s, nil
}

// prepare sets what does not depend on the URL.
func prepare(c *pgx.ConnConfig) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = patience
	}
	for name, value := range map[string]string{
		"application_name":   "entrawatch",
		"synchronous_commit": "on", // whatever is the server's custom
		// A connection that is gone must not hold the lock for long.
		"tcp_keepalives_idle":     "5",
		"tcp_keepalives_interval": "2",
		"tcp_keepalives_count":    "3",
	} {
		c.RuntimeParams[name] = value
	}
	// Who is not waited for any more is told so, and the connection stays.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: patience}
	}
}

func (s *Store) open(ctx context.Context, config *pgxpool.Config) (err error) {
	s.pool, err = pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	s.conn, err = pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	if err := lock(ctx, s.conn); err != nil {
		return err
	}
	if err := migrate(ctx, s.conn); err != nil {
		return err
	}
	return s.conn.QueryRow(ctx, `UPDATE writer SET epoch = epoch + 1 RETURNING epoch, change`).Scan(&s.epoch, &s.change)
}

// lock takes what only one session can have, and which goes with the session.
func lock(ctx context.Context, conn *pgx.Conn) error {
	var got bool
	err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, coalesce(hashtext(current_schema()), 0))`, lockKey).Scan(&got)
	if err == nil && !got {
		return state.ErrInUse
	}
	return err
}

// Close ends all use of the state. It may be called again.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.closed = true
	if s.pool != nil {
		s.pool.Close()
	}
	if s.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn := s.conn
	s.conn = nil
	// The server would let go of the lock by itself, but only after a while.
	_, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	return explain(s.where, conn.Close(ctx))
}

// session gives the connection that writes, a new one where the old one is gone.
// kept says that the last change, of which nobody knew, is there.
func (s *Store) session(ctx context.Context) (kept bool, err error) {
	if s.closed {
		return false, errors.New("it was closed")
	}
	if !s.conn.IsClosed() {
		return false, nil
	}
	conn, err := pgx.ConnectConfig(ctx, s.conn.Config())
	if err != nil {
		return false, err
	}
	err = lock(ctx, conn)
	for until := time.Now().Add(patience); errors.Is(err, state.ErrInUse) && time.Now().Before(until); {
		select { // the server may still hold it for the connection that is gone
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(50 * time.Millisecond):
			err = lock(ctx, conn)
		}
	}
	var epoch, change int64
	if err == nil {
		err = conn.QueryRow(ctx, `SELECT epoch, change FROM writer`).Scan(&epoch, &change)
	}
	if err == nil && epoch != s.epoch {
		s.lost = errMeanwhile
		err = s.lost
	}
	if err != nil {
		_ = conn.Close(ctx) // what went wrong is said already
		return false, err
	}
	s.conn = conn
	return change > s.change, nil
}

// explain explains an error, and remembers damage: nothing is added to a damaged
// state.
func (s *Store) explain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	err = explain(s.where, err)
	if errors.Is(err, state.ErrCorrupt) {
		s.damage.Lock()
		defer s.damage.Unlock()
		if s.damage.err == nil {
			s.damage.err = err
		}
	}
	return err
}

// damaged is the first damage that was seen.
func (s *Store) damaged() error {
	s.damage.Lock()
	defer s.damage.Unlock()
	return s.damage.err
}

// Backup implements state.Store: it says how.
func (s *Store) Backup(context.Context, string) error {
	return fmt.Errorf("state in %s: backups are made with pg_dump, or by the service that runs the database: %w",
		s.where, errors.ErrUnsupported)
}

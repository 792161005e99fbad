package app

import (
	"context"
	"os"
	"sync"
	"time"
)

// RunUntilChanged is Run, until ctx is done, or a signal comes or the directory
// was listed anew, and check says that there is something else to be from now on.
// Then the service ends as always, and whoever called it opens the next one: what
// it knew comes back.
func (s *Service) RunUntilChanged(ctx context.Context, signals <-chan os.Signal, check func() bool) (changed bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		var settled <-chan time.Time // when no listing has come for a while
		for {
			select {
			case <-signals:
			case <-s.snapshots.changed:
				settled = time.After(s.Settle)
				continue
			case <-settled:
				s.Log.Info("groups and roles of the directory are read again")
			case <-ctx.Done():
				return
			}
			if check() {
				changed = true
				stop()
				return
			}
		}
	})
	err = s.Run(ctx)
	stop()
	waiting.Wait()
	return changed, err
}

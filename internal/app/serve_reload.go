package app

import (
	"context"
	"os"
	"sync"
)

// RunUntilChanged is Run, until ctx is done or a signal comes and check says that
// there is something else to be from now on. Then the service ends as always, and
// whoever called it opens the next one: what it knew comes back.
func (s *Service) RunUntilChanged(ctx context.Context, signals <-chan os.Signal, check func() bool) (changed bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for {
			select {
			case <-signals:
				if check() {
					changed = true
					stop()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	err = s.Run(ctx)
	stop()
	waiting.Wait()
	return changed, err
}

package lake

import "time"

// SetGroupRows sets how many rows a group has.
func SetGroupRows(l *Lake, n int) { l.groupRows = n }

// SetNow sets the clock.
func SetNow(l *Lake, now func() time.Time) { l.now = now }

// Plan chooses files to merge.
var Plan = plan

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/app"
)

// A progressLine is one line on a terminal, written over again and again.
type progressLine struct {
	e     *env
	shown bool
}

// progress has a scan tell on a terminal how far it is, until what is returned
// is called.
func (e *env) progress(cfg *app.ScanConfig) (clear func()) {
	l := &progressLine{e: e}
	if e.talk.terminal {
		cfg.Progress = l.show
	}
	return l.clear
}

func (l *progressLine) show(p app.Progress) {
	if p.Elapsed < time.Second {
		return // most scans are done before anybody wonders
	}
	l.shown = true
	fmt.Fprint(l.e.stderr, "\r"+progressText(p, l.e.talk.width-1)+"\x1b[K")
}

func (l *progressLine) clear() {
	if l.shown {
		fmt.Fprint(l.e.stderr, "\r\x1b[K")
		l.shown = false
	}
}

// progressText says how far a scan is, in one line of at most limit columns.
func progressText(p app.Progress, limit int) string {
	var parts []string
	seconds := p.Elapsed.Seconds()
	rate := number(int64(float64(p.Events)/seconds)) + " events/s"
	switch {
	case p.Total > 0 && p.Read >= p.Total:
		parts = []string{"100%", bytesOf(p.Total), count(p.Events, "event"), "putting alerts in order"}
	case p.Total > 0:
		share := float64(p.Read) / float64(p.Total)
		parts = []string{fmt.Sprintf("%3.0f%%", 100*share), bytesOf(p.Read) + " of " + bytesOf(p.Total), rate}
		if share > 0.01 {
			left := time.Duration(seconds * (1 - share) / share * float64(time.Second))
			parts = append(parts, roughly(left)+" left")
		}
	default: // the length of a pipe is not known
		parts = []string{bytesOf(p.Read) + " read", count(p.Events, "event"), rate, roughly(p.Elapsed)}
	}
	text := "Reading " + strings.TrimLeft(strings.Join(parts, ", "), " ")
	return wrap(text, limit)[0]
}

// roughly writes a span as a person would say it.
func roughly(d time.Duration) string {
	switch s := int(d.Round(time.Second).Seconds()); {
	case s < 60:
		return fmt.Sprintf("%d s", max(s, 1))
	case s < 3600:
		return fmt.Sprintf("%d min %02d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %02d min", s/3600, s%3600/60)
	}
}

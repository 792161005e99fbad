package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/health"
)

// statusWidth is how wide the page is at most, also where it is no terminal.
const statusWidth = 80

// mostShown is how many streams of a source are shown.
const mostShown = 10

var colourOf = map[health.State]style{health.Green: green, health.Yellow: yellow, health.Red: red}

// A statusPage is what people read of the health of a service: what is wrong
// first, and then the numbers.
type statusPage struct {
	h      *health.Health
	width  int
	screen screen
	out    strings.Builder
}

func (p *statusPage) write(w io.Writer) error {
	p.reasons()
	for i := range p.h.Sources {
		p.source(&p.h.Sources[i])
	}
	p.outlets()
	p.store()
	_, err := io.WriteString(w, p.out.String())
	return err
}

func (p *statusPage) reasons() {
	head := string(p.h.State)
	if n := len(p.h.Reasons); n > 0 {
		head += ": " + count(n, "reason")
	} else {
		head += ": all is well"
	}
	if !p.h.Started.IsZero() {
		head += ", watching since " + p.h.Started.UTC().Format("2006-01-02 15:04 UTC")
	}
	p.out.WriteString(p.screen.paint(colourOf[p.h.State], head) + "\n")
	for _, r := range p.h.Reasons {
		what := r.What
		if r.Name != "" {
			what = r.Part + " " + r.Name + ": " + what
		}
		prefix := pad("  "+string(r.State), 10)
		p.out.WriteString(paragraph(prefix, clean(what), p.width))
		if r.Hint != "" {
			p.out.WriteString(paragraph(strings.Repeat(" ", 10)+"> ", clean(r.Hint), p.width))
		}
	}
}

// grid prints rows in columns; those that numbers stand in are few and narrow.
func (p *statusPage) grid(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], columns(c))
		}
	}
	for n, row := range rows {
		var line string
		for i, c := range row {
			line += pad(c, widths[i]+gap)
		}
		line = "  " + strings.TrimRight(line, " ")
		if n == 0 {
			line = p.screen.paint(dim, line)
		}
		p.out.WriteString(line + "\n")
	}
}

func (p *statusPage) source(s *health.Source) {
	p.out.WriteString("\n" + p.screen.paint(bold, "source "+clean(s.Name)))
	var facts []string
	if s.Ended {
		facts = append(facts, "has nothing more to read")
	}
	if s.Bytes > 0 {
		facts = append(facts, bytesOf(s.Bytes)+" since the start")
	}
	if s.Quarantined > 0 {
		facts = append(facts, count(s.Quarantined, "unreadable record"))
	}
	if len(s.Logs)+len(s.Streams) == 0 {
		facts = append(facts, "has brought nothing yet")
	}
	if len(facts) > 0 {
		p.out.WriteString(": " + strings.Join(facts, ", "))
	}
	p.out.WriteString("\n")
	if len(s.Logs) > 0 {
		rows := [][]string{{"LOG", "NEWEST", "ARRIVED", "HOUR", "7D AGO", "NOTE"}}
		for _, l := range s.Logs {
			before := "-"
			if l.WeekBefore >= 0 {
				before = number(l.WeekBefore)
			}
			rows = append(rows, []string{tail(clean(l.Kind), 22), p.ago(l.LastEvent), p.ago(l.LastArrival), number(l.Hour), before, noteOf(&l)})
		}
		p.grid(rows)
	}
	p.streams(s)
}

func noteOf(l *health.Log) string {
	var out []string
	if !l.Silent.IsZero() {
		out = append(out, "silent")
	}
	if len(l.Gaps) > 0 {
		out = append(out, "gaps")
	}
	if len(l.Empty) > 0 {
		out = append(out, "empty")
	}
	return strings.Join(out, " ")
}

func (p *statusPage) streams(s *health.Source) {
	shown, more := cut(s.Streams, mostShown)
	if len(shown) == 0 {
		return
	}
	rows := [][]string{{"STREAM", "ARRIVED", "BEHIND", "PROBLEM"}}
	for _, st := range shown {
		behind, problem := "-", ""
		if st.Behind >= 0 {
			behind = number(st.Behind)
		}
		if st.Problem != "" {
			problem = "since " + p.ago(st.Since)
		}
		rows = append(rows, []string{tail(clean(st.Name), 36), p.ago(st.LastArrival), behind, problem})
	}
	p.grid(rows)
	if more += s.MoreStreams; more > 0 {
		fmt.Fprintf(&p.out, "  and %s\n", count(more, "other"))
	}
}

// tail cuts the beginning of a text, as the end of a path says more.
func tail(s string, most int) string {
	if s == "" {
		return "(all)"
	}
	if columns(s) <= most {
		return s
	}
	r := []rune(s)
	for columns(string(r)) >= most {
		r = r[1:]
	}
	return "…" + string(r)
}

func (p *statusPage) outlets() {
	if len(p.h.Outlets) == 0 {
		return
	}
	p.out.WriteString("\n" + p.screen.paint(bold, "outlets") + "\n")
	rows := [][]string{{"OUTLET", "PENDING", "OLDEST", "DELIVERED", "FAILED", "PROBLEM"}}
	for _, o := range p.h.Outlets {
		problem := ""
		if o.Problem != "" {
			problem = "since " + p.ago(o.Since)
		}
		rows = append(rows, []string{tail(clean(o.Name), 24), number(int64(o.Pending)), p.ago(o.Oldest), number(o.Delivered), number(o.Failed), problem})
	}
	p.grid(rows)
}

func (p *statusPage) store() {
	h := p.h
	p.out.WriteString("\n" + p.screen.paint(bold, "store") + "\n")
	line := func(name, text string) { p.out.WriteString(paragraph(pad("  "+name, 12), text, p.width)) }
	switch s := h.Store; {
	case s.LastFlush.IsZero():
		line("stored", "nothing yet")
	case s.Flushes == 0:
		line("stored", p.ago(s.LastFlush))
	default:
		line("stored", fmt.Sprintf("%s, in %.2f s", p.ago(s.LastFlush), s.FlushSeconds))
	}
	if d := h.Disk; d.Size > 0 {
		line("disk", fmt.Sprintf("%s of %s free", bytesOf(int64(d.Free)), bytesOf(int64(d.Size))))
	}
	if h.Started.IsZero() {
		return
	}
	line("memory", bytesOf(int64(h.Memory.Total)))
	batches := h.Queues.Batches + h.Queues.Results
	line("waiting", fmt.Sprintf("%s to be stored, %d %s", bytesOf(int64(h.Queues.BufferBytes)), batches, plural(batches, "batch", "batches")))
	if n := len(h.Rules.Blind); n > 0 {
		line("rules", count(n, "rule")+" can find nothing at present")
	}
}

// ago is how long before the page a time was, in its largest unit.
func (p *statusPage) ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	d := p.h.Time.Sub(t)
	switch {
	case d < 0:
		return "ahead"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", d/time.Hour)
	}
	return number(int64(d/(24*time.Hour))) + "d ago"
}

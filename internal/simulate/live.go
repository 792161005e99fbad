package simulate

import (
	"bufio"
	"bytes"
	"container/heap"
	"math/rand/v2"
	"path"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// LiveDays is how long a company that goes on living has announced its changes,
// and so how long it lives.
const LiveDays = 400

// A Live is a company whose logs go on: what happens reaches them in the order
// and with the delays with which Entra delivers it. It is the same company each
// time, event by event and whatever the steps in which it goes on, by its
// options and its start. Of the day at hand it holds what is no sign-in of the
// staff, and beside that what has not arrived yet.
type Live struct {
	company  *Company
	every    time.Duration // from one attack to the next, on average; 0 = none
	from     time.Time     // when it began
	day      time.Time     // the next of which nothing was drawn
	signins  *stream
	renewals *stream
	out      *logWriter
	arrivals arrivals
	chance   *rand.Rand // of attacks
	next     time.Time  // attack
	order    []attack   // of those to come
	attacks  int        // so far
	underway map[int]*intrusion
}

// An arrival is a line of a log on its way.
type arrival struct {
	at     time.Time
	order  uint64 // of those at one time
	log    string
	line   []byte
	attack int // of which it is part; 0 = of none
}

// An intrusion is an attack of which not everything has arrived.
type intrusion struct {
	labels  []Label
	missing int // lines
}

// A Chunk is what was added to one file: whole lines.
type Chunk struct {
	File  string // slash-separated, by log and hour of arrival
	Log   string
	Lines []byte
}

// NewLive returns a company that begins to live at a time, under attack once in
// every span on average; 0 = never. Days, Start and Attacks of the options are
// not looked at.
func NewLive(opt Options, from time.Time, every time.Duration) (*Live, error) {
	from = from.UTC()
	opt.Start, opt.Days, opt.Attacks, opt.NameMembers = from.Truncate(24*time.Hour), LiveDays, nil, true
	c, err := NewCompany(opt)
	if err != nil {
		return nil, err
	}
	l := &Live{
		company: c, every: every, from: from, day: c.opt.Start, signins: newStream(c.newFlow()), renewals: newStream(c.newRefreshes()),
		out:    &logWriter{format: event.Diagnostic, written: &Written{}},
		chance: rand.New(rand.NewPCG(opt.Seed, mix(0x6c697665, uint64(from.Unix())))), underway: map[int]*intrusion{},
	}
	// What came before is nobody's to see.
	for _, s := range []*stream{l.signins, l.renewals} {
		past := s.until(from)
		for _, ok := past(); ok; _, ok = past() {
		}
	}
	l.next = from.Add(firstAttack)
	return l, nil
}

// Baseline is the truth about the company, for the whole of its life.
func (l *Live) Baseline() string { return l.company.Baseline() }

// End is when its life ends.
func (l *Live) End() time.Time { return l.company.end() }

// Until lets the company live up to a time, and returns what reaches its logs
// meanwhile, by file, and the labels of the attacks of which all has arrived.
func (l *Live) Until(t time.Time) (chunks []Chunk, labels []Label, err error) {
	if t.After(l.End()) {
		t = l.End()
	}
	for !l.day.After(t) && l.day.Before(l.End()) {
		records := l.company.quiet(int(l.day.Sub(l.company.opt.Start) / (24 * time.Hour)))
		records = slices.DeleteFunc(records, func(r Record) bool { return eventTime(r).Before(l.from) })
		if err := l.send(records, 0); err != nil {
			return nil, nil, err
		}
		l.day = l.day.AddDate(0, 0, 1)
	}
	for _, s := range []struct {
		log string
		*stream
	}{{interactive, l.signins}, {noninteractive, l.renewals}} {
		visits := s.until(t)
		for v, ok := visits(); ok; v, ok = visits() {
			if err := l.line(s.log, tickTime(v.at), event.Signin, 0, func(b *bufio.Writer) error { return l.out.visit(b, event.Diagnostic, &v) }); err != nil {
				return nil, nil, err
			}
		}
	}
	for l.every > 0 && !l.next.After(t) {
		if err := l.attack(); err != nil {
			return nil, nil, err
		}
	}
	chunks, labels = l.arrived(t)
	return chunks, labels, nil
}

// send puts records on their way.
func (l *Live) send(records []Record, attack int) error {
	for _, r := range records {
		if err := l.line(logName(r), eventTime(r), r.Kind, attack, func(b *bufio.Writer) error { return l.out.record(b, l.out.formatOf(r), r) }); err != nil {
			return err
		}
	}
	return nil
}

// line puts what write writes on its way to a log.
func (l *Live) line(log string, at time.Time, kind event.Kind, attack int, write func(*bufio.Writer) error) error {
	var text bytes.Buffer
	b := bufio.NewWriter(&text)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	// Delays follow from the record, so that they are the same however the time
	// goes on.
	h := mix(l.company.opt.Seed, hashText(text.String()))
	a := arrival{at: at.Add(delay(kind, h)), order: h, log: log, line: text.Bytes(), attack: attack}
	heap.Push(&l.arrivals, a)
	if attack > 0 {
		l.underway[attack].missing++
	}
	if h>>50%200 == 0 { // Entra delivers some twice
		a.at, a.attack = a.at.Add(time.Duration(1+h>>40%30)*time.Minute), 0
		heap.Push(&l.arrivals, a)
	}
	return nil
}

// delay is how much later than it happened something stands in the log. h is
// chance.
func delay(kind event.Kind, h uint64) time.Duration {
	seconds := func(from, to uint64) time.Duration { return time.Duration(from+h%(to-from)) * time.Second }
	rare := h >> 32 % 100
	switch {
	case kind == event.Signin && rare < 2:
		return seconds(10*60, 40*60)
	case kind == event.Signin:
		return seconds(45, 4*60)
	case kind == event.Audit && rare < 3:
		return seconds(3600, 5*3600)
	case kind == event.RiskDetection:
		return seconds(3*60, 30*60)
	}
	return seconds(2*60, 10*60)
}

// arrived takes what has arrived by a time.
func (l *Live) arrived(t time.Time) (chunks []Chunk, labels []Label) {
	for len(l.arrivals) > 0 && !l.arrivals[0].at.After(t) {
		a, _ := heap.Pop(&l.arrivals).(arrival)
		log := logFile{name: a.log, format: event.Diagnostic}
		if a.log == event.M365.String() {
			log.format = event.LogAnalytics
		}
		file := log.path(a.at, hourLayout)
		i := slices.IndexFunc(chunks, func(c Chunk) bool { return c.File == file })
		if i < 0 {
			i = len(chunks)
			chunks = append(chunks, Chunk{File: file, Log: path.Dir(file)})
		}
		chunks[i].Lines = append(chunks[i].Lines, a.line...)
		if in := l.underway[a.attack]; in != nil {
			if in.missing--; in.missing == 0 {
				labels = append(labels, in.labels...)
				delete(l.underway, a.attack)
			}
		}
	}
	return chunks, labels
}

// arrivals is a heap, the first to arrive on top.
type arrivals []arrival

func (a arrivals) Len() int { return len(a) }
func (a arrivals) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].order < a[j].order
}
func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *arrivals) Push(x any) {
	one, _ := x.(arrival)
	*a = append(*a, one)
}

// Pop implements heap.Interface.
func (a *arrivals) Pop() any {
	last := len(*a) - 1
	one := (*a)[last]
	(*a)[last] = arrival{}
	*a = (*a)[:last]
	return one
}

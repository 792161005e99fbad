package simulate

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
)

// Written says what WriteLogs wrote.
type Written struct {
	Records int
	Files   int
	// Instead lists logs that do not exist in the wanted format, with the
	// format that they are in.
	Instead []string
}

// WriteLogs writes the company's logs as files of one log and day each, and its
// directory, into whatever create opens; names are slash-separated. It holds
// one day at a time, and of that only what is no sign-in of the staff; portal
// CSV holds a day's sign-ins as well.
func (c *Company) WriteLogs(format event.Format, attack []Record, create func(name string) (io.WriteCloser, error)) (w Written, err error) {
	out := &logWriter{format: format, create: create, written: &w}
	directory := c.Directory()
	names := make([]string, 0, len(directory))
	for name := range directory {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := out.file(path.Join("directory", name+".json"), func(b *bufio.Writer) error {
			w.Records += len(directory[name])
			return Write(b, event.Graph, Page, directory[name])
		}); err != nil {
			return w, err
		}
	}
	signins, renewals := newStream(c.newFlow()), newStream(c.newRefreshes())
	for day := range c.opt.Days {
		start := c.opt.Start.AddDate(0, 0, day)
		end := start.AddDate(0, 0, 1)
		records := c.quiet(day)
		for len(attack) > 0 && eventTime(attack[0]).Before(end) {
			records, attack = append(records, attack[0]), attack[1:]
		}
		byTime(records)
		if err := out.day(start, records, signins.until(end), renewals.until(end)); err != nil {
			return w, err
		}
	}
	slices.Sort(w.Instead)
	return w, nil
}

// A stream hands on visits up to a time, and keeps the next one.
type stream struct {
	from interface{ visit() (visit, bool) }
	next visit
	more bool
}

func newStream(from interface{ visit() (visit, bool) }) *stream {
	s := &stream{from: from}
	s.next, s.more = from.visit()
	return s
}

func (s *stream) until(end time.Time) func() (visit, bool) {
	return func() (v visit, ok bool) {
		if !s.more || s.next.at >= unixTicks(end) {
			return v, false
		}
		v = s.next
		s.next, s.more = s.from.visit()
		return v, true
	}
}

type logWriter struct {
	format  event.Format
	create  func(name string) (io.WriteCloser, error)
	written *Written
	fast    *bencher
	buf     []byte
}

func (w *logWriter) file(name string, fill func(*bufio.Writer) error) error {
	f, err := w.create(name)
	if err != nil {
		return err
	}
	w.written.Files++
	b := bufio.NewWriterSize(f, 1<<18)
	err = fill(b)
	if e := b.Flush(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// A logFile is what goes into one file of a day: one log, in one format.
type logFile struct {
	name    string // of the log
	format  event.Format
	records []Record
}

// The files with the sign-ins of people, and of their programs.
const (
	interactive    = "signin-interactive"
	noninteractive = "signin-noninteractive"
)

// day writes the files of a day. What the staff and their programs do streams
// into its file, merged with the other records of that log.
func (w *logWriter) day(day time.Time, records []Record, signins, renewals func() (visit, bool)) error {
	files := []*logFile{{name: interactive, format: w.format}, {name: noninteractive, format: w.formatOf(refresh())}}
	for _, r := range records {
		name, format := logName(r), w.formatOf(r)
		i := slices.IndexFunc(files, func(f *logFile) bool { return f.name == name && f.format == format })
		if i < 0 {
			i = len(files)
			files = append(files, &logFile{name: name, format: format})
		}
		files[i].records = append(files[i].records, r)
	}
	for _, f := range files {
		if f.format != w.format {
			if note := fmt.Sprintf("%s is in format %s", f.name, f.format); !slices.Contains(w.written.Instead, note) {
				w.written.Instead = append(w.written.Instead, note)
			}
		}
		staff := func() (visit, bool) { return visit{}, false }
		switch {
		case f.name == interactive && f.format == w.format:
			staff = signins
		case f.name == noninteractive && f.format == w.formatOf(refresh()):
			staff = renewals
		}
		if err := w.file(f.path(day, time.DateOnly), func(b *bufio.Writer) error { return w.fill(b, f, staff) }); err != nil {
			return err
		}
	}
	return nil
}

// hourLayout names the files of an hour.
const hourLayout = "2006-01-02T15"

// path names the file of a time as its source would: storage by log, the portal
// by what it calls its downloads.
func (f *logFile) path(at time.Time, layout string) string {
	date := at.Format(layout)
	if f.format != event.PortalCSV {
		name := f.name
		if strings.HasSuffix(name, "-customers") {
			name = "customers/" + strings.TrimSuffix(name, "-customers")
		}
		return fmt.Sprintf("%s/%s-%s.json", name, date, f.format)
	}
	names := map[string]string{
		interactive: "InteractiveSignIns", noninteractive: "NonInteractiveSignIns",
		"signin-serviceprincipal": "ApplicationSignIns", "signin-managedidentity": "MSISignIns", "audit": "AuditLogs",
	}
	return fmt.Sprintf("%s/%s_%s.csv", f.name, names[f.name], date)
}

func logName(r Record) string {
	name := r.Kind.String()
	if r.Kind == event.Signin {
		name += "-" + map[event.Sub]string{
			event.Interactive: "interactive", event.NonInteractive: "noninteractive",
			event.ServicePrincipalSignin: "serviceprincipal", event.ManagedIdentity: "managedidentity",
		}[r.Sub]
	}
	if r.Tenant == CustomerTenant {
		name += "-customers"
	}
	return name
}

// refresh is a record of the log of non-interactive sign-ins.
func refresh() Record {
	r, _ := Base(noninteractive)
	return r
}

// formatOf is the wanted format where the log exists in it. Not all formats
// name the tenant, so records of the customers' are in the one that does.
func (w *logWriter) formatOf(r Record) event.Format {
	if all := r.Formats(); r.Tenant == Tenant && slices.Contains(all, w.format) {
		return w.format
	} else {
		return all[0]
	}
}

func (w *logWriter) fill(b *bufio.Writer, f *logFile, staff func() (visit, bool)) error {
	if f.format == event.PortalCSV {
		for v, ok := staff(); ok; v, ok = staff() {
			f.records = append(f.records, v.record())
		}
		byTime(f.records)
		w.written.Records += len(f.records)
		return Write(b, f.format, CSV, f.records)
	}
	records := f.records
	before := func(at time.Time) error {
		for len(records) > 0 && eventTime(records[0]).Before(at) {
			if err := w.record(b, f.format, records[0]); err != nil {
				return err
			}
			records = records[1:]
		}
		return nil
	}
	for v, ok := staff(); ok; v, ok = staff() {
		if len(records) > 0 {
			if err := before(tickTime(v.at)); err != nil {
				return err
			}
		}
		if err := w.visit(b, f.format, &v); err != nil {
			return err
		}
	}
	return before(time.Unix(1<<40, 0))
}

func (w *logWriter) record(b *bufio.Writer, format event.Format, r Record) error {
	doc, err := convert(r, format, NDJSON)
	if err != nil {
		return err
	}
	w.written.Records++
	return writeLine(b, doc)
}

// visit writes a sign-in of the staff, as Azure Monitor records from templates.
func (w *logWriter) visit(b *bufio.Writer, format event.Format, v *visit) error {
	if format != event.Diagnostic {
		return w.record(b, format, v.record())
	}
	if w.fast == nil {
		w.fast = &bencher{templates: map[shape]template{}, cut: func(r Record) Record { return r }}
	}
	var err error
	if w.buf, err = w.fast.appendVisit(w.buf[:0], v); err != nil {
		return err
	}
	w.written.Records++
	_, err = b.Write(append(w.buf, '\n'))
	return err
}

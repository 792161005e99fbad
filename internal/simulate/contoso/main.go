// Command contoso writes the logs of the example tenant: one working week of a
// small company, as it would come out of half a dozen places, with an attack in
// it. Everybody and everything in it is invented, and equal code writes equal
// bytes. It runs with "make generate"; "make check" compares what it would
// write with what is there.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

//go:generate go run . -o ../../../examples/contoso/logs

func main() {
	dir := flag.String("o", "examples/contoso/logs", "write the logs into `folder`")
	flag.Parse()
	if err := writeAll(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "contoso:", err)
		os.Exit(1)
	}
}

func writeAll(dir string) error {
	files, err := logs()
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// A file is one log as it was delivered.
type file struct {
	name string
	data []byte
}

// logs makes all files. The sign-ins of the first two days came through an
// event hub, those of the others were downloaded.
func logs() ([]file, error) {
	w := newWeek()
	w.traffic()
	w.attack()
	w.housekeeping()
	if w.err != nil {
		return nil, w.err
	}
	var out []file
	var err error
	add := func(name string, f event.Format, l simulate.Layout, recs []simulate.Record) {
		var b bytes.Buffer
		if err != nil {
			return
		}
		if err = simulate.Write(&b, f, l, recs); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, file{name, b.Bytes()})
	}
	hub, portal := w.split(event.Signin, at(wednesday, "00:00"))
	add("eventhub/signins.json", event.Diagnostic, simulate.Page, hub)
	add("portal/InteractiveSignIns.csv", event.PortalCSV, simulate.CSV, portal)
	add("graph/directoryAudits.json", event.Graph, simulate.Page, w.of(event.Audit))
	add("loganalytics/AADUserRiskEvents.json", event.LogAnalytics, simulate.Array, w.of(event.RiskDetection))
	add("azure/activity.json", event.ResourceManager, simulate.Pretty, w.of(event.Activity))
	add("purview/AuditLog.csv", event.O365, simulate.CSV, w.of(event.M365))
	add("directory/users.json", event.Graph, simulate.Page, w.users())
	add("directory/groups.json", event.Graph, simulate.Page, w.groups())
	add("directory/roleAssignments.json", event.Graph, simulate.Page, w.assigned())
	add("directory/roleEligibility.json", event.Graph, simulate.Page, w.eligible())
	add("directory/registrationDetails.json", event.Graph, simulate.Page, w.registrations())
	if err == nil {
		err = w.err
	}
	return out, err
}

// of returns the records of a kind in the order of their times.
func (w *week) of(k event.Kind) []simulate.Record {
	var out []simulate.Record
	for _, r := range w.records {
		if r.Kind == k {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b simulate.Record) int {
		x, _ := a.Time()
		y, _ := b.Time()
		return x.Compare(y)
	})
	return out
}

func (w *week) split(k event.Kind, t time.Time) (before, after []simulate.Record) {
	for _, r := range w.of(k) {
		if when, _ := r.Time(); when.Before(t) {
			before = append(before, r)
		} else {
			after = append(after, r)
		}
	}
	return before, after
}

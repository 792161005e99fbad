package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/entrawatch/entrawatch/internal/detect"
	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

const manyFailures = `title: Many failures
id: 11111111-1111-4111-8111-111111111111
name: many-failures
correlation:
  type: event_count
  rules: [failure]
  group-by: [user]
  timespan: 1h
  condition: {gte: 5}
level: high
---
title: Failure
id: 22222222-2222-4222-8222-222222222222
name: failure
logsource: {product: azure, service: signinlogs}
detection:
  selection: {status.errorCode: 50126}
  condition: selection
level: informational
`

// TestFilesThatChange changes a file between the time when it is read and the
// time when the records that matter are read again.
func TestFilesThatChange(t *testing.T) {
	lib := &detect.Library{}
	if err := lib.Add(fstest.MapFS{"many-failures.yml": {Data: []byte(manyFailures)}}, ".", "test", true); err != nil {
		t.Fatal(err)
	}
	if err := lib.Finish(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	start := time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	if err := simulate.Write(&log, event.Diagnostic, simulate.NDJSON, simulate.BruteForce(start, 20, time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		change func(path string) error
		counts int    // of the alert; 0 = there is none
		lost   string // what the problem says
	}{
		{"no change", func(string) error { return nil }, 20, ""},
		{"it has grown", func(path string) error { return os.WriteFile(path, append(bytes.Clone(log.Bytes()), "{}\n"...), 0o600) }, 20, ""},
		{"it is gone", os.Remove, 0, "no such file or folder; check the spelling and the current folder; 20 of its records"},
		{"it was cut off", func(path string) error { return os.Truncate(path, int64(log.Len()/2)) }, 10, "has become shorter while it was scanned; scan it again; 10 of its records"},
		{"it has other content", func(path string) error {
			return os.WriteFile(path, bytes.ReplaceAll(log.Bytes(), []byte(`"id":"`), []byte(`"ID":"`)), 0o600)
		}, 20, ""},
		{"other records stand in it", func(path string) error {
			return os.WriteFile(path, append([]byte("\n"), log.Bytes()...), 0o600)
		}, 0, "has changed while it was scanned; scan it again; 20 of its records"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.json")
			if err := os.WriteFile(path, log.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			sc := newScan(ScanConfig{Paths: []string{path}, Rules: lib.Rules, Workers: 2, Memory: DefaultMemory})
			defer sc.close()
			if err := sc.prepare(); err != nil {
				t.Fatal(err)
			}
			if err := sc.read(context.Background()); err != nil {
				t.Fatal(err)
			}
			if err := tc.change(path); err != nil {
				t.Fatal(err)
			}
			res, err := sc.finish(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer res.Close()
			counts := 0
			for a, err := range res.Alerts() {
				if err != nil {
					t.Fatal(err)
				}
				counts += a.Count
			}
			if counts != tc.counts {
				t.Errorf("the alert counts %d events, want %d", counts, tc.counts)
			}
			problems := strings.Join(res.Summary.Problems, "\n")
			if tc.lost == "" && problems != "" || tc.lost != "" && !strings.Contains(problems, tc.lost) {
				t.Errorf("problems: %q, want %q", problems, tc.lost)
			}
			if complete := res.Summary.Complete(); complete != (tc.lost == "") {
				t.Errorf("complete: %v", complete)
			}
		})
	}
}

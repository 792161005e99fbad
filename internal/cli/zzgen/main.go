package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/ruletest"
	"github.com/entrawatch/entrawatch/internal/simulate"
	"github.com/entrawatch/entrawatch/rules"
)

func main() {
	by := map[string][]simulate.Record{}
	at := time.Date(2026, 11, 2, 8, 15, 4, 0, time.UTC)
	fs.WalkDir(rules.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if !strings.HasSuffix(p, "_test.yml") {
			return nil
		}
		data, _ := fs.ReadFile(rules.FS, p)
		var f ruletest.File
		if err := yaml.Unmarshal(data, &f); err != nil {
			fmt.Println(p, err)
			return nil
		}
		for i, c := range f.Cases {
			n := 1
			if c.Fires != nil && *c.Fires && i == 0 {
				n = 1 + len(p)%7
			}
			for j := range n {
				rec, ok := simulate.Base(c.Base)
				if !ok {
					continue
				}
				at = at.Add(97 * time.Second)
				rec = rec.WithTime(at)
				for k, v := range c.Set {
					rec.Set(k, v)
				}
				for k, v := range c.Changes {
					rec.SetChange(k, v[0], v[1])
				}
				rec.Set("id", fmt.Sprintf("%08x-%d-%d", len(p)*7919+int(at.Unix()), i, j))
				by[rec.Kind.String()] = append(by[rec.Kind.String()], rec)
			}
		}
		return nil
	})
	for k, recs := range by {
		var b bytes.Buffer
		for _, f := range recs[0].Formats() {
			if f == event.Graph || f == event.Diagnostic {
				if err := simulate.Write(&b, f, simulate.Layouts(f)[0], recs); err != nil {
					fmt.Println(k, f, err)
					b.Reset()
					continue
				}
				os.WriteFile(os.Args[1]+"/"+k+"-"+f.String()+".json", b.Bytes(), 0o644)
				break
			}
		}
	}
}

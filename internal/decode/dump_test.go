package decode

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestDump(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "samples")
	s := event.NewSchema()
	var wanted [event.NumKinds][]int
	for k := event.Kind(1); k < event.NumKinds; k++ {
		for _, f := range s.Fields(k) {
			wanted[k] = append(wanted[k], f.ID)
		}
	}
	d, err := NewDecoder(s, wanted)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if e.IsDir() || strings.HasSuffix(p, ".md") {
			return nil
		}
		data, _ := os.ReadFile(p)
		data = []byte(strings.TrimPrefix(string(data), "\ufeff"))
		f := NewFramer(strings.NewReader(string(data)), p)
		w := d.NewWorker(Entra)
		ev := event.New(s)
		n := map[string]int{}
		bad := 0
		var b Batch
		show := ""
		for {
			if err := f.Next(&b); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for i := range b.Recs {
				if r := w.Decode(&b, &b.Recs[i], ev); r != "" {
					bad++
					if bad < 4 {
						fmt.Println("   REFUSED", b.Line(&b.Recs[i]), r)
					}
					continue
				}
				total++
				n[ev.Kind.String()+"/"+ev.Sub.String()+"/"+ev.Format.String()]++
				if show == "" || ev.Time.IsZero() {
					show = fmt.Sprint(ev.Time.Format("2006-01-02T15:04:05.999"), " tenant=", ev.Tenant, " id=", ev.ID, " out=", ev.Get("outcome"), " act=", ev.Get("activity"), " user=", ev.Get("user.name"), " actor=", ev.Get("actor.type"), ":", ev.Get("actor.name"), ":", ev.Get("actor.id"), " target=", ev.Get("target.name"), ":", ev.Get("target.type"), " ip=", ev.Get("ip"), " c=", ev.Get("country"))
				}
			}
			for _, x := range b.Bad {
				bad++
				if bad < 6 {
					fmt.Println("   BAD", x.Line, x.Index, x.Reason)
				}
			}
		}
		rel, _ := filepath.Rel(root, p)
		fmt.Println(rel, n, "bad", bad, show)
		return nil
	})
	fmt.Println(total)
}

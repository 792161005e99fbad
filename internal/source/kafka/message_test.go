package kafka

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/entrawatch/entrawatch/internal/decode"
)

func messages(values ...string) []*kgo.Record {
	var out []*kgo.Record
	for i, v := range values {
		out = append(out, &kgo.Record{Value: []byte(v), Offset: int64(100 + i), LeaderEpoch: 3})
	}
	return out
}

func TestParcels(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", joinBytes*2/3) + `"}`
	for _, tc := range []struct {
		name  string
		in    []*kgo.Record
		texts []string // body of each parcel
		first []int64
	}{
		{"none", nil, nil, nil},
		{"joined", messages(`{"a":1}`, ` [2] `, "\ufeff{\"a\":3}"), []string{"{\"a\":1}\n[2]\n{\"a\":3}\n"}, []int64{100}},
		{"empty ones keep their line", messages("", `{"a":1}`, "\n", `{"a":3}`), []string{"\n{\"a\":1}\n\n{\"a\":3}\n"}, []int64{100}},
		{"cut off", messages(`{"a":1}`, `{"a":`, `{"a":3}`), []string{"{\"a\":1}\n", "{\"a\":\n", "{\"a\":3}\n"}, []int64{100, 101, 102}},
		{"a gap", []*kgo.Record{{Value: []byte(`{}`), Offset: 5}, {Value: []byte(`{}`), Offset: 7}}, []string{"{}\n", "{}\n"}, []int64{5, 7}},
		{"too much", messages(long, long), []string{long + "\n", long + "\n"}, []int64{100, 101}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := parcels(tc.in)
			if len(got) != len(tc.texts) {
				t.Fatalf("%d parcels, want %d", len(got), len(tc.texts))
			}
			for i, p := range got {
				text, _ := io.ReadAll(p.body())
				if string(text) != tc.texts[i] || p.first.Offset != tc.first[i] || p.size != len(text) {
					t.Errorf("parcel %d: %.50q of size %d at %d", i, text, p.size, p.first.Offset)
				}
			}
		})
	}
}

func TestCursorAt(t *testing.T) {
	p := parcels(messages(`{"a":1}`, "", `{"a":3}`))[0] // 7 bytes, 0, 7, with a line break behind each
	for offset, want := range map[int64]string{0: "100", 6: "100", 7: "101", 8: "102", 9: "102", 15: "102", 16: "103", 17: "103"} {
		if got := p.cursorAt(offset); got != want {
			t.Errorf("stored up to %d: cursor %s, want %s", offset, got, want)
		}
	}
	if p.next.Offset != 103 || p.next.Epoch != 3 {
		t.Errorf("next is %v", p.next)
	}
}

// TestNeighbours puts whole messages between damaged ones: each record of a
// whole message is read, with the line and name that lead to its offset.
func TestNeighbours(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var values []string
		want := map[string]int64{}
		for i := range 1 + rng.IntN(20) {
			id := fmt.Sprintf("id-%d", i)
			text := fmt.Sprintf(`{"records":[{"category":"SignInLogs","id":%q,"note":"a \" { [ \\"},{"category":"SignInLogs","id":"%s-b"}]}`, id, id)
			switch rng.IntN(5) {
			case 0: // cut off
				text = text[:rng.IntN(len(text))]
			case 1: // a byte is another
				b := []byte(text)
				b[rng.IntN(len(b))] = `"{}[],x\`[rng.IntN(8)]
				text = string(b)
			default:
				want[id], want[id+"-b"] = int64(100+i), int64(100+i)
			}
			values = append(values, text)
		}
		got := map[string]int64{}
		for _, p := range parcels(messages(values...)) {
			for id, line := range read(t, &p) {
				got[id] = p.first.Offset + int64(line) - 1
			}
		}
		for id, offset := range want {
			if got[id] != offset {
				t.Fatalf("record %s is found at offset %d, want %d, in\n%s", id, got[id], offset, strings.Join(values, "\n"))
			}
		}
	}
}

// read returns the lines of the records in a parcel, by their ids.
func read(t *testing.T, p *parcel) map[string]int {
	out := map[string]int{}
	f := decode.NewFramer(p.body(), "test")
	for {
		var b decode.Batch
		err := f.Next(&b)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range b.Recs {
			_, rest, _ := strings.Cut(string(b.Data[r.Start:r.End]), `"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			out[id] = r.Line
		}
	}
}

func FuzzParcels(f *testing.F) {
	f.Add([]byte(`{"a":"\""}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p := parcels(messages(string(text), `{"a":1}`))
		last := p[len(p)-1]
		if body, _ := io.ReadAll(last.body()); !strings.HasSuffix(string(body), "{\"a\":1}\n") || last.next.Offset != 102 {
			t.Errorf("the message behind is not the last line of %q", body)
		}
	})
}

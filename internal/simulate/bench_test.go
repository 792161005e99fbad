package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entrawatch/entrawatch/internal/event"
)

func TestWriteBench(t *testing.T) {
	const size, perMessage = 2 << 20, 25
	var buf bytes.Buffer
	n, err := WriteBench(&buf, 11, size, perMessage)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(buf.Bytes(), []byte("\n")), []byte("\n"))
	if n != perMessage*len(lines) || buf.Len() < size || buf.Len()-len(lines[len(lines)-1])-1 >= size {
		t.Errorf("%d records in %d messages of %d bytes", n, len(lines), buf.Len())
	}
	bytesOfRecords := 0
	for _, line := range lines {
		var m struct{ Records []json.RawMessage }
		if err := json.Unmarshal(line, &m); err != nil || len(m.Records) != perMessage {
			t.Fatalf("%d records: %v in %.200s", len(m.Records), err, line)
		}
		for _, r := range m.Records {
			bytesOfRecords += len(r)
		}
	}
	if mean := bytesOfRecords / n; mean < 2700 || mean > 3300 {
		t.Errorf("%d bytes per record", mean)
	}
	var again bytes.Buffer
	if _, err := WriteBench(&again, 11, size, perMessage); err != nil || !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Errorf("the second run differs: %v", err)
	}
	again.Reset()
	if _, err := WriteBench(&again, 12, size, perMessage); err != nil || bytes.Equal(buf.Bytes()[:5000], again.Bytes()[:5000]) {
		t.Errorf("another seed makes no difference: %v", err)
	}
}

// The fast path writes what Write writes of the same sign-ins.
func TestBenchAgreesWithWrite(t *testing.T) {
	b, tr, shapes := newBencher(13), newTraffic(13), map[shape]bool{}
	for i := range 20_000 {
		got, err := b.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		v := tr.visit()
		if i > 500 && shapes[v.shape()] {
			continue
		}
		shapes[v.shape()] = true
		want := bytes.TrimSpace(write(t, event.Diagnostic, NDJSON, lean(v.record())))
		if !bytes.Equal(want, got) {
			t.Fatalf("sign-in %d, %+v: %s", i, v.shape(), cmp.Diff(string(want), string(got)))
		}
	}
	if len(shapes) < 20 {
		t.Errorf("only %d shapes", len(shapes))
	}
}

func TestWriteBenchFails(t *testing.T) {
	if _, err := WriteBench(io.Discard, 1, 1, 0); err == nil {
		t.Error("messages without records")
	}
	full := errors.New("disk full")
	if _, err := WriteBench(failing{full}, 1, 1, 1); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if n, err := WriteBench(io.Discard, 1, 0, 1); n != 0 || err != nil {
		t.Errorf("%d records in 0 bytes: %v", n, err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func BenchmarkWriteBench(b *testing.B) {
	const size = 64 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := WriteBench(io.Discard, 1, size, 20); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSigninRecords(b *testing.B) {
	n := 0
	for range SigninRecords(1) {
		if n++; n > b.N {
			return
		}
	}
}

package spill

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

const benchRecords = 1_400_000 // of 32 bytes: the keys of a busy week

func benchData(shape string) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 0, benchRecords*32)
	for range benchRecords {
		switch shape {
		case "random":
			data = binary.BigEndian.AppendUint64(data, rnd.Uint64())
			data = binary.BigEndian.AppendUint64(data, rnd.Uint64())
			data = binary.BigEndian.AppendUint64(data, rnd.Uint64())
		case "prefixed": // one tenant, a few groups, a time
			data = binary.BigEndian.AppendUint64(data, 0x0123456789abcdef)
			data = binary.BigEndian.AppendUint64(data, uint64(rnd.IntN(50_000))*0x9e3779b97f4a7c15)
			data = binary.BigEndian.AppendUint64(data, 1_790_000_000_000+uint64(rnd.IntN(7*86_400_000)))
		}
		data = binary.BigEndian.AppendUint64(data, rnd.Uint64())
	}
	return data
}

func BenchmarkAdd(b *testing.B) {
	data := benchData("random")
	s := New(b.TempDir(), 64<<20)
	b.SetBytes(32)
	b.ReportAllocs()
	off := 0
	for b.Loop() {
		if off == len(data) {
			b.StopTimer()
			off = 0
			s.Close()
			s = New(b.TempDir(), 64<<20)
			b.StartTimer()
		}
		if err := s.Add(data[off : off+32]); err != nil {
			b.Fatal(err)
		}
		off += 32
	}
	s.Close()
}

// BenchmarkSort adds and reads 1.4 million records per operation.
func BenchmarkSort(b *testing.B) {
	for _, bc := range []struct {
		name, shape string
		limit       int
		vary        bool // the length of records
	}{
		{"fixed/random/memory", "random", 256 << 20, false},
		{"fixed/prefixed/memory", "prefixed", 256 << 20, false},
		{"fixed/random/disk", "random", 8 << 20, false},
		{"varied/random/memory", "random", 256 << 20, true},
		{"varied/prefixed/memory", "prefixed", 256 << 20, true},
		{"varied/prefixed/disk", "prefixed", 8 << 20, true},
		{"fixed/random/3-passes", "random", 256 << 10, false},
	} {
		b.Run(bc.name, func(b *testing.B) {
			data := benchData(bc.shape)
			dir := b.TempDir()
			b.ReportAllocs()
			for b.Loop() {
				s := New(dir, bc.limit)
				for off := 0; off < len(data); off += 32 {
					n := 32
					if bc.vary {
						n -= off / 32 % 4
					}
					if err := s.Add(data[off : off+n]); err != nil {
						b.Fatal(err)
					}
				}
				n := 0
				for _, err := range s.Sorted() {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchRecords {
					b.Fatalf("got %d records", n)
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
		})
	}
}

package simulate

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strings"
)

// guid is a GUID in the order of bytes in which it is written.
type guid [16]byte

func makeGUID(hi, lo uint64) (g guid) {
	binary.BigEndian.PutUint64(g[:8], hi)
	binary.BigEndian.PutUint64(g[8:], lo)
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

func randomGUID(rng *rand.Rand) guid { return makeGUID(rng.Uint64(), rng.Uint64()) }

// requestGUID returns a sign-in's id: those end in 00.
func requestGUID(rng *rand.Rand) guid {
	g := randomGUID(rng)
	g[15] = 0
	return g
}

func (g guid) String() string { return string(g.append(nil)) }

const hexDigits = "0123456789abcdef"

func (g guid) append(dst []byte) []byte {
	var buf [36]byte
	i := 0
	for n, b := range g {
		if n == 4 || n == 6 || n == 8 || n == 10 {
			buf[i] = '-'
			i++
		}
		buf[i], buf[i+1] = hexDigits[b>>4], hexDigits[b&15]
		i += 2
	}
	return append(dst, buf[:]...)
}

// appendToken appends the unique token identifier that belongs to a sign-in's
// id: its bytes in the order of .NET as base64url.
func (g guid) appendToken(dst []byte) []byte {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return base64.RawURLEncoding.AppendEncode(dst, g[:])
}

// mix returns a well-mixed number that depends on its arguments only.
func mix(a, b uint64) uint64 {
	x := a ^ b*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// compact returns an id as the names of deleted users begin.
func compact(id string) string { return strings.ReplaceAll(id, "-", "") }

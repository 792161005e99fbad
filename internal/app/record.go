package app

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/entrawatch/entrawatch/internal/alert"
	"github.com/entrawatch/entrawatch/internal/decode"
	"github.com/entrawatch/entrawatch/internal/event"
)

// The records of the external sorts: keys, signals, alerts, quarantine.

// keySize is the length of what appendKey writes: of equal keys the best
// format sorts first, then the lowest content hash, never the arrival.
const keySize = 16 + 1 + 8

func appendKey(dst []byte, e *event.Event, content uint64) []byte {
	dst = append(dst, e.Key[:]...)
	dst = append(dst, byte(e.Format))
	return binary.BigEndian.AppendUint64(dst, content)
}

// appendSource writes where a record stands, short: with the number of its
// file.
func appendSource(dst []byte, file, line, index int) []byte {
	dst = append(strconv.AppendInt(dst, int64(file), 10), ':')
	dst = append(strconv.AppendInt(dst, int64(line), 10), ':')
	return strconv.AppendInt(dst, int64(index), 10)
}

// sourceOf is a source as people read it.
func (sc *scan) sourceOf(short string) string {
	if origin, ok := cutOrigin(short); ok {
		return origin
	}
	parts := strings.SplitN(short, ":", 3)
	var n [3]int
	for i := range parts {
		n[i], _ = strconv.Atoi(parts[i])
	}
	if len(parts) != 3 || n[0] < 0 || n[0] >= len(sc.files) {
		return short
	}
	return event.Source{File: sc.files[n[0]].Path, Line: n[1], Index: n[2]}.String()
}

// contentHash only breaks ties between different contents of one key, so it
// need not withstand attack.
func contentHash(raw []byte) uint64 { return xxh3.Hash(raw) }

// encodeAlert puts what alerts are sorted by in front of their JSON.
func encodeAlert(a *alert.Alert) ([]byte, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode alert %s: %w", a.ID, err)
	}
	rec := []byte{byte(alert.Rank(a.Severity))}
	at := int64(0)
	if a.First != nil {
		at = a.First.UnixNano()
	}
	rec = binary.BigEndian.AppendUint64(rec, uint64(at)^1<<63)
	rec = append(rec, a.Rule...)
	rec = append(rec, 0)
	rec = append(rec, a.ID...)
	rec = append(rec, 0)
	rec = binary.BigEndian.AppendUint32(rec, uint32(len(rec)))
	return append(rec, body...), nil
}

func decodeAlert(rec []byte) (*alert.Alert, error) {
	// The sort key ends with the second zero behind its fixed part.
	i, zeros := 9, 0
	for ; i < len(rec) && zeros < 2; i++ {
		if rec[i] == 0 {
			zeros++
		}
	}
	var a alert.Alert
	if i+4 > len(rec) {
		return nil, fmt.Errorf("a stored alert is damaged")
	}
	if err := json.Unmarshal(rec[i+4:], &a); err != nil {
		return nil, fmt.Errorf("a stored alert is damaged: %w", err)
	}
	return &a, nil
}

func appendQuarantine(dst []byte, file int, bad decode.Bad) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(file))
	dst = binary.BigEndian.AppendUint64(dst, uint64(bad.Line))
	dst = binary.BigEndian.AppendUint64(dst, uint64(bad.Index+1))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(bad.Reason)))
	dst = append(dst, bad.Reason...)
	return append(dst, bad.Raw...)
}

// A Quarantined is one line of a quarantine file.
type Quarantined struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Index  *int   `json:"index,omitempty"`
	Reason string `json:"reason"`
	Raw    string `json:"raw,omitempty"`
	// Base64 holds the record instead when it is not UTF-8 text.
	Base64 string `json:"base64,omitempty"`
}

// WriteQuarantine writes all records that could not be decoded as JSON lines,
// in the order of the input.
func (r *Result) WriteQuarantine(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if r.quarantine == nil {
		return nil
	}
	for rec, err := range r.quarantine.Sorted() {
		if err != nil {
			return err
		}
		q := Quarantined{File: r.names[binary.BigEndian.Uint32(rec)], Line: int(binary.BigEndian.Uint64(rec[4:]))}
		if i := int(binary.BigEndian.Uint64(rec[12:])); i > 0 {
			i--
			q.Index = &i
		}
		n := int(binary.BigEndian.Uint32(rec[20:]))
		q.Reason = string(rec[24 : 24+n])
		if raw := rec[24+n:]; utf8.Valid(raw) {
			q.Raw = string(raw)
		} else {
			q.Base64 = base64.StdEncoding.EncodeToString(raw)
		}
		if err := enc.Encode(q); err != nil {
			return err
		}
	}
	return nil
}

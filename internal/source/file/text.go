package file

import (
	"bufio"
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// text decides from the first bytes which code the text in r has, and makes
// s.r return UTF-8; or it says what the bytes are instead of text.
func (s *Stream) text(head []byte, r *bufio.Reader) error {
	code, bom := textCode(head)
	switch code {
	case "utf-32":
		return s.refuse("text in UTF-32", "convert it: iconv -f UTF-32 -t UTF-8")
	case "utf-16le":
		s.r = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(r)
	case "utf-16be":
		s.r = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(r)
	default:
		if what, hint := notText(head[bom:]); what != "" {
			return s.refuse(what, hint)
		}
	}
	s.encoding = append(s.encoding, code)
	s.bom, s.recoded = int64(bom), strings.HasPrefix(code, "utf-16")
	_, err := r.Discard(bom) // it is in the buffer
	return err
}

// textCode names the code of a text, and the length of its byte order mark.
func textCode(head []byte) (code string, bom int) {
	h := string(head[:min(len(head), 4)])
	switch {
	case h == "\xff\xfe\x00\x00", h == "\x00\x00\xfe\xff":
		return "utf-32", 4
	case strings.HasPrefix(h, "\xff\xfe"):
		return "utf-16le", 2
	case strings.HasPrefix(h, "\xfe\xff"):
		return "utf-16be", 2
	case strings.HasPrefix(h, "\xef\xbb\xbf"):
		return "utf-8", 3
	}
	// Without a mark: ASCII characters, each beside a zero byte.
	if start := head[:min(len(head), 64)&^1]; len(start) >= 4 {
		var zeros [2]int
		for i, b := range start {
			if b == 0 {
				zeros[i&1]++
			}
		}
		switch zeros {
		case [2]int{0, len(start) / 2}:
			return "utf-16le", 0
		case [2]int{len(start) / 2, 0}:
			return "utf-16be", 0
		}
	}
	if len(head) == headSize { // it may end within a character
		for cut := 1; cut < utf8.UTFMax; cut++ {
			if tail := head[headSize-cut:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRune(tail) {
					head = head[:headSize-cut]
				}
				break
			}
		}
	}
	if utf8.Valid(head) {
		return "utf-8", 0
	}
	return "unknown 8-bit code", 0
}

// signature is the beginning of a sort of file that is not text.
type signature struct {
	at    int
	bytes string
	what  string
	hint  string
}

const (
	unpackHint = "unpack it and scan the folder"
	exportHint = "export the logs as JSON or CSV"
	imageHint  = "leave it out; entrawatch reads exported logs, JSON or CSV"
)

var signatures = []signature{
	{0, "PK\x03\x04", "a zip archive", unpackHint},
	{0, "PK\x05\x06", "an empty zip archive", unpackHint},
	{0, "PK\x07\x08", "a part of a zip archive", unpackHint},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", unpackHint},
	{0, "Rar!\x1a\x07", "a RAR archive", unpackHint},
	{257, "ustar", "a tar archive", unpackHint},
	{0, "MSCF\x00\x00\x00\x00", "a cabinet archive", unpackHint},
	{0, "\xfd7zXZ\x00", "compressed with xz", "unpack it: xz -d"},
	{4, "1AY&SY", "compressed with bzip2", "unpack it: bzip2 -d"},
	{0, "\x04\x22\x4d\x18", "compressed with lz4", "unpack it: lz4 -d"},
	{0, "\xff\x06\x00\x00sNaPpY", "compressed with snappy", "unpack it first"},
	{0, "PAR1", "a Parquet file", exportHint},
	{0, "Obj\x01", "an Avro file, as Event Hubs Capture writes them", "read the event hub itself, or " + exportHint},
	{0, "ORC\x00", "an ORC file", exportHint},
	{0, "SQLite format 3\x00", "an SQLite database", exportHint},
	{0, "ElfFile\x00", "a Windows event log (EVTX)", "entrawatch reads the logs of Entra ID: " + exportHint + " from there"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document or an Outlook message", "save it as CSV"},
	{0, "%PDF-", "a PDF document", exportHint},
	{0, "\x7fELF", "a program", imageHint},
	{0, "MZ\x90\x00", "a Windows program", imageHint},
	{0, "\x89PNG\r\n\x1a\n", "a PNG image", imageHint},
	{0, "\xff\xd8\xff", "a JPEG image", imageHint},
	{0, "GIF87a", "a GIF image", imageHint},
	{0, "GIF89a", "a GIF image", imageHint},
	{8, "WEBPVP8", "a WebP image", imageHint},
	{0, "II*\x00", "a TIFF image", imageHint},
	{0, "MM\x00*", "a TIFF image", imageHint},
	{0, "\xd4\xc3\xb2\xa1", "a packet capture", imageHint},
	{0, "\xa1\xb2\xc3\xd4", "a packet capture", imageHint},
	{0, "bplist00", "a binary property list", imageHint},
}

// notText names what head is the beginning of; what is empty if it may be text.
func notText(head []byte) (what, hint string) {
	for _, s := range signatures {
		if len(head) < s.at || !bytes.HasPrefix(head[s.at:], []byte(s.bytes)) {
			continue
		}
		if s.bytes == "PK\x03\x04" && (bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("xl/"))) {
			return "an Excel workbook or another Office document", "save it as CSV (UTF-8)"
		}
		return s.what, s.hint
	}
	control := 0
	for _, b := range head {
		if b < ' ' && !bytes.ContainsRune([]byte("\t\n\v\f\r\x1b"), rune(b)) || b == 0x7f {
			control++
		}
	}
	// Random bytes have one in ten, text next to none. A few are let through:
	// a power failure leaves zero bytes in the best of logs.
	if control*20 > len(head) {
		return "binary data, not text", exportHint
	}
	return "", ""
}

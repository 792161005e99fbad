package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const sample = `{"id":"1","userPrincipalName":"zoë@contoso.com","note":"日本語 😀"}` + "\n"

func gz(parts ...string) string {
	var out bytes.Buffer
	for _, p := range parts { // one member each
		w := gzip.NewWriter(&out)
		w.Write([]byte(p))
		w.Close()
	}
	return out.String()
}

func zst(parts ...string) string {
	var out bytes.Buffer
	for _, p := range parts { // one frame each
		w, _ := zstd.NewWriter(&out)
		w.Write([]byte(p))
		w.Close()
	}
	return out.String()
}

func utf16Bytes(s string, order binary.AppendByteOrder) string {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func noise(n int) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

var long = strings.Repeat(sample, 20_000)

func TestDecode(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	latin1 := "Name\nZo\xeb\n"
	almost := strings.Repeat("a", headSize-1) + "é\n" // the head ends inside é
	for _, tc := range []struct {
		name, in, want, encoding string
	}{
		{"plain", sample, sample, "utf-8"},
		{"long", long, long, "utf-8"},
		{"empty", "", "", "utf-8"},
		{"byte order mark", "\ufeff" + sample, sample, "utf-8"},
		{"only a byte order mark", "\ufeff", "", "utf-8"},
		{"character at the edge of the head", almost, almost, "utf-8"},
		{"8 bits", latin1, latin1, "unknown 8-bit code"},
		{"colours of a terminal", "\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n", "utf-8"},
		{"a few zero bytes", sample + "\x00\x00", sample + "\x00\x00", "utf-8"},
		{"utf-16le", utf16Bytes("\ufeff"+sample, le), sample, "utf-16le"},
		{"utf-16be", utf16Bytes("\ufeff"+sample, be), sample, "utf-16be"},
		{"utf-16le without mark", utf16Bytes(long, le), long, "utf-16le"},
		{"utf-16be without mark", utf16Bytes(sample, be), sample, "utf-16be"},
		{"utf-16le, only a mark", "\xff\xfe", "", "utf-16le"},
		{"utf-16le, half a character", "\xff\xfea\x00b", "a\ufffd", "utf-16le"},
		{"utf-16le, half a surrogate pair", "\xff\xfe\x3d\xd8a\x00", "\ufffda", "utf-16le"},
		{"gzip", gz(sample), sample, "gzip, utf-8"},
		{"gzip, long", gz(long), long, "gzip, utf-8"},
		{"gzip, several members", gz(sample, "", "", long, sample), sample + long + sample, "gzip, utf-8"},
		{"gzip, padded", gz(sample) + strings.Repeat("\x00", 1000), sample, "gzip, utf-8"},
		{"gzip of nothing", gz(""), "", "gzip, utf-8"},
		{"gzip of gzip", gz(gz(sample, long), ""), sample + long, "gzip, gzip, utf-8"},
		{"gzip of utf-16", gz(utf16Bytes("\ufeff"+long, le)), long, "gzip, utf-16le"},
		{"zstd", zst(sample), sample, "zstd, utf-8"},
		{"zstd, long", zst(long), long, "zstd, utf-8"},
		{"zstd, several frames", zst(sample, long), sample + long, "zstd, utf-8"},
		{"zstd, a frame to skip", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zst(sample), sample, "zstd, utf-8"},
		{"zstd of utf-8 with mark", zst("\ufeff" + sample), sample, "zstd, utf-8"},
		{"gzip of zstd", gz(zst(long)), long, "gzip, zstd, utf-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := Decode(strings.NewReader(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := io.ReadAll(s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
			if s.Encoding() != tc.encoding {
				t.Errorf("encoding is %q, want %q", s.Encoding(), tc.encoding)
			}
			if s.Consumed() != int64(len(tc.in)) {
				t.Errorf("consumed %d bytes of %d", s.Consumed(), len(tc.in))
			}
		})
	}
}

// What can be read of a damaged file is delivered before the error.
func TestDamaged(t *testing.T) {
	random := noise(1 << 20) // letters that do not compress well
	text := strings.Map(func(r rune) rune { return 'a' + r%26 }, random)
	packed, frame := gz(text), zst(text)
	flipped := []byte(gz(sample))
	flipped[len(flipped)-6] ^= 1
	for _, tc := range []struct {
		name, in string
		least    int // bytes of text that must arrive
		cut      bool
		reason   string
	}{
		{"gzip cut in the middle", packed[:len(packed)/2], len(text) * 4 / 10, true, "the gzip data end too early"},
		{"gzip cut in the checksum", packed[:len(packed)-3], len(text), true, "the gzip data end too early"},
		{"gzip cut in the second member", packed + packed[:len(packed)/2], len(text) * 14 / 10, true, "the gzip data end too early"},
		{"gzip cut in the second header", packed + packed[:5], len(text), true, "the gzip data end too early"},
		{"gzip cut in the name of the second", packed + "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x00na", len(text), true, "the gzip data end too early"},
		{"gzip of a cut gzip", gz(packed[:len(packed)/2]), len(text) * 4 / 10, true, "the gzip data end too early"},
		{"cut gzip of gzip", gz(packed)[:len(packed)/2], len(text) * 4 / 10, true, "the gzip data end too early"},
		{"gzip and garbage", packed + "garbage", len(text), false, "the gzip data are followed by something else"},
		{"gzip, zeros and garbage", packed + "\x00\x00\x00g", len(text), false, "the gzip data are followed by something else"},
		{"gzip, damaged in the middle", packed[:len(packed)/2] + strings.Repeat("\xff", 1000) + packed[len(packed)/2:], len(text) * 4 / 10, false, "the gzip data are damaged: "},
		{"gzip with a wrong checksum", string(flipped), len(sample), false, "the gzip data are damaged: "},
		{"zstd cut in the middle", frame[:len(frame)/2], len(text) * 2 / 10, true, "the zstd data end too early"},
		{"zstd and garbage", frame + "garbage", len(text), false, "the zstd data are followed by something else"},
		{"zstd and a byte", frame + "g", len(text), true, "the zstd data end too early"},
		{"gzip of cut zstd", gz(frame[:len(frame)/2]), len(text) * 2 / 10, true, "the zstd data end too early"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "signins.json.gz")
			if err := os.WriteFile(path, []byte(tc.in), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(Input{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := io.ReadAll(s)
			want := text + text
			if len(tc.in) < 1000 {
				want = sample
			}
			if len(got) < tc.least || !strings.HasPrefix(want, string(got[:tc.least])) || tc.cut && !strings.HasPrefix(want, string(got)) {
				t.Errorf("got %d bytes, want at least %d of the text", len(got), tc.least)
			}
			wantError(t, err, path, tc.reason)
			if errors.Is(err, io.ErrUnexpectedEOF) != tc.cut {
				t.Errorf("errors.Is(%v, io.ErrUnexpectedEOF) = %v", err, !tc.cut)
			}
			if _, again := s.Read(make([]byte, 10)); again != err {
				t.Errorf("the next Read returns %v", again)
			}
		})
	}
}

func wantError(t *testing.T, err error, path, reason string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want an *Error", err)
	}
	if e.Path != path || !strings.HasPrefix(e.Reason, reason) || e.Hint == "" || e.Notice {
		t.Errorf("got path %q, reason %q, hint %q; want %q, %q and a hint", e.Path, e.Reason, e.Hint, path, reason)
	}
}

func TestRefused(t *testing.T) {
	pad := strings.Repeat("\x00", 500)
	for _, tc := range []struct{ name, in, reason string }{
		{"zip", "PK\x03\x04\x14\x00\x08\x00signins.json" + pad, "a zip archive"},
		{"xlsx", "PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml" + pad, "an Excel workbook"},
		{"empty zip", "PK\x05\x06" + pad[:18], "an empty zip archive"},
		{"tar", "signins.json" + pad[:245] + "ustar\x0000" + pad, "a tar archive"},
		{"tar.gz", gz("signins.json" + pad[:245] + "ustar  \x00" + pad), "a tar archive"},
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04", "a 7-Zip archive"},
		{"xz", "\xfd7zXZ\x00\x00\x04", "compressed with xz"},
		{"bzip2", "BZh91AY&SY", "compressed with bzip2"},
		{"parquet", "PAR1\x15\x04\x15", "a Parquet file"},
		{"avro", "Obj\x01\x04\x14avro.codec", "an Avro file"},
		{"sqlite", "SQLite format 3\x00", "an SQLite database"},
		{"evtx", "ElfFile\x00" + pad, "a Windows event log"},
		{"pdf", "%PDF-1.7\n", "a PDF document"},
		{"xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + pad, "an old Office document"},
		{"elf", "\x7fELF\x02\x01\x01" + pad, "a program"},
		{"exe", "MZ\x90\x00" + pad, "a Windows program"},
		{"png", "\x89PNG\r\n\x1a\n" + pad, "a PNG image"},
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"},
		{"gif", "GIF89a\x01\x00", "a GIF image"},
		{"zip behind a mark", "\ufeffPK\x03\x04", "a zip archive"},
		{"zip in gzip", gz("PK\x03\x04"), "a zip archive"},
		{"zeros", pad, "binary data, not text"},
		{"noise", noise(5000), "binary data, not text"},
		{"encrypted, short", noise(60), "binary data, not text"},
		{"utf-32", "\xff\xfe\x00\x00a\x00\x00\x00", "text in UTF-32"},
		{"gzip three times", gz(gz(gz(sample))), "compressed more than twice"},
		{"gzip, nothing but the beginning", "\x1f\x8b\x08\x00", "the gzip data end too early"},
		{"gzip, bad header", "\x1f\x8b\x08\xe0" + sample, "the gzip data are damaged"},
		{"zstd, nothing but the beginning", "\x28\xb5\x2f\xfd", "the zstd data end too early"},
		{"zstd, huge window", "\x28\xb5\x2f\xfd\x00\xf8" + pad, "unpacking it takes more than 128 MiB"},
		{"zstd, one huge segment", "\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00" + pad, "unpacking it takes more than 128 MiB"},
		{"zstd, dictionary", "\x28\xb5\x2f\xfd\x21\x07\x05" + pad, "it was compressed with a dictionary"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "signins.json")
			if err := os.WriteFile(path, []byte(tc.in), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(Input{Path: path})
			if err == nil {
				s.Close()
			}
			wantError(t, err, path, tc.reason)
		})
	}
}

func TestSignaturesHaveHints(t *testing.T) {
	for _, s := range signatures {
		what, hint := notText([]byte(strings.Repeat("a", s.at) + s.bytes))
		if what == "" || hint == "" {
			t.Errorf("%q is not recognised, or has no hint", s.bytes)
		}
	}
}

func TestReadError(t *testing.T) {
	cause := errors.New("input/output error")
	s, err := Decode(io.MultiReader(strings.NewReader(long), iotest.ErrReader(cause)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if string(got) != long || !errors.Is(err, cause) {
		t.Errorf("got %d of %d bytes, error %v", len(got), len(long), err)
	}
	wantError(t, err, "", "cannot be read: input/output error")

	packed := gz(long)
	s, err = Decode(io.MultiReader(strings.NewReader(packed[:len(packed)-20]), iotest.ErrReader(cause)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.ReadAll(s); !errors.Is(err, cause) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
	wantError(t, err, "", "cannot be read: input/output error")

	_, err = Decode(iotest.ErrReader(cause))
	wantError(t, err, "", "cannot be read: input/output error")
}

func TestBomb(t *testing.T) {
	in := gz(gz(strings.Repeat("a", 32<<20)))
	s, err := Decode(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.floor = 1 << 20
	n, err := io.Copy(io.Discard, s)
	if n > 10<<20 {
		t.Errorf("%d bytes became %d", len(in), n)
	}
	wantError(t, err, "", "unpacks to more than 5000 times its size")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(Input{Path: dir}); err == nil || !strings.Contains(err.Error(), "a folder, not a file") {
		t.Errorf("a folder: %v", err)
	}
	gone := filepath.Join(dir, "gone.json")
	_, err := Open(Input{Path: gone})
	wantError(t, err, gone, "no such file or folder")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
}

// A file may change its size between Walk and Read.
func TestFileThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "growing.json")
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	files, _ := Walk([]string{path})
	if err := os.WriteFile(path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(long)-len(sample))); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if len(got) != len(long)-len(sample) || err != nil {
		t.Errorf("got %d bytes, error %v", len(got), err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", sample, "\ufeff" + sample, utf16Bytes("\ufeff"+sample, binary.LittleEndian), utf16Bytes(sample, binary.LittleEndian),
		utf16Bytes("\ufeff"+sample, binary.BigEndian), gz(sample, "", sample), gz(gz(sample)), gz(sample)[:30], gz(sample) + "x",
		zst(sample), zst(sample, sample), zst(sample) + "x", gz(zst(sample)), gz("\xff\xfea"), noise(100), "PK\x03\x04",
		"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zst(sample),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		text, encoding, err := decodeAll(bytes.NewReader(in))
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Reason == "" || e.Hint == "") {
			t.Fatalf("not explained: %v", err)
		}
		// The sizes of the pieces in which the input arrives must not matter.
		text2, encoding2, err2 := decodeAll(iotest.OneByteReader(bytes.NewReader(in)))
		if !bytes.Equal(text, text2) || encoding != encoding2 || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("in one piece: %d bytes, %s, %v\nbyte by byte: %d bytes, %s, %v", len(text), encoding, err, len(text2), encoding2, err2)
		}
	})
}

func decodeAll(r io.Reader) (text []byte, encoding string, err error) {
	s, err := Decode(r)
	if err != nil {
		return nil, "", err
	}
	defer s.Close()
	text, err = io.ReadAll(io.LimitReader(s, 4<<20))
	return text, s.Encoding(), err
}

package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/klauspost/compress/gzip"

	"github.com/entrawatch/entrawatch/internal/source"
)

// read hands on what is new in a blob. problem is about the blob, err is the
// intake's own.
func (r *run) read(ctx context.Context, p *place, it *item, now time.Time) (problem, err error) {
	from, _ := p.wants(it)
	resting := now.Sub(it.modified) >= r.restAfter
	if strings.HasSuffix(it.name, ".gz") || r.documents[it.stream()+" "+it.rest] {
		return r.readWhole(ctx, p, it, resting)
	}
	if m, ok := p.Open[it.rest]; ok && from.Offset == 0 && m.Offset > 0 {
		r.replaced(it)
	}
	size := r.chunk
	for {
		before := int(min(from.Offset, tailSize))
		c, err := r.fetch(ctx, it, from.Offset-int64(before), size+before)
		if err != nil {
			return r.unreadable(p, it, err), nil
		}
		if len(c.text) < before || before > 0 && tailOf(c.text[:before]) != from.Tail || before > 0 && c.created != from.Created {
			r.replaced(it)
			from, size = mark{}, r.chunk
			continue
		}
		text := c.text[before:]
		last := from.Offset+int64(len(text)) >= c.size
		cut := bytes.LastIndexByte(text, '\n') + 1
		switch {
		case from.Offset == 0 && (cut > 0 || last || size >= r.longest) && !lines(text, last):
			return r.readWhole(ctx, p, it, resting)
		case last && resting:
			cut = len(text) // nothing more is to be expected
		case cut == 0 && last:
			from.ETag, from.Created, from.Modified, from.Waiting = c.etag, c.created, c.modified, true
			p.set(it.rest, from)
			return nil, nil
		case cut == 0 && size < r.longest:
			size = min(2*size, r.longest)
			continue
		case cut == 0:
			cut = len(text) // no record is as long: what reads on says so
		}
		next := from.behind(c, before, cut)
		next.Waiting = last && cut < len(text)
		if err := r.hand(ctx, p, it, c, from, next, before, cut); err != nil {
			return nil, err
		}
		p.set(it.rest, next)
		from, size = next, r.chunk
		if last {
			return nil, nil
		}
	}
}

// replaced says that a blob is not the one that was read before.
func (r *run) replaced(it *item) {
	r.log.Warn("a blob was replaced; it is read from its beginning", "container", it.container, "blob", it.name)
}

// hand hands on lines of a blob, from one mark to another.
func (r *run) hand(ctx context.Context, p *place, it *item, c *chunk, from, next mark, before, cut int) error {
	body := c.text[before : before+cut]
	then := p.with(it.rest, next)
	err := r.in.Deliver(ctx, &source.Delivery{
		Stream: it.stream(), Name: it.container + "/" + it.name, Line: from.Line + 1,
		Body: bytes.NewReader(body), Received: it.modified,
		Cursor: then.cursor(),
		CursorAt: func(offset int64) string {
			// Only behind whole lines: one may hold several records.
			n := int(min(max(offset, 0), int64(len(body))))
			if rest := body[n:]; bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n")) {
				n += bytes.IndexByte(rest, '\n') + 1
			}
			if n < len(body) {
				n = bytes.LastIndexByte(body[:n], '\n') + 1
			}
			if n == len(body) {
				return then.cursor()
			}
			if n == 0 {
				return then.with(it.rest, from).cursor()
			}
			return then.with(it.rest, from.behind(c, before, n)).cursor()
		},
	})
	if err == nil {
		r.lag(it, int64(cut))
	}
	return err
}

// lag tells how many bytes of a stream are still to be read.
func (r *run) lag(it *item, read int64) {
	stream := it.stream()
	r.behind[stream] -= read
	if g, ok := r.in.(source.Gauge); ok {
		g.Lag(stream, max(0, r.behind[stream]), it.modified)
	}
}

// readWhole hands on a blob in one delivery, which must be complete: one that is
// appended to must have come to rest.
func (r *run) readWhole(ctx context.Context, p *place, it *item, resting bool) (problem, err error) {
	if it.appended && !resting {
		r.documents[it.stream()+" "+it.rest] = true
		return nil, nil
	}
	delete(r.documents, it.stream()+" "+it.rest)
	file, etag, err := r.download(ctx, it)
	if err != nil {
		return r.unreadable(p, it, err), nil
	}
	defer discard(file)
	var body io.Reader = file
	if strings.HasSuffix(it.name, ".gz") {
		body = &unpacker{file: file}
	}
	next := mark{Offset: it.size, ETag: etag, Created: it.created, Modified: it.modified.Unix()}
	err = r.in.Deliver(ctx, &source.Delivery{
		Stream: it.stream(), Name: it.container + "/" + it.name, Body: body, Received: it.modified,
		Cursor: p.with(it.rest, next).cursor(),
	})
	if bad := (*damage)(nil); errors.As(err, &bad) {
		// It would be damaged the next time, too.
		r.passedOver(it, &source.Problem{
			What: it.name + ": " + bad.Error() + "; the rest was passed over",
			Hint: "look what wrote it; one of another name with the same records is read",
		})
	} else if err != nil {
		return nil, err
	}
	p.set(it.rest, next)
	r.lag(it, it.size)
	return nil, nil
}

// An unpacker reads gzip. That it is damaged is known only when it is read.
type unpacker struct {
	file io.Reader
	z    *gzip.Reader
}

func (u *unpacker) Read(p []byte) (n int, err error) {
	if u.z == nil {
		if u.z, err = gzip.NewReader(u.file); err != nil {
			return 0, &damage{err}
		}
	}
	n, err = u.z.Read(p)
	if err != nil && err != io.EOF {
		err = &damage{err}
	}
	return n, err
}

// A damage is that of a blob, and not of the way to it.
type damage struct{ err error }

func (d *damage) Error() string {
	return "the gzip data are damaged; what comes before was read: " + d.err.Error()
}

func (d *damage) Unwrap() error { return d.err }

// lines reports whether a blob that begins with text is made of lines of JSON.
// Nothing but the first line tells; it may not be there yet.
func lines(text []byte, all bool) bool {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for line := range bytes.Lines(text) {
		whole := line[len(line)-1] == '\n'
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return source.OneLine(line) || !whole && all && line[0] == '{'
		}
	}
	return true
}

// A chunk is a part of a blob.
type chunk struct {
	text     []byte
	size     int64 // of the whole blob
	etag     string
	created  int64
	modified int64
}

// behind returns the mark for having read n more bytes: those of the chunk that
// follow the first skip, which come before m.
func (m mark) behind(c *chunk, skip, n int) mark {
	return mark{
		Offset: m.Offset + int64(n), Line: m.Line + bytes.Count(c.text[skip:skip+n], []byte("\n")),
		ETag: c.etag, Created: c.created, Modified: c.modified, Tail: tailOf(c.text[:skip+n]),
	}
}

// fetch reads up to n bytes of a blob. They are of one version of it.
func (s *Source) fetch(ctx context.Context, it *item, offset int64, n int) (*chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	client := s.client.NewContainerClient(it.container).NewBlobClient(it.name)
	resp, err := client.DownloadStream(ctx, &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: offset, Count: int64(n)}})
	if err != nil {
		return nil, err
	}
	body := resp.NewRetryReader(ctx, nil)
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, int64(n)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", it.name, err)
	}
	c := &chunk{text: text, size: offset + int64(len(text)), created: it.created, modified: it.modified.Unix()}
	if resp.ContentRange != nil {
		_, total, _ := strings.Cut(*resp.ContentRange, "/")
		if c.size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return nil, fmt.Errorf("read %s: Content-Range is %q", it.name, *resp.ContentRange)
		}
	}
	if len(text) == 0 || offset+int64(len(text)) > c.size || len(text) < n && offset+int64(len(text)) < c.size {
		return nil, fmt.Errorf("read %s: %d bytes came from %d on, and it has %d", it.name, len(text), offset, c.size)
	}
	if resp.ETag != nil {
		c.etag = tag(*resp.ETag)
	}
	if resp.LastModified != nil {
		c.modified = resp.LastModified.Unix()
	}
	if resp.CreationTime != nil {
		c.created = resp.CreationTime.Unix()
	}
	return c, nil
}

// download puts a blob into a temporary file, at its beginning.
func (s *Source) download(ctx context.Context, it *item) (file *os.File, etag string, err error) {
	file, err = os.CreateTemp("", "entrawatch-*")
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err != nil {
			discard(file)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, bodyFor)
	defer cancel()
	resp, err := s.client.NewContainerClient(it.container).NewBlobClient(it.name).DownloadStream(ctx, nil)
	if err != nil {
		return nil, "", err
	}
	body := resp.NewRetryReader(ctx, nil)
	defer body.Close()
	n, err := io.Copy(file, body)
	if err == nil && n != it.size {
		err = fmt.Errorf("read %s: %d bytes came, and it has %d", it.name, n, it.size)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil && resp.ETag != nil {
		etag = tag(*resp.ETag)
	}
	return file, etag, err
}

// discard removes a temporary file. If that fails the system's cleaning does it.
func discard(file *os.File) {
	_ = file.Close()
	_ = os.Remove(file.Name())
}

// unreadable decides what to do about a blob that cannot be read. One that was
// deleted or made shorter since it was listed the next listing shows as it is; one
// that is archived is passed over. Else nothing behind it is read before it.
func (r *run) unreadable(p *place, it *item, err error) error {
	switch {
	case bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.InvalidRange):
		return nil
	case bloberror.HasCode(err, bloberror.BlobArchived):
		p.set(it.rest, mark{Offset: it.size, ETag: it.etag, Created: it.created, Modified: it.modified.Unix()})
		problem := r.explain(err)
		problem.What = it.name + " is in the archive tier and was passed over"
		r.passedOver(it, problem)
		return nil
	}
	return err
}

// passedOver has it shown for a while that a blob, or its rest, was not read.
func (r *run) passedOver(it *item, problem *source.Problem) {
	r.lasting[it.stream()] = lasting{problem, r.now().Add(shownFor)}
}

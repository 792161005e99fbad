package blob

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

const (
	// mostTodo is how many blobs are read between two listings, the oldest first.
	mostTodo = 50_000
	// mostFolders is how many folders of a container are listed one by one.
	mostFolders = 20
)

// A listing is what there is to read.
type listing struct {
	at      time.Time // the account's, not later than the first answer
	dated   bool      // the account has said what time it is
	todo    []*item
	streams map[string]bool // that were seen
	failed  map[string]bool // streams of which not all was seen
	more    bool            // some were left out because they are too many; those are later ones
}

// see notes the time of an answer.
func (l *listing) see(date *time.Time, slack time.Duration) {
	if date != nil && !l.dated {
		l.at, l.dated = date.Add(-slack), true
	}
}

// sort puts the oldest hours first.
func (l *listing) sort() {
	slices.SortFunc(l.todo, func(a, b *item) int {
		return cmp.Or(strings.Compare(a.hour, b.hour), strings.Compare(a.container, b.container), strings.Compare(a.name, b.name))
	})
	if len(l.todo) > mostTodo {
		l.todo, l.more = l.todo[:mostTodo], true
	}
}

// list looks for blobs that have something to read: at all of them, or at those
// of today and yesterday in known folders. The error is about the whole account.
func (r *run) list(ctx context.Context, whole bool) (*listing, error) {
	l := &listing{at: r.now().Add(-r.slack), streams: map[string]bool{}, failed: map[string]bool{}}
	if whole {
		if err := r.find(ctx); err != nil {
			return nil, err
		}
	}
	var first error
	working := 0
	for _, name := range r.containers {
		err := r.listContainer(ctx, l, name, whole)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			working++
			if r.reported[name] {
				r.report(name, nil)
			}
			continue
		}
		first = cmp.Or(first, err)
		for stream := range l.streams {
			if strings.HasPrefix(stream, name+"/") {
				l.failed[stream] = true
			}
		}
		r.report(name, r.explain(err))
	}
	// If it is the same with all of them, it is not about one.
	if working == 0 && first != nil && len(r.containers) > 1 {
		return nil, r.explain(first)
	}
	return l, nil
}

// find looks which containers there are.
func (r *run) find(ctx context.Context) error {
	found, err := r.search(ctx)
	if err != nil {
		return r.explain(err)
	}
	r.containers = found
	for _, p := range r.cfg.Containers {
		if strings.Contains(p, "*") && !slices.ContainsFunc(found, pattern(p).MatchString) {
			r.report(p, noMatch(p))
		} else if r.reported[p] && strings.Contains(p, "*") {
			r.report(p, nil)
		}
	}
	return nil
}

// search returns the containers that the section means. Only patterns take the
// right to list containers.
func (s *Source) search(ctx context.Context) (found []string, err error) {
	var patterns []*regexp.Regexp
	for _, name := range s.cfg.Containers {
		if strings.Contains(name, "*") {
			patterns = append(patterns, pattern(name))
		} else {
			found = append(found, name)
		}
	}
	if len(patterns) == 0 {
		return found, nil
	}
	options := &service.ListContainersOptions{Prefix: commonPrefix(s.cfg.Containers)}
	for pager := s.client.NewListContainersPager(options); pager.More(); {
		page, err := nextPage(ctx, pager)
		if err != nil {
			return nil, err
		}
		for _, c := range page.ContainerItems {
			if slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(*c.Name) }) && !slices.Contains(found, *c.Name) {
				found = append(found, *c.Name)
			}
		}
	}
	return found, nil
}

// commonPrefix is with what the names of all patterns begin; nil = nothing.
func commonPrefix(names []string) *string {
	var out *string
	for _, name := range names {
		before, _, isPattern := strings.Cut(name, "*")
		switch {
		case !isPattern:
		case out == nil:
			out = to.Ptr(before)
		default:
			n := 0
			for n < min(len(*out), len(before)) && (*out)[n] == before[n] {
				n++
			}
			out = to.Ptr((*out)[:n])
		}
	}
	if out != nil && *out == "" {
		return nil
	}
	return out
}

// pattern turns a name in which * stands for any characters into an expression.
func pattern(name string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(name), `\*`, ".*") + "$")
}

// listContainer looks through one container.
func (r *run) listContainer(ctx context.Context, l *listing, name string, whole bool) error {
	var folders []string
	if !whole && !r.scattered[name] {
		for stream := range r.places {
			if folder, ok := strings.CutPrefix(stream, name+"/"); ok {
				folders = append(folders, folder)
			}
		}
	}
	if len(folders) == 0 || len(folders) > mostFolders {
		return r.listFolder(ctx, l, name, "")
	}
	slices.Sort(folders)
	for _, folder := range folders {
		if folder != "" {
			folder += "/"
		}
		for _, day := range []time.Time{l.at.AddDate(0, 0, -1), l.at} {
			if err := r.listFolder(ctx, l, name, folder+day.UTC().Format("y=2006/m=01/d=02/")); err != nil {
				return err
			}
		}
	}
	return nil
}

// listFolder looks through the blobs whose names begin with prefix.
func (r *run) listFolder(ctx context.Context, l *listing, name, prefix string) error {
	options := &container.ListBlobsFlatOptions{}
	if prefix != "" {
		options.Prefix = &prefix
	}
	for pager := r.client.NewContainerClient(name).NewListBlobsFlatPager(options); pager.More(); {
		page, err := nextPage(ctx, pager)
		if err != nil {
			return err
		}
		l.see(page.Date, r.slack)
		for _, b := range page.Segment.BlobItems {
			it := itemOf(name, b)
			if it == nil {
				continue
			}
			stream := it.stream()
			l.streams[stream] = true
			if it.folder == "" && it.rest == it.name && !dated.MatchString(it.rest) {
				r.scattered[name] = true
			}
			p := r.places[stream]
			if p == nil {
				p = &place{Before: l.at.Add(-r.cfg.Since).UTC().Format(hourLayout), Full: l.at.Add(r.slack).UTC().Truncate(time.Second)}
				r.places[stream] = p
			}
			if _, ok := p.wants(it); ok && it.size > 0 {
				l.todo = append(l.todo, it)
			}
		}
		if len(l.todo) > 2*mostTodo {
			l.sort()
		}
	}
	return nil
}

func nextPage[T any](ctx context.Context, pager *runtime.Pager[T]) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	return pager.NextPage(ctx)
}

// itemOf returns nil for what is no log: folders of accounts that have them.
func itemOf(name string, b *container.BlobItem) *item {
	p := b.Properties
	if b.Name == nil || p == nil || p.ContentLength == nil || p.ETag == nil || p.LastModified == nil {
		return nil
	}
	it := &item{
		container: name, name: *b.Name, size: *p.ContentLength, etag: tag(*p.ETag), modified: *p.LastModified,
		appended: p.BlobType != nil && *p.BlobType == container.BlobTypeAppendBlob,
	}
	if p.CreationTime != nil {
		it.created = p.CreationTime.Unix()
	}
	it.folder, it.rest = split(it.name)
	it.hour = hourOf(it.rest, it.created)
	return it
}

// tag takes off the quotes that an ETag has in answers and not in listings.
func tag(e azcore.ETag) string { return strings.Trim(string(e), `"`) }

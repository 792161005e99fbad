package blob

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/entrawatch/entrawatch/internal/source"
	"github.com/entrawatch/entrawatch/internal/source/azure"
)

// checkFor is how long doctor waits for an account.
const checkFor = 30 * time.Second

// Check looks at the sign-in, the containers, and whether blobs may be read. It
// changes nothing.
func (s *Source) Check(ctx context.Context) []source.Check {
	ctx, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	out := s.cfg.Entra.CheckEnd(s.now())
	if end, ok := s.cfg.end(); ok {
		out = append(out, source.CheckEnd("SAS", end, s.now(), sasHint))
	}
	found, err := s.search(ctx)
	if err != nil {
		return append(out, source.Check{What: "listing the containers", Problem: s.explain(err)})
	}
	for _, p := range s.cfg.Containers {
		if !strings.Contains(p, "*") {
			continue
		}
		c := source.Check{Stream: p, What: "containers " + p}
		n := 0
		for _, name := range found {
			if pattern(p).MatchString(name) {
				n++
			}
		}
		if c.Note = fmt.Sprintf("%d found", n); n == 0 {
			c.Problem = noMatch(p)
		}
		out = append(out, c)
	}
	skew, told := time.Duration(0), false
	for _, name := range found {
		c, at := s.checkContainer(ctx, name)
		if out = append(out, c); !at.IsZero() {
			skew, told = at.Sub(s.now()), true
		}
	}
	clock := source.Check{What: "clock", Problem: azure.ExplainSkew(skew)}
	if !told {
		clock.Note = "not compared: no answer told the time"
	}
	return append(out, clock)
}

// checkContainer reads a little of a container. at is the time by the clock of the
// account.
func (s *Source) checkContainer(ctx context.Context, name string) (c source.Check, at time.Time) {
	c = source.Check{Stream: name, What: "reading container " + name}
	pager := s.client.NewContainerClient(name).NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: to.Ptr(int32(10))})
	page, err := pager.NextPage(ctx)
	if err != nil {
		c.Problem = s.explain(err)
		return c, at
	}
	if page.Date != nil {
		at = *page.Date
	}
	c.Note = "it is empty"
	for _, b := range page.Segment.BlobItems {
		it := itemOf(name, b)
		if it == nil || it.size == 0 {
			continue
		}
		if _, err := s.fetch(ctx, it, 0, 1); err != nil {
			c.Problem = s.explain(err)
		}
		c.Note = "its first blob is " + it.name
		break
	}
	return c, at
}

package soak

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/entrawatch/entrawatch/internal/event"
	"github.com/entrawatch/entrawatch/internal/simulate"
)

// A traffic is sign-ins of any number of users, made fast: a few hundred real ones
// in which id, user and times are written over. It has only what succeeds: failures
// of a million users from a few hundred addresses would be a storm of sprays.
type traffic struct{ forms []form }

// A form is a record with places to write on.
type form struct {
	text                []byte
	id, user            []int // twelve digits each
	happened, diagnosed []int // times to the second
}

const (
	noID, noUser = "000000000000", "111111111111"
	secondLayout = "2006-01-02T15:04:05"
	// diagnosedAfter is how much later than the sign-in its record is dated.
	diagnosedAfter = 98 * time.Second
)

func newTraffic(t testing.TB, forms int) *traffic {
	t.Helper()
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	x := &traffic{}
	for r := range simulate.SigninRecords(*crashSeed) {
		_, user := r.Get("userId")
		client, _ := r.Get("clientAppUsed")
		modern := client == "Browser" || client == "Mobile Apps and Desktop clients"
		if code, _ := r.Get("status.errorCode"); !user || !modern || fmt.Sprint(code) != "0" {
			continue
		}
		r = r.WithTime(at).WithID("6a000000-0000-4000-8000-" + noID)
		for path, value := range map[string]string{
			"userId": "a0000000-0000-4000-8000-" + noUser, "userPrincipalName": "user-" + noUser + "@contoso.com", "userDisplayName": "User " + noUser,
			"correlationId": "6b000000-0000-4000-8000-" + noID, "originalRequestId": "6a000000-0000-4000-8000-" + noID,
		} {
			if err := r.Set(path, value); err != nil {
				t.Fatal(err)
			}
		}
		var line bytes.Buffer
		if err := simulate.Write(&line, event.Diagnostic, simulate.NDJSON, []simulate.Record{r}); err != nil {
			t.Fatal(err)
		}
		text := bytes.TrimSpace(line.Bytes())
		f := form{
			text: text, id: places(text, noID), user: places(text, noUser),
			happened: places(text, at.Format(secondLayout)), diagnosed: places(text, at.Add(diagnosedAfter).Format(secondLayout)),
		}
		if len(f.id) == 0 || len(f.user) == 0 || len(f.happened) == 0 || len(f.diagnosed) == 0 {
			t.Fatalf("nothing to write on in %s", text)
		}
		if x.forms = append(x.forms, f); len(x.forms) == forms {
			break
		}
	}
	return x
}

func places(text []byte, of string) []int {
	var out []int
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(of))
		if i < 0 {
			return out
		}
		out = append(out, at+i)
		at += i + len(of)
	}
}

// add appends a sign-in of a user, whose every sign-in is of the same form: nobody
// travels.
func (x *traffic) add(dst []byte, id, user int64, at time.Time) []byte {
	f := &x.forms[user%int64(len(x.forms))]
	from := len(dst)
	dst = append(dst, f.text...)
	over := func(places []int, text string) {
		for _, p := range places {
			copy(dst[from+p:], text)
		}
	}
	over(f.id, fmt.Sprintf("%012d", id))
	over(f.user, fmt.Sprintf("%012d", user))
	over(f.happened, at.UTC().Format(secondLayout))
	over(f.diagnosed, at.Add(diagnosedAfter).UTC().Format(secondLayout))
	return dst
}

// A pump sends traffic to Kafka, in messages of several records as Azure Monitor
// does.
type pump struct {
	w     *world
	x     *traffic
	users int64
	// clock says when a record that is sent now happened.
	clock func(now time.Time) time.Time
	// rate is how many records are sent in a second.
	rate atomic.Int64
	sent atomic.Int64
}

// trafficBaseline knows no hours and places: they are those of the machine's clock
// and of the forms.
const trafficBaseline = "home_tenant_id: " + simulate.Tenant + "\n"

const perMessage = 10

// run sends until ctx ends.
func (p *pump) run(ctx context.Context) error {
	const step = 20 * time.Millisecond
	var failed atomic.Pointer[error]
	next := time.Now()
	owed := 0.0
	for ctx.Err() == nil && failed.Load() == nil {
		owed += float64(p.rate.Load()) * step.Seconds()
		for ; owed >= perMessage; owed -= perMessage {
			body := []byte(`{"records":[`)
			at := p.clock(time.Now())
			for i := range perMessage {
				if i > 0 {
					body = append(body, ',')
				}
				id := p.sent.Add(1)
				// Users come in no order, and each as often as any other.
				body = p.x.add(body, id, id*2_654_435_761%p.users, at)
			}
			p.w.client.Produce(p.w.t.Context(), &kgo.Record{Value: append(body, "]}"...)}, func(_ *kgo.Record, err error) {
				if err != nil {
					failed.Store(&err)
				}
			})
		}
		next = next.Add(step)
		time.Sleep(time.Until(next))
	}
	if err := p.w.client.Flush(p.w.t.Context()); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// trim deletes from the topic what the group has read: kfake holds all of it in
// memory.
func (w *world) trim(ctx context.Context) error {
	ask := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	ask.Groups = append(ask.Groups, g)
	read, err := ask.RequestWith(ctx, w.client)
	if err != nil {
		return err
	}
	cut := kmsg.NewPtrDeleteRecordsRequest()
	of := kmsg.NewDeleteRecordsRequestTopic()
	of.Topic = topic
	for _, g := range read.Groups {
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				part := kmsg.NewDeleteRecordsRequestTopicPartition()
				part.Partition, part.Offset = p.Partition, p.Offset
				of.Partitions = append(of.Partitions, part)
			}
		}
	}
	if len(of.Partitions) == 0 {
		return nil
	}
	cut.Topics = append(cut.Topics, of)
	_, err = cut.RequestWith(ctx, w.client)
	return err
}

package web

import (
	"net/http"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/entrawatch/entrawatch/internal/health"
)

// metrics answers with the numbers of the service, of Go and of the process.
func metrics(s Service) http.HandlerFunc {
	reg := prometheus.NewRegistry()
	// What is alive says more than what is not collected yet.
	alive := collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")})
	reg.MustRegister(collectors.NewGoCollector(alive), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{s})
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 20 * time.Second}).ServeHTTP
}

// A collector makes metrics of what the service says of itself.
type collector struct{ s Service }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("entrawatch_"+name, help, labels, nil)
}

var (
	stateDesc      = desc("health_state", "1 for the state in which the service is: green, yellow or red.", "state")
	reasonsDesc    = desc("health_reasons", "Reasons why the service is not green, by part.", "state", "part")
	eventsDesc     = desc("events_total", "Events that were new.", "source", "kind")
	duplicatesDesc = desc("duplicate_events_total", "Events that were known already.", "source", "kind")
	lastDesc       = desc("last_event_timestamp_seconds", "Time of the newest event.", "source", "kind")
	arrivalDesc    = desc("last_arrival_timestamp_seconds", "When events arrived last.", "source", "kind")
	lagDesc        = desc("event_lag_seconds", "How long before now the newest event happened.", "source", "kind")
	silentDesc     = desc("log_silent", "1 while a log brings nothing although it should.", "source", "kind")
	emptyDesc      = desc("empty_columns", "Fields that had values before and have none now.", "source", "kind")
	bytesDesc      = desc("bytes_total", "Bytes that were read.", "source")
	badDesc        = desc("quarantined_records_total", "Records that could not be read.", "source")
	problemsDesc   = desc("source_problems", "Streams of a source that have a problem.", "source")
	behindDesc     = desc("source_behind_entries", "Entries that are still to be read, where the source tells.", "source")
	flushDesc      = desc("flush_seconds", "Time that it takes to store what has arrived.")
	flushedDesc    = desc("last_flush_timestamp_seconds", "When something was stored last.")
	storeDesc      = desc("store_failing", "1 while nothing can be stored.")
	bufferDesc     = desc("buffer_bytes", "Bytes that wait to be stored.")
	queueDesc      = desc("queue_batches", "Batches that wait, before the workers and behind them.", "queue")
	freeDesc       = desc("disk_free_bytes", "Free room on the disk of the data folder.")
	sizeDesc       = desc("disk_size_bytes", "Size of the disk of the data folder.")
	alertsDesc     = desc("alerts_total", "Alerts that were raised.", "severity")
	deliveredDesc  = desc("deliveries_total", "Attempts to deliver an alert, by what came of them.", "outlet", "result")
	givenUpDesc    = desc("deliveries_given_up_total", "Alerts that were given up.", "outlet")
	pendingDesc    = desc("deliveries_pending", "Alerts that wait to be delivered.", "outlet")
	oldestDesc     = desc("delivery_oldest_pending_timestamp_seconds", "Since when the oldest of them waits.", "outlet")
	groupsDesc     = desc("correlation_groups", "Groups that correlations hold.")
	membersDesc    = desc("correlation_members", "Members of these groups.")
	tooLateDesc    = desc("too_late_events_total", "Events that came after what they belong to was settled.", "rule")
	leftOutDesc    = desc("left_out_events_total", "Events without the fields that a correlation groups by.", "rule")
	blindDesc      = desc("blind_rules", "Rules that can find nothing at present.")
)

// Describe implements prometheus.Collector: which metrics there are depends on
// what there is.
func (*collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	h := c.s.Health(time.Now())
	m := sender{out}
	for _, state := range []health.State{health.Green, health.Yellow, health.Red} {
		m.gauge(stateDesc, truth(h.State == state), string(state))
	}
	reasons := map[[2]string]int{}
	for _, r := range h.Reasons {
		reasons[[2]string{string(r.State), r.Part}]++
	}
	for key, n := range reasons {
		m.gauge(reasonsDesc, float64(n), key[0], key[1])
	}
	for i := range h.Sources {
		m.source(&h.Sources[i], h.Time)
	}
	for i := range h.Outlets {
		o := &h.Outlets[i]
		m.counter(deliveredDesc, float64(o.Delivered), o.Name, "delivered")
		m.counter(deliveredDesc, float64(o.Failed), o.Name, "failed")
		m.counter(givenUpDesc, float64(o.GivenUp), o.Name)
		m.gauge(pendingDesc, float64(o.Pending), o.Name)
		m.time(oldestDesc, o.Oldest, o.Name)
	}
	for _, severity := range severities {
		m.counter(alertsDesc, float64(h.Rules.Alerts[severity]), severity)
	}
	out <- prometheus.MustNewConstSummary(flushDesc, uint64(h.Store.Flushes), h.Store.TotalSeconds, nil)
	m.time(flushedDesc, h.Store.LastFlush)
	m.gauge(storeDesc, truth(h.Store.Problem != ""))
	m.gauge(bufferDesc, float64(h.Queues.BufferBytes))
	m.gauge(queueDesc, float64(h.Queues.Batches), "workers")
	m.gauge(queueDesc, float64(h.Queues.Results), "keeper")
	if h.Disk.Size > 0 {
		m.gauge(freeDesc, float64(h.Disk.Free))
		m.gauge(sizeDesc, float64(h.Disk.Size))
	}
	m.gauge(groupsDesc, float64(h.Rules.Groups))
	m.gauge(membersDesc, float64(h.Rules.Members))
	m.gauge(blindDesc, float64(len(h.Rules.Blind)))
	for _, x := range h.Rules.TooLate {
		m.counter(tooLateDesc, float64(x.Events), x.Rule)
	}
	for _, x := range h.Rules.LeftOut {
		m.counter(leftOutDesc, float64(x.Events), x.Rule)
	}
}

// severities are those that alerts have; each is told also without any.
var severities = []string{"critical", "high", "medium", "low", "informational"}

// A sender sends metrics.
type sender struct{ out chan<- prometheus.Metric }

func (m sender) source(s *health.Source, now time.Time) {
	m.counter(bytesDesc, float64(s.Bytes), s.Name)
	m.counter(badDesc, float64(s.Quarantined), s.Name)
	problems, behind, known := 0, int64(0), false
	for _, st := range s.Streams {
		if st.Problem != "" {
			problems++
		}
		if st.Behind >= 0 {
			behind, known = behind+st.Behind, true
		}
	}
	m.gauge(problemsDesc, float64(problems), s.Name)
	if known {
		m.gauge(behindDesc, float64(behind), s.Name)
	}
	for _, l := range s.Logs {
		m.counter(eventsDesc, float64(l.Events), s.Name, l.Kind)
		m.counter(duplicatesDesc, float64(l.Duplicates), s.Name, l.Kind)
		m.gauge(silentDesc, truth(!l.Silent.IsZero()), s.Name, l.Kind)
		m.gauge(emptyDesc, float64(len(l.Empty)), s.Name, l.Kind)
		m.time(lastDesc, l.LastEvent, s.Name, l.Kind)
		m.time(arrivalDesc, l.LastArrival, s.Name, l.Kind)
		if !l.LastEvent.IsZero() {
			m.gauge(lagDesc, now.Sub(l.LastEvent).Seconds(), s.Name, l.Kind)
		}
	}
}

func (m sender) gauge(d *prometheus.Desc, v float64, labels ...string) {
	m.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (m sender) counter(d *prometheus.Desc, v float64, labels ...string) {
	m.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

// time sends a time, if there is one.
func (m sender) time(d *prometheus.Desc, t time.Time, labels ...string) {
	if !t.IsZero() {
		m.gauge(d, float64(t.UnixMilli())/1000, labels...)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

package graph

import (
	"strings"
	"time"
)

// A Stream is a log or a listing by the name that configurations use, for the
// documentation.
type Stream struct {
	Name string
	Path string // below the endpoint, without a query
	// Any of these permissions is enough; none = a role in Azure.
	Permissions []string
	Licence     string        // "" = none
	Late        time.Duration // of a log: how late an entry may appear and still be read
}

// Logs are the logs that can be read, in the order of Default.
func Logs() []Stream {
	var out []Stream
	for _, l := range logs {
		out = append(out, Stream{Name: l.name, Path: l.path, Permissions: l.needs, Licence: l.licence, Late: l.late})
	}
	return out
}

// Snapshots are the directory objects that can be listed, in the order of Default.
func Snapshots() []Stream {
	var out []Stream
	for _, l := range listings {
		path, _, _ := strings.Cut(strings.TrimPrefix(l.first, "/"), "?")
		out = append(out, Stream{Name: l.name, Path: path, Permissions: l.needs, Licence: l.licence})
	}
	return out
}

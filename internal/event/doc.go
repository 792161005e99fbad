// Package event holds the type that flows through the pipeline and the field
// registry: which canonical fields exist, where each format keeps them, and
// under which other names rules ask for them.
//
// It stands between decode, which fills events, and detect, which matches
// rules against them. It does no I/O and reads no clock.
package event

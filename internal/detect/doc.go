// Package detect is the engine: events in, signals out. It knows which log
// sources mean which kinds of event, translates what foreign rules ask for into
// what the logs contain, leaves out the rules that cannot work and says why,
// and compiles the rest so that an event meets few of them.
//
// It stands between decode and alert. It is pure: no clock, no goroutine, no
// I/O, no logger.
package detect

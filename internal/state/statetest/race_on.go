//go:build race

package statetest

// raceEnabled makes tests smaller: the race detector makes them many times
// slower, SQLite above all.
const raceEnabled = true

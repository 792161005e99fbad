// Package app puts the parts together and runs them. It is the only place
// with goroutines, each of which it waits for, and the only one that reads the
// clock.
package app

// Package soak holds the whole service to its promises, as a process of its own
// among real protocols: it is killed at any moment and loses nothing, and runs
// for long without growing. It has no code outside of tests; make check runs it
// small, make soak at full size. It is no part of the program.
package soak

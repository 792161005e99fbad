// Package spill sorts more records than fit into memory. A record is a string
// of bytes, and records are ordered as bytes.Compare orders them, so callers
// write the key in front, big-endian, and whatever else they need behind it.
//
// It stands below scan: the detect pipeline writes event keys and signals into
// sorters, one sorter per goroutine, and reads them back in order, which puts
// duplicates side by side and hands each group of signals to the correlator in
// one piece. Up to the limit a [Sorter] works in memory; beyond it, sorted runs
// go to temporary files and are merged again while they are read.
//
// It knows nothing of events or signals, does not drop duplicates, and keeps
// nothing beyond the life of the process: where the system allows it, the files
// have no name from the moment they exist.
package spill

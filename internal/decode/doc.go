// Package decode turns bytes into events. It recognises the envelope of each
// record from its content, cuts a stream into records without holding more
// than one of them, and reads from each record just the fields that somebody
// asked for, by following their paths through the text.
//
// It stands between the sources, which deliver bytes, and detect, which
// matches rules. It does no I/O of its own beyond the io.Reader it is given,
// and it knows nothing of rules or baselines.
package decode

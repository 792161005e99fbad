// Package file turns the paths that a user names into streams of text. [Walk]
// expands files, folders and "-" (standard input) into a list of inputs; [Open]
// unpacks gzip and zstd, turns UTF-16 into UTF-8, strips the byte order mark
// and refuses what is not text with a word on what it is.
//
// It is the source in front of decode, which finds the records in the text and
// decides which format they have: content decides, file names do not. Whatever
// is not read is reported as a [Problem] and never dropped silently. A damaged
// file yields all that could be read before the error.
//
// It does not unpack archives, follow growing files or remember positions, and
// it writes nothing.
package file

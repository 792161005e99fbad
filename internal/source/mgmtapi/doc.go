// Package mgmtapi reads the Office 365 Management Activity API: it starts the
// subscriptions, lists what content became available in windows of time, and
// fetches each blob of it once.
//
// A stream is a type of content. Its cursor tells up to when content was listed
// and, by short hashes, which blobs at the end of that time are done, since
// listings lag: each window begins somewhat before the mark, and once an hour
// well before it. Blobs that cannot be had stay owed and are asked for again
// until they expire.
//
// It hands blobs on as they came, and knows nothing of the records in them.
package mgmtapi

// Package graph polls Microsoft Graph for the logs of Entra ID and for the
// objects of its directory, and Azure Resource Manager for role assignments.
//
// A log is read in windows of time. A window is asked for page by page, and
// each page is a delivery whose cursor names the next one, so that reading goes
// on within a window after a failure or a restart. Only when the last page is
// delivered does the mark move, up to which everything was read. As records
// appear late, each window begins somewhat before the mark, and once an hour
// well before it; what comes twice is dropped further on by its event key.
//
// Objects of the directory are listed in rounds, a few times a day. A listing
// begins anew when it breaks off, and only a whole one has a last delivery.
//
// Pages are handed on as they came. This package knows which paths there are and
// what they need, and nothing of what records mean. It asks no host but those of
// its configuration, whatever a page says.
package graph

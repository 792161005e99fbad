// Package baseline reads the organisation's declared normal and answers
// questions about it: is this account privileged, is this country allowed, was
// this change planned.
//
// It stands beside the pipeline rather than in it. Parse turns the baseline
// file into a Baseline; View resolves that for one tenant and one frozen
// Directory; enrich asks a View for the baseline.* fields that rules name, and
// the rule compiler asks it to fill placeholders.
//
// Everything here is values in, values out: no clock (time is the event's), no
// files (Parse reads @file references through a function that it is given), no
// goroutines. A View is not changed after it was made, so that any number of
// goroutines may use it. The package knows nothing of events or rules, does not
// learn a baseline from logs, and does not decide what is worth an alert.
package baseline

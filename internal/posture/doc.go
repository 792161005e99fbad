// Package posture joins directory snapshots with each other and with what the
// logs say of their use: who holds which role, how, and when it was used last;
// what the tenant as a whole lacks; which domains of redirect URIs are gone.
// The results are records like any other, which rules read. It stands beside
// the pipeline: app fills a Snapshot before the logs are read and a Watch while
// they are, and reads the records at the end. What is not known is absent from
// a record, so that no rule can take it for a fact.
package posture

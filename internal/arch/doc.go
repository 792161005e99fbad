// Package arch holds the code to ARCHITECTURE.md: its tests read the import
// table there and compare it with what the packages import. It has no code of
// its own and no place in the pipeline.
package arch

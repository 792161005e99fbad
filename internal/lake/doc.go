// Package lake keeps every event with its record, as Parquet files in a folder:
//
//	<dir>/tenant=…/kind=…/day=2006-01-02/<name>.parquet
//
// It stands behind the decoder: rows are filled from events, written, and made
// visible once the state has recorded them. Files never change; compaction,
// retention and erasure write new ones and say which are to be forgotten. Which
// files there are is the manifest's matter, which is part of the state: functions
// take and return its entries and the caller stores them. Queries in SQL are
// package duck's, and which columns there are is said by package column.
package lake

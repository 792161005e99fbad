// Package column says which columns the lake has for each kind of event: their
// names in SQL, their types, and the field of the registry that each holds. The
// lake writes them, queries and the reference read the same list. It does no I/O
// and knows nothing of Parquet.
package column

// Package sigma reads Sigma rules, filters and correlations and matches records
// against rules.
package sigma

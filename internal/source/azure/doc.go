// Package azure holds what the sources at Microsoft have in common: the clouds
// with their addresses, how a source proves who it is, what tokens say, how
// long to wait before asking again, and what the errors of Entra mean to an
// operator. It makes values only; the sources that use it do the asking, over
// the transport that they hand in.
package azure

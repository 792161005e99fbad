//go:build !amd64

package decode

// Without wide registers it is quicker to look at the bytes themselves.
const canMark = false

func markBlocks(to, text *byte, steps int) {}

package decode

import "golang.org/x/sys/cpu"

var canMark = cpu.X86.HasAVX2

// markBlocks marks steps blocks of markStep bytes at text, and writes 8 bytes
// of marks at to for each.
//
//go:noescape
func markBlocks(to, text *byte, steps int)

#include "textflag.h"

// func markBlocks(to, text *byte, steps int)
//
// A step loads 64 bytes of text into two registers, Y4 and Y5, which are worked
// on side by side. A comparison fills each byte of a register with ones where
// it holds, and VPMOVMSKB gathers the top bit of each byte into 32 bits.
//
// As in skipString, flipping bit 1 puts the quote (0x22) at 0x20, right above
// the control characters, which stay below it, and the blank behind it. The
// bytes that are then at most 0x20 are those that the minimum of them and 0x20
// does not change.
TEXT ·markBlocks(SB), NOSPLIT, $0-24
	MOVQ to+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ steps+16(FP), CX

	// Y0, Y1 and Y2 have 0x02, 0x20 and a backslash in each byte.
	MOVQ         $0x02, AX
	MOVQ         AX, X0
	VPBROADCASTB X0, Y0
	MOVQ         $0x20, AX
	MOVQ         AX, X1
	VPBROADCASTB X1, Y1
	MOVQ         $0x5c, AX
	MOVQ         AX, X2
	VPBROADCASTB X2, Y2

step:
	VMOVDQU (SI), Y4
	VMOVDQU 32(SI), Y5

	VPCMPEQB Y4, Y2, Y6 // backslashes
	VPCMPEQB Y5, Y2, Y7
	VPXOR    Y4, Y0, Y4
	VPXOR    Y5, Y0, Y5
	VPMINUB  Y4, Y1, Y8
	VPMINUB  Y5, Y1, Y9
	VPCMPEQB Y4, Y8, Y4 // quotes and control characters
	VPCMPEQB Y5, Y9, Y5
	VPOR     Y4, Y6, Y4
	VPOR     Y5, Y7, Y5

	VPMOVMSKB Y4, AX
	VPMOVMSKB Y5, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	MOVQ      AX, (DI)

	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNE  step

	VZEROUPPER
	RET

package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsEscapes switches escape sequences on, which old consoles leave off
// until a program asks.
func understandsEscapes(f *os.File) bool {
	h := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

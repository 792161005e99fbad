// Command entrawatch watches Microsoft Entra ID.
package main

import (
	"os"
	_ "time/tzdata" // working hours need time zones on machines that have none

	"github.com/entrawatch/entrawatch/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

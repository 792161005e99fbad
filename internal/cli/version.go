package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker for a release:
// -ldflags "-X github.com/entrawatch/entrawatch/internal/cli.version=v1.2.3"
var version string

// A build says which program this is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified"`           // the source was changed since
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.time":
				b.Time = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "development"
	}
	return b
}

// line names the program in one line.
func (b build) line() string {
	out := "entrawatch " + b.Version
	if b.Revision != "" {
		out += " (" + b.Revision[:min(len(b.Revision), 12)]
		if b.Modified {
			out += ", modified"
		}
		out += ")"
	}
	return out
}

var versionHelp = help{
	about: "Prints the version of entrawatch, the revision of its source, the version of Go and the platform. Name them when you report a fault.",
	usage: []string{"[-json]"},
	examples: []example{
		{"entrawatch version", "For people."},
		{"entrawatch version -json", "One object with version, revision, time, modified, go, platform."},
	},
	exits: []string{"done", "", "the command line is wrong"},
}

func runVersion(e *env, args []string) int {
	fs := newFlags(e, "version", versionHelp)
	asJSON := fs.on("json", "prints one JSON object")
	others, code, done := fs.parse(args)
	if done {
		return code
	}
	if len(others) > 0 {
		return fs.usage("unexpected argument %q; the command takes none", others[0])
	}
	b := readBuild()
	if *asJSON {
		if err := writeJSON(e.stdout, b, ""); err != nil {
			return e.fail(fs.Name(), err)
		}
		return exitDone
	}
	fmt.Fprintf(e.stdout, "%s\n%s %s\n", b.line(), b.Go, b.Platform)
	return exitDone
}

#!/bin/sh
# Prints README.md with its screen made anew by the program at $1: what a scan
# of the example says, shortened to the first alerts of each severity.
set -eu
program=$1
cd "$(dirname "$0")/.."
screen=$(mktemp)
trap 'rm -f "$screen"' EXIT
COLUMNS=100 NO_COLOR=1 "$program" scan -baseline examples/contoso/baseline.yaml examples/contoso/logs 2>&1 | awk '
	BEGIN { RS = ""; show["high"] = 4; show["medium"] = 2; show["low"] = 1 }
	{ severity = $1 == "SEVERITY" ? substr($0, index($0, "\n") + 1) : $0; sub(/ .*/, "", severity) }
	severity in show && ++seen[severity] > show[severity] { hidden++; next }
	!(severity in show) && hidden { printf "[… %d more alerts …]\n\n", hidden; hidden = 0 }
	{ printf "%s\n\n", $0 }
' >"$screen"
awk -v screen="$screen" '
	/^<!-- screen/ {
		print
		print "```\n$ make example"
		while ((getline line < screen) > 0) text = text line "\n"
		sub(/\n+$/, "\n", text)
		printf "%s```\n", text
		skip = 1
	}
	/^<!-- end of screen/ { skip = 0 }
	!skip { print }
' README.md

#!/bin/sh
# Runs every fuzz target in the tree, one after the other, for FUZZTIME each.
set -u
cd "$(dirname "$0")/.." || exit 1
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-10s}
list=$(mktemp) && log=$(mktemp) || exit 1
trap 'rm -f "$list" "$log"' EXIT
trap 'exit 1' HUP INT TERM

find . -name '*_test.go' ! -path '*/testdata/*' -exec grep -HoE '^func Fuzz[A-Za-z0-9_]+' {} + |
	sed -E 's,/[^/]+:func , ,' | sort -u >"$list"

# Left to itself go test spends up to a minute on making an interesting input
# smaller, and tries nothing new meanwhile.
fuzz() {
	"$GO" test -run '^$' -fuzz "^$2\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 10x "$1" </dev/null >"$log" 2>&1
	result=$?
	cat "$log"
	return $result
}

# Go 1.26 may take the end of the time for a failure of the target
# (golang.org/issue/75804): it then says nothing else and names no input.
ended() { grep -q '^ *context deadline exceeded$' "$log" && ! grep -qE 'Failing input|panic|_test\.go:' "$log"; }

run=0 failed=0
while read -r dir target; do
	run=$((run + 1))
	printf '==> %s %s\n' "$dir" "$target"
	if fuzz "$dir" "$target"; then continue; fi
	if ended; then
		echo "    the fuzzer met its own deadline; once more"
		if fuzz "$dir" "$target"; then continue; fi
	fi
	failed=$((failed + 1))
done <"$list"
printf 'fuzz: %d targets for %s each, %d failed\n' $run "$FUZZTIME" $failed
[ $failed -eq 0 ] && [ $run -gt 0 ]

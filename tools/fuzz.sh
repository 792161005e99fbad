#!/bin/sh
# Runs every fuzz target in the tree, one after the other, for FUZZTIME each.
set -u
cd "$(dirname "$0")/.." || exit 1
GO=${GO:-go}
FUZZTIME=${FUZZTIME:-10s}
list=$(mktemp) || exit 1
trap 'rm -f "$list"' EXIT
trap 'exit 1' HUP INT TERM

find . -name '*_test.go' ! -path '*/testdata/*' -exec grep -HoE '^func Fuzz[A-Za-z0-9_]+' {} + |
	sed -E 's,/[^/]+:func , ,' | sort -u >"$list"
run=0 failed=0
while read -r dir target; do
	run=$((run + 1))
	printf '==> %s %s\n' "$dir" "$target"
	"$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" "$dir" </dev/null || failed=$((failed + 1))
done <"$list"
printf 'fuzz: %d targets for %s each, %d failed\n' $run "$FUZZTIME" $failed
[ $failed -eq 0 ] && [ $run -gt 0 ]

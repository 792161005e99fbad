#!/bin/sh
# The gate: every step must pass. All steps run, so that one run shows all that
# is wrong. Needs Go and a C and C++ compiler; no git.
set -u
cd "$(dirname "$0")/.." || exit 1
GO=${GO:-go}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 1' HUP INT TERM
tool() {
	name=$1
	shift
	"$GO" tool -modfile=tools/go.mod "$name" "$@"
}

steps=0 failed=0 started=$(date +%s)
step() {
	title=$1
	shift
	steps=$((steps + 1))
	printf '==> %s\n' "$title"
	begun=$(date +%s)
	if "$@"; then result=passed; else result=FAILED failed=$((failed + 1)); fi
	printf '    %s, %d s\n' "$result" "$(($(date +%s) - begun))"
}

# Nothing to compile or compare may be left for the other steps.
compiles() { "$GO" build ./... && "$GO" build -o "$out/entrawatch" .; }

# Generated files are made anew beside the tree and compared with it: one line
# for each go:generate, and the screen of the README.
generated() {
	mkdir "$out/generated" && "$GO" run ./internal/reference -o "$out/generated/docs" &&
		"$GO" run ./internal/simulate/contoso -o "$out/generated/examples/contoso/logs" || return 1
	(cd "$out/generated" && find . -type f) >"$out/files"
	same=0
	while read -r f; do
		if cmp -s "$out/generated/$f" "$f"; then continue; fi
		echo "${f#./} is not what its generator writes: run make generate"
		same=1
	done <"$out/files"
	if ! sh tools/readme.sh "$out/entrawatch" >"$out/README.md" || ! cmp -s "$out/README.md" README.md; then
		echo "README.md does not show what make example prints: run make generate"
		same=1
	fi
	return $same
}

tidy() { "$GO" mod tidy -diff; }

formatted() {
	files=$(tool gofumpt -l .) || return 1
	[ -z "$files" ] && return 0
	echo "$files"
	echo "these files are not formatted: run go tool -modfile=tools/go.mod gofumpt -w ."
	return 1
}

# The first time it is downloaded; without it the tests against it are skipped, and say so.
azurite() { sh tools/azurite.sh >/dev/null || true; }

# Every test is run and counted, but only packages, skips and failures are shown.
# The race detector makes everything several times slower. Only internal/app starts
# goroutines (internal/arch sees to that), so it sees the tests of that package, of what
# several of its goroutines use at once, and the scans among the scripts of commands. Of
# internal/app it does not see those that only take many records the same way once more,
# and of libraries not those that do nothing but compute.
shared='/(app|lake|lake/column|notify(/.+)?|source(/.+)?|spill|state(/.+)?|web)$'
alike='^(TestSameAlertsInEveryFormat|TestLearnedIsNoLouder|TestThreeFormats|TestFiftyFiles|TestKeysSpill|TestLargeDirectory|TestFilesThatChange|TestColumns|TestAttacksAreOneAlert)$'
computing='-race=false -d=checkptr=0'
race() {
	"$GO" test -race -vet=off -shuffle=on "-gcflags=modernc.org/...=$computing" "-gcflags=github.com/klauspost/compress/...=$computing" \
		"-gcflags=github.com/parquet-go/...=$computing" "$@" 2>&1
}
plain() { "$GO" test -vet=off -shuffle=on "$@" 2>&1; }
tests() {
	{
		status=0
		# The garbage of tests is collected less often.
		GOGC=300 && export GOGC
		race -v -skip "$alike" $("$GO" list ./internal/... | grep -E "/internal$shared") || status=1
		race -run TestScript/scan ./internal/cli || status=1
		# The one that kills the whole program takes longest, and waits a lot.
		plain -v ./internal/soak $("$GO" list ./... | grep -vE "/(internal$shared|soak$)") ./internal/state/... || status=1
		plain -v -run "$alike" ./internal/app || status=1
		echo $status >"$out/status"
	} | tee "$out/tests" | grep -E '^(ok|FAIL|panic:|\?)[[:space:]]|^ *--- (FAIL|SKIP):|^WARNING: DATA RACE'
	[ "$(cat "$out/status")" = 0 ] && return 0
	echo "    what the failing packages said:"
	awk '
		/^(=== (RUN|PAUSE|CONT|NAME)|\?[[:space:]]| *--- (PASS|SKIP):|PASS$)/ { next }
		/^ok[[:space:]]/ { text = ""; next }
		{ text = text $0 "\n" }
		/^FAIL[[:space:]]/ { printf "%s", text; text = "" }
	' "$out/tests"
	return 1
}
count() { grep -cE "$1" "$out/tests" 2>/dev/null; }

step "it compiles" compiles
step "generated files are up to date" generated
step "go.mod is tidy" tidy
step "gofumpt" formatted
step "go vet" "$GO" vet ./...
step "golangci-lint (built the first time)" tool golangci-lint run
step "Azurite, the storage emulator" azurite
step "tests, in random order and where several things happen at once with the race detector" tests

printf 'check: %d of %d steps passed; %d tests and subtests passed, %d failed, %d skipped in %d packages; %d s\n' \
	$((steps - failed)) $steps "$(count '^ *--- PASS:')" "$(count '^ *--- FAIL:')" "$(count '^ *--- SKIP:')" \
	"$(count '^(ok|FAIL)[[:space:]]+[^[:space:]]+[[:space:]]')" $(($(date +%s) - started))
[ $failed -eq 0 ]

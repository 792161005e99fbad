#!/bin/sh
# Puts Azurite, the storage emulator that the tests of internal/source/blob run
# against, into the user's cache, unless it is there, and prints where. Needs
# npm, and the first time the network. Without Azurite those tests are skipped.
set -eu
version=3.37.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/entrawatch/azurite-$version
program=$dir/node_modules/.bin/azurite-blob
if [ ! -x "$program" ]; then
	command -v npm >/dev/null || {
		echo "azurite: npm is not installed; the tests against Azure Storage are skipped" >&2
		exit 1
	}
	mkdir -p "$(dirname "$dir")"
	# The folder gets its name when all is there, so that what was broken off does not count.
	part=$(mktemp -d "$dir.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	trap 'exit 1' HUP INT TERM
	if ! (cd "$part" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --silent --prefix . "azurite@$version") >&2; then
		echo "azurite: npm could not install azurite@$version, perhaps for want of a network; the tests against Azure Storage are skipped" >&2
		exit 1
	fi
	rm -rf "$dir"
	mv "$part" "$dir"
fi
echo "$program"

#!/bin/sh
# Says what to install where there is no C++ compiler: DuckDB, which answers
# queries over the lake, is linked with one.
set -u
GO=${GO:-go}
cxx=$("$GO" env CXX) || exit 1
# CXX may carry flags.
if [ "$("$GO" env CGO_ENABLED)" = 1 ] && command -v "${cxx%% *}" >/dev/null 2>&1; then exit 0; fi
cat >&2 <<END
entrawatch needs a C++ compiler to be built, and "$cxx" was not found or cgo is off.
Install one:
    Debian, Ubuntu   apt-get install g++
    Fedora, RHEL     dnf install gcc-c++
    macOS            xcode-select --install
or name another with CXX, and leave CGO_ENABLED unset.
END
exit 1

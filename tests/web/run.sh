#!/bin/sh
# The browser tests: the page against a mock, and against the real program where
# BUILD/sluice and BUILD/tests/upstream/upstream are there (or SLUICE and
# UPSTREAM say where).  One line a test; exit 1 where one failed.
# Usage: tests/web/run.sh [BUILD [NAME...]]   (exact_json pure page away forms hostile access real flow report)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
modules=$root/build/tests/web
CHROMIUM=${CHROMIUM:-/usr/bin/chromium}

install_packages() {
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get update -q >&2
	$as_root apt-get install -qy --no-install-recommends "$@" >&2
}
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	install_packages nodejs npm
fi
[ -x "$CHROMIUM" ] || install_packages chromium

if ! cmp -s "$here/package-lock.json" "$modules/package-lock.json" || [ ! -d "$modules/node_modules" ]; then
	mkdir -p "$modules"
	cp "$here/package.json" "$here/package-lock.json" "$modules/"
	(cd "$modules" && npm ci --no-audit --no-fund --silent >&2)
fi

build=${1:-build}
[ $# -eq 0 ] || shift
SLUICE=${SLUICE:-$build/sluice}
UPSTREAM=${UPSTREAM:-$build/tests/upstream/upstream}
export WEB_TESTS_MODULES="$modules" CHROMIUM SLUICE UPSTREAM
failed=0
if [ $# -eq 0 ]; then
	set -- exact_json pure page away forms hostile access
	if [ -x "$SLUICE" ] && [ -x "$UPSTREAM" ]; then
		set -- "$@" real flow report
	else
		echo "real, flow, report: skipped, no $SLUICE or no $UPSTREAM"
	fi
fi
# The longest beside the others: its pages stand still, and most of it is waiting.
beside=
trap '[ -z "$beside" ] || kill "$beside" 2>/dev/null' EXIT
trap 'exit 130' INT TERM
for name; do
	if [ "$name" = access ] && [ $# -gt 1 ]; then
		said=$(mktemp)
		node "$here/access.mjs" >"$said" 2>&1 &
		beside=$!
	fi
done
for name; do
	[ "$name" = access ] && [ -n "$beside" ] || node "$here/$name.mjs" || failed=1
done
if [ -n "$beside" ]; then
	wait "$beside" || failed=1
	beside=
	cat "$said"
	rm -f "$said"
fi
exit "$failed"

#!/bin/bash
# tests/check.sh BUILD KIND…: run tests of these kinds against what is in BUILD.
#   unit      each build/tests/unit/test_*; a line for each test in them
#   scenario  tests/scenario/*.sh: real processes, real servers
#   web       tests/web/run.sh: the page in a real browser
# A line a test; the last line is "N passed, N failed".  Exit code 1 if one failed.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: check.sh BUILD unit|scenario|web...}
shift
all=$(mktemp)
trap 'rm -f "$all"' EXIT
passed=0
failed=0

# Count the lines of one program and hold it to its exit code.
tally() { # tally NAME EXIT_CODE FILE
	local ok not_ok
	ok=$(grep -c '^ok ' "$3")
	not_ok=$(grep -c '^not ok ' "$3")
	if [ "$2" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "not ok $1: ended with $2"
		not_ok=1
	elif [ "$ok" -eq 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "not ok $1: ran no test"
		not_ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + not_ok))
}

unit() {
	local program name status
	for program in tests/unit/test_*.c; do
		name=$(basename "$program" .c)
		CMOCKA_MESSAGE_OUTPUT=tap timeout --kill-after=10 300 "$build/tests/unit/$name" >"$all.raw" 2>&1 </dev/null
		status=$?
		# "ok 3 - test_x" becomes "ok test_name: test_x"; what a failing one said stays.
		if [ $status -eq 0 ]; then
			sed -n "s/^ok [0-9]* - /ok $name: /p" "$all.raw" >"$all"
		else
			sed -e "s/^ok [0-9]* - /ok $name: /" -e "s/^not ok [0-9]* - /not ok $name: /" "$all.raw" >"$all"
		fi
		cat "$all"
		tally "$name" $status "$all"
		rm -f "$all.raw"
	done
}

piped() { # piped NAME COMMAND…: one that prints ok and not ok lines itself
	local name=$1 status
	shift
	"$@" 2>&1 </dev/null | tee "$all" | grep -v '^[0-9]* passed, [0-9]* failed$'
	status=${PIPESTATUS[0]}
	tally "$name" "$status" "$all"
}

for kind; do
	case $kind in
	unit) unit ;;
	scenario) piped scenario tests/scenario/run.sh "$build" ;;
	web) [ ! -x tests/web/run.sh ] || piped web tests/web/run.sh "$build" ;;
	*) echo "check.sh: what is '$kind'?" >&2; exit 2 ;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

# shellcheck shell=bash
# What every scenario stands on.  A scenario is a bash script that sources this
# file, does something to a real sluice and a real server, and ends with 0 only
# if what it says is so.  Nothing here asserts how long something took; the
# waits only keep a hang from lasting for ever.
#
# In the environment (tests/scenario/run.sh sets them):
#   SLUICE    the program           UPSTREAM   the scripted server
#   SEED      for whatever a scenario does at random
set -u
set -o pipefail

: "${SLUICE:?run me through tests/scenario/run.sh}" "${UPSTREAM:?}" "${SEED:=1}"
RANDOM=$SEED
HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sluice-test.XXXXXX")
export SLUICE_DB=$WORK/sluice.db SLUICE_TOKEN=token-of-the-scenarios NO_COLOR=1
export HOME=$WORK XDG_STATE_HOME=$WORK/state
export ASAN_OPTIONS=${ASAN_OPTIONS-}:log_path=$WORK/sanitizer UBSAN_OPTIONS=print_stacktrace=1:log_path=$WORK/sanitizer
export TSAN_OPTIONS=${TSAN_OPTIONS-}:log_path=$WORK/sanitizer
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY no_proxy NO_PROXY
cd "$WORK" || exit 1

cleanup() {
	local status=$? try
	# Only what is still ours: the number of one that ended may be another's by now.
	# Politely first: a server that dies with its workers leaves nobody behind.
	jobs -pr | xargs -r kill -TERM 2>/dev/null
	for try in {1..20}; do
		[ -n "$(jobs -pr)" ] || break
		sleep 0.05
	done
	jobs -pr | xargs -r kill -KILL 2>/dev/null
	wait
	# A sanitizer's finding counts, whatever became of the process it was in.
	if compgen -G "$WORK/sanitizer.*" >/dev/null; then
		head -n 60 "$WORK"/sanitizer.*
		status=1
	fi
	if [ "$status" -ne 0 ] && [ -n "${KEEP-}" ]; then
		echo "kept: $WORK"
	else
		rm -rf "$WORK"
	fi
	exit "$status"
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# fail WORDS: say why and where, show what sluice said last, end.
fail() {
	local frame=0
	echo "failed: $*"
	while caller "$frame"; do frame=$((frame + 1)); done | awk '{print "  at line " $1 " (" $2 ") of " $3}'
	for log in "$WORK"/out "$WORK"/err "$WORK"/background.err; do
		[ -s "$log" ] && { echo "--- ${log##*/} ends with"; tail -n 15 "$log" | cut -c1-400; }
	done
	exit 1
}

equal() { # equal WANTED GOT WHAT
	[ "$1" = "$2" ] || fail "${3-value}: wanted '$1', got '$2'"
}

at_most() { # at_most LIMIT GOT WHAT
	[ "$2" -le "$1" ] || fail "${3-value}: at most $1 wanted, got '$2'"
}

at_least() { # at_least LIMIT GOT WHAT
	[ "$2" -ge "$1" ] || fail "${3-value}: at least $1 wanted, got '$2'"
}

contains() { # contains FILE TEXT: fixed text, somewhere in the file
	grep -qF -- "$2" "$1" || { cat "$1"; fail "'$2' is not in ${1##*/}"; }
}

lacks() { # lacks FILE TEXT
	[ -e "$1" ] || fail "there is no ${1##*/} to look into"
	! grep -qaF -- "$2" "$1" || fail "'$2' is in ${1##*/}"
}

# true_of FILTER FILE [JQ OPTIONS]: jq's answer is `true`; no answer is none.
true_of() {
	local filter=$1 file=$2
	shift 2
	[ "$(jq "$@" "$filter" "$file" 2>/dev/null)" = true ]
}

holds() { # holds FILTER FILE [JQ OPTIONS]
	true_of "$@" || fail "not so: $1 of $(head -c 2000 "$2")"
}

# wait_until COMMAND…: until it succeeds; two minutes at most.
wait_until() {
	local deadline=$((SECONDS + 120))
	until "$@"; do
		[ $SECONDS -lt $deadline ] || fail "waited in vain for: $*"
		sleep 0.05
	done
}

# ---- the scripted server ---------------------------------------------------

# upstream_start OPTIONS…: sets URL and CONTROL, logs to $WORK/upstream.log
upstream_start() {
	rm -f "$WORK/upstream.port"
	"$UPSTREAM" --port-file "$WORK/upstream.port" --parent-pid $$ --log "$WORK/upstream.log" \
		--seed "$SEED" "$@" >/dev/null &
	UPSTREAM_PID=$!
	wait_until test -s "$WORK/upstream.port"
	URL=http://127.0.0.1:$(sed -n 1p "$WORK/upstream.port")
	CONTROL=http://127.0.0.1:$(sed -n 2p "$WORK/upstream.port")
}

upstream_set() { # upstream_set NAME=VALUE…
	local IFS='&'
	curl -sSf -X POST "$CONTROL/__control?$*" >/dev/null || fail "upstream_set $*"
}

upstream_reset() {
	curl -sSf -X POST "$CONTROL/__reset" >/dev/null || fail "upstream_reset"
}

# upstream_stat FILTER: of the server's count, as .requests or .by_status["404"]
upstream_stat() {
	curl -sSf "$CONTROL/__stats" | jq -r "$1 // 0"
}

# The log, one line a request: ns method path id status key in-flight note
upstream_log() {
	curl -sSf "$CONTROL/__stats" >/dev/null && cat "$WORK/upstream.log"
}

upstream_saw() { # upstream_saw N: at least so many requests
	[ "$(upstream_stat .requests)" -ge "$1" ]
}

# ---- sluice ------------------------------------------------------------------

# expect CODE ARGUMENTS…: run sluice; stdout in $WORK/out, stderr in $WORK/err
expect() {
	local wanted=$1 got
	shift
	timeout 300 "$SLUICE" "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	got=$?
	equal "$wanted" "$got" "exit code of: sluice $*"
}

# expect_input CODE FILE ARGUMENTS…: the same with FILE as its stdin
expect_input() {
	local wanted=$1 input=$2 got
	shift 2
	timeout 300 "$SLUICE" "$@" >"$WORK/out" 2>"$WORK/err" <"$input"
	got=$?
	equal "$wanted" "$got" "exit code of: sluice $* <$input"
}

# background ARGUMENTS…: start sluice, sets SLUICE_PID; stderr in $WORK/background.err
background() {
	# A shell starts background commands deaf to Ctrl-C: undo that.
	env --default-signal=INT,QUIT "$SLUICE" "$@" >"$WORK/background.out" 2>"$WORK/background.err" </dev/null &
	SLUICE_PID=$!
}

# ended CODE: wait for the background sluice
ended() {
	local got waited=0
	while kill -0 "$SLUICE_PID" 2>/dev/null; do
		sleep 0.05
		waited=$((waited + 1))
		[ $waited -lt 2400 ] || fail "background sluice does not end"
	done
	wait "$SLUICE_PID"
	got=$?
	equal "$1" "$got" "exit code of the background sluice"
}

# kill -9, and see it gone
kill_hard() {
	kill -KILL "$SLUICE_PID"
	wait "$SLUICE_PID" 2>/dev/null
}

# field JOB FILTER: of its progress, as .state or .counts.done
field() {
	"$SLUICE" status "$1" --json 2>>"$WORK/err" | jq -r "$2"
}

field_is() { # field_is JOB FILTER VALUE, for wait_until
	[ "$(field "$1" "$2")" = "$3" ]
}

counted() { # counted JOB STATE N: so many items are in that state
	equal "$3" "$(field "$1" ".counts.$2")" "items $2 of $1"
}

# Total = sum of the states, whatever happened.
sound() { # sound JOB
	local sum total
	read -r total sum <<<"$(field "$1" '"\(.total) \([.counts[]] | add)"')"
	equal "$total" "$sum" "sum of the item states of $1"
	expect 0 db check
}

# exported JOB [OPTIONS…]: its items as NDJSON on stdout
exported() {
	"$SLUICE" export "$@" --format ndjson 2>>"$WORK/err"
}

owner_address() {
	jq -r .address "$SLUICE_DB.lock" 2>/dev/null
}

# api METHOD PATH [BODY]: of the running sluice (its address is in the lock file)
api() {
	local address
	address=$(owner_address)
	curl -sS -X "$1" -H "Authorization: Bearer $SLUICE_TOKEN" ${3+-H 'Content-Type: application/json' -d "$3"} \
		"http://$address/api/v1$2"
}

serving() { # for wait_until: its API answers
	api GET /jobs 2>/dev/null | grep -q '"jobs"'
}

# ---- inputs ------------------------------------------------------------------

csv_items() { # csv_items N >FILE: id,name
	awk -v n="$1" 'BEGIN { print "id,name"; for (i = 1; i <= n; i++) print i ",name " i }'
}

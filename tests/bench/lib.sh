# shellcheck shell=bash
# What the measurements stand on: a scripted server, a database of their own, a
# report.  Sourced by run.sh, limits.sh and outage.sh with the build folder in $1.
#   BENCH_DIR=…    where databases lie (/var/tmp: a disk, not memory)
#   BENCH_SCALE=N  percent of the items and times (100), to try the scripts out
set -u
build=$(cd "${1:?usage: ${0##*/} BUILD}" && pwd) || exit 2
sluice=$build/sluice
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scale=${BENCH_SCALE:-100}
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/sluice-bench.XXXXXX")
upstream=
client=
missed=0
page=--no-ui # outage.sh asks while it runs, and so needs the API
export SLUICE_TOKEN=token-of-the-measurements
export HOME=$work SLUICE_DB=$work/sluice.db NO_COLOR=1
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY no_proxy NO_PROXY

stop() { # stop PID: one of ours, if it is still there
	[ -z "$1" ] || { kill "$1" && wait "$1"; } 2>/dev/null
}
stop_upstream() {
	stop "$upstream"
	upstream=
}
trap 'stop "$client"; stop_upstream; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*"; }

# held WHAT GOT RELATION LIMIT: a line with what was measured and what was wanted
held() {
	local verdict
	verdict=$(awk -v got="$2" -v relation="$3" -v limit="$4" 'BEGIN {
		ok = got != "" && (relation == "<=" ? got + 0 <= limit + 0 : got + 0 >= limit + 0)
		print ok ? "held" : "MISSED" }')
	say "$(printf '   %-58s %10s   wanted %s %s: %s' "$1" "$2" "$3" "$4" "$verdict")"
	[ "$verdict" = held ] || missed=$((missed + 1))
}

scaled() { # scaled N [LEAST]
	awk -v n="$1" -v scale="$scale" -v least="${2:-1}" 'BEGIN { n = int(n * scale / 100); print n < least ? least : n }'
}

# ---- the server -------------------------------------------------------------------

start_upstream() {
	stop_upstream
	rm -f "$work/port"
	"$build/tests/upstream/upstream" --port-file "$work/port" --parent-pid $$ "$@" >/dev/null &
	upstream=$!
	until [ -s "$work/port" ]; do sleep 0.02; done
	url=http://127.0.0.1:$(head -n 1 "$work/port")
	control=http://127.0.0.1:$(tail -n 1 "$work/port")
}
stats() { curl -sS "$control/__stats"; }
stat_of() { stats | jq "$1 // 0"; }
reset() { curl -sSf -X POST "$control/__reset" >/dev/null; }
set_upstream() { # set_upstream NAME=VALUE…
	local IFS='&'
	curl -sSf -X POST "$control/__control?$*" >/dev/null
}

# ---- sluice -----------------------------------------------------------------------

clear_db() { rm -f "$SLUICE_DB"*; }
items() { awk -v n="$1" 'BEGIN { print "id,name"; for (i = 1; i <= n; i++) print i ",name " i }'; }
run() { # run NAME ITEMS OPTIONS…
	local name=$1 file=$2
	shift 2
	"$sluice" run "$url/x/{{id}}" -i "$file" --name "$name" --no-ui "$@"
}
start_client() { # the same in the background, as $client
	local name=$1 file=$2
	shift 2
	# A shell starts background commands deaf to Ctrl-C: undo that.
	env --default-signal=INT,QUIT "$sluice" run "$url/x/{{id}}" -i "$file" --name "$name" "$page" "$@" \
		>"$work/out" 2>"$work/err" </dev/null &
	client=$!
}
running() { kill -0 "$client" 2>/dev/null; }
progress() { # progress NAME FILTER: of the job, while it runs or afterwards
	"$sluice" status "$1" --json 2>/dev/null | jq -r "$2"
}

# ---- numbers ----------------------------------------------------------------------

uptime_s() { awk '{ print $1 }' /proc/uptime; } # counts from boot, as the server's clock does
median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# calc EXPRESSION [DIGITS]
calc() { awk "BEGIN { printf \"%.${2:-3}f\", ($1) }"; }

machine() {
	say "sluice $("$sluice" --version 2>/dev/null | head -n 1), $(date -u +%Y-%m-%d)"
	say "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo), $(uname -sr), $(df --output=fstype "$work" | tail -n 1)"
	say "client and server share the machine; load before: $(cut -d ' ' -f 1 /proc/loadavg)"
	[ "$scale" = 100 ] || say "AT $scale PERCENT OF THE SIZES: a trial, not a measurement"
}

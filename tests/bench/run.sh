#!/bin/bash
# tests/bench/run.sh BUILD [PART…]: the project's figures, into tests/bench/results.txt.
#   a  1,000 items, 200 ms, 5 % once 503, 30 at a time; others' tools side by side
#   b  50/s for ten seconds: what the server counted
#   c  200,000 items without latency, bodies kept, synchronous FULL, against a bare
#      curl multi loop of the same concurrency; alternating, median of the ratios
#   d  memory at a million items        e  from kill -9 at half of them to the next request
# Nothing is asserted here; what must hold is in tests/scenario.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: run.sh BUILD [a b c d e]}" && pwd) || exit 2
shift
[ $# -gt 0 ] || set -- a b c d e
sluice=$build/sluice
work=$(mktemp -d "${BENCH_DIR:-/var/tmp}/sluice-bench.XXXXXX")
results=$here/results.txt
upstream=
export HOME=$work SLUICE_DB=$work/sluice.db
stop_upstream() {
	[ -z "$upstream" ] || { kill "$upstream" && wait "$upstream"; } 2>/dev/null
	upstream=
}
trap 'stop_upstream; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*" | tee -a "$results.new"; }

start_upstream() {
	stop_upstream
	rm -f "$work/port"
	"$build/tests/upstream/upstream" --port-file "$work/port" --parent-pid $$ "$@" >/dev/null &
	upstream=$!
	until [ -s "$work/port" ]; do sleep 0.02; done
	url=http://127.0.0.1:$(head -n 1 "$work/port")
	control=http://127.0.0.1:$(tail -n 1 "$work/port")
}
stat_of() { curl -sS "$control/__stats" | jq "$1"; }
reset() { curl -sS -X POST "$control/__reset" >/dev/null; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
items() { awk -v n="$1" 'BEGIN { print "id,name"; for (i = 1; i <= n; i++) print i ",name " i }'; }
clear_db() { rm -f "$SLUICE_DB"*; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# timed LABEL COMMAND…: seconds, and what came of it at the server
timed() {
	local label=$1 start took
	shift
	reset
	start=$(now)
	"$@" >"$work/out" 2>&1
	took=$(since "$start")
	say "$(printf '   %-34s %7s s   %s items succeeded, %s requests' "$label" "$took" "$(stat_of .unique_ok)" "$(stat_of .requests)")"
}

part_a() {
	say "a  1,000 items, 200 ms an answer, 5 % once 503, 30 at a time (ideal: 1,050 x 0.2 s / 30 = 7.0 s)"
	start_upstream --latency-ms 200 --transient-percent 5
	items 1000 >"$work/a.csv"
	seq 1000 >"$work/ids"
	sed "s|.*|url = \"$url/x/&\"\noutput = \"/dev/null\"|" "$work/ids" >"$work/curl.conf"
	for _ in 1 2 3; do
		clear_db
		timed "sluice" "$sluice" run "$url/x/{{id}}" -i "$work/a.csv" --name a -c 30 --no-ui
	done
	timed "xargs -P 30 curl --retry" xargs -P 30 -I{} curl -s -o /dev/null --retry 5 "$url/x/{}" -a "$work/ids"
	timed "curl --parallel --retry" curl -s --parallel --parallel-max 30 --retry 5 -K "$work/curl.conf"
	if command -v parallel >/dev/null; then
		timed "GNU parallel -j 30 --retries" parallel --will-cite -j 30 --retries 6 -a "$work/ids" curl -sf -o /dev/null "$url/x/{}"
	fi
}

part_b() {
	say "b  50/s, burst 1, for ten seconds: 500 items"
	start_upstream
	items 500 >"$work/b.csv"
	clear_db
	timed "sluice --rate 50/s" "$sluice" run "$url/x/{{id}}" -i "$work/b.csv" --name b -c 20 --rate 50/s --burst 1 --no-ui
	say "   most in any one second at the server: $(stat_of .window_max)"
	say "   from the first request to the last:   $(stat_of '(.last_ns - .first_ns) / 1e9 * 1000 | round / 1000') s (499 / 50 = 9.98 s)"
}

# rate_of COMMAND…: requests a second as the server saw them
rate_of() {
	reset
	"$@" >"$work/out" 2>&1 || [ $? -eq 3 ] || { cat "$work/out"; exit 1; }
	stat_of '.requests / ((.last_ns - .first_ns) / 1e9) | round'
}

part_c() {
	local n=200000 ours bare
	say "c  $n items, no latency, bodies kept, FULL, 64 at a time: requests/s"
	[ -x "$build/tests/bench/bare_multi" ] || { say "   (no bare_multi in this build)"; return; }
	start_upstream
	items $n >"$work/c.csv"
	: >"$work/ratios"
	for round in 1 2 3 4 5; do
		clear_db
		ours=$(rate_of "$sluice" run "$url/x/{{id}}" -i "$work/c.csv" --name c -c 64 --no-ui)
		bare=$(rate_of "$build/tests/bench/bare_multi" "$url/x/" $n 64)
		awk -v a="$ours" -v b="$bare" 'BEGIN { printf "%.3f\n", a / b }' >>"$work/ratios"
		say "$(printf '   round %d: sluice %6d   bare multi %6d   ratio %s' $round "$ours" "$bare" "$(tail -n 1 "$work/ratios")")"
	done
	say "   median ratio: $(median <"$work/ratios")"
}

# Highest resident size of a process so far, in MB.
peak_mb() { awk '/VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status" 2>/dev/null; }

part_de() {
	local n=1000000 pid peak=0 size start
	say "d  1,000,000 items, 64 at a time: memory; e  kill -9 at half of them, then again"
	start_upstream
	items $n >"$work/d.csv"
	clear_db
	"$sluice" run "$url/x/{{id}}" -i "$work/d.csv" --name d -c 64 --no-ui >"$work/out" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ "$(stat_of .requests)" -lt $((n / 2)) ]; do
		peak=$(peak_mb $pid)
		sleep 0.2
	done
	kill -KILL $pid && wait $pid 2>/dev/null
	say "   peak resident size up to half: $peak MB; database $(du -cm "$SLUICE_DB"* | tail -n 1 | cut -f 1) MB"
	reset
	start=$(awk '{ print $1 }' /proc/uptime)
	"$sluice" run "$url/x/{{id}}" -i "$work/d.csv" --name d -c 64 --no-ui >"$work/out" 2>&1 &
	pid=$!
	until [ "$(stat_of .requests)" -gt 0 ]; do sleep 0.02; done
	# The server's clock and /proc/uptime both count from boot.
	say "   from start to the first request after the kill: $(stat_of ".first_ns / 1e9 - $start | . * 1000 | round / 1000") s"
	while kill -0 $pid 2>/dev/null; do
		size=$(peak_mb $pid)
		peak=${size:-$peak}
		sleep 0.5
	done
	wait $pid
	say "   peak resident size to the end: $peak MB; ended with $?; requests after the kill: $(stat_of .requests)"
}

rm -f "$results.new"
say "sluice $("$sluice" --version 2>/dev/null | head -n 1), $(date -u +%Y-%m-%d)"
say "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo), $(uname -sr), $(df --output=fstype "$work" | tail -n 1)"
say "client and server share the machine"
parts=" $* "
for part in a b c; do
	[[ $parts == *" $part "* ]] && say "" && "part_$part"
done
[[ $parts == *" d "* || $parts == *" e "* ]] && say "" && part_de
mv "$results.new" "$results"

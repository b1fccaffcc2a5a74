#!/bin/bash
# tests/bench/run.sh BUILD [PART…]: the project's figures beside their limits and
# beside other tools in the same run, into tests/bench/results/DATE.txt.
#   peers     1,000 items, 200 ms, 5 % once 503, 30 at a time; others' tools
#   rate      50/s for ten seconds, 200/s for thirty: what the server counted
#   switches  context switches per grant at 1,000/s
#   speed     200,000 items without latency, bodies kept, synchronous FULL, against a
#             bare curl multi loop of the same concurrency; alternating, median of the ratios
#   million   memory at a million items; kill -9 at half of them to the next request
#   limits    limits.sh: unknown limits found      outage    outage.sh: a target that is away
#   operator  operator.sh: the page's questions of ten million items, at full speed
# Exit code 1 where a limit was missed.
. "$(dirname "$0")/lib.sh"
shift
[ $# -gt 0 ] || set -- peers rate switches speed million limits outage operator

have() { # have COMMAND…: is it installed; says so where it is not
	"$@" >/dev/null 2>&1 && return
	say "   ($1: not installed)"
	return 1
}

# timed LABEL COMMAND…: what it took (in $took), and what came of it at the server
timed() {
	local label=$1 start
	shift
	reset
	start=$(uptime_s)
	"$@" >"$work/out" 2>&1 </dev/null
	took=$(calc "$(uptime_s) - $start" 2)
	say "$(printf '   %-36s %7s s  %8s/s   %s succeeded, %s requests' "$label" "$took" \
		"$(calc "$(stat_of .unique_ok) / ($took + 0.001)" 0)" "$(stat_of .unique_ok)" "$(stat_of .requests)")"
}

# Other tools on the items 1 … N with C at a time; all try again and keep nothing.
others() { # others N C N_OF_SLOW_ONES
	local n=$1 at_once=$2 few=$3
	# Not to /dev/null: curl 7.88 cannot truncate that, and so does not try again.
	seq "$n" | sed "s|.*|url = \"$url/x/&\"|" >"$work/curl.conf"
	timed "curl --parallel --retry" curl -s --parallel --parallel-max "$at_once" --retry 5 -K "$work/curl.conf"
	if have /usr/bin/python3 -c 'import aiohttp'; then
		timed "python asyncio + aiohttp" /usr/bin/python3 "$bench/asyncio_client.py" "$url/x/" "$n" "$at_once"
	fi
	seq "$few" >"$work/ids"
	timed "xargs -P curl --retry, $few items" xargs -P "$at_once" -I{} -a "$work/ids" curl -s --retry 5 "$url/x/{}"
	if have parallel --version; then
		timed "GNU parallel curl, $few items" parallel --will-cite -j "$at_once" --retries 6 -a "$work/ids" curl -sf "$url/x/{}"
	fi
}

part_peers() {
	local n
	n=$(scaled 1000 60)
	say "peers  $n items, 200 ms an answer, 5 % once 503, 30 at a time (ideal: $n x 1.05 x 0.2 s / 30 = $(calc "$n * 1.05 * 0.2 / 30" 1) s)"
	start_upstream --latency-ms 200 --transient-percent 5
	items "$n" >"$work/items.csv"
	: >"$work/times"
	for _ in 1 2 3; do
		clear_db
		timed "sluice" run peers "$work/items.csv" -c 30
		echo "$took" >>"$work/times"
	done
	others "$n" 30 "$n"
	held "median of sluice, s" "$(median <"$work/times")" '<=' "$(calc "$n * 0.0075" 2)"
}

# The server's log tells when each request came: ns method path …
part_rate() {
	local n seconds
	n=$(scaled 600 100)
	seconds=$((n / 60))
	say "rate  50/s, burst 1, $n items: what the server saw in the first $seconds s"
	start_upstream --log "$work/upstream.log"
	items "$n" >"$work/items.csv"
	clear_db
	timed "sluice --rate 50/s" run rate "$work/items.csv" -c 20 --rate 50/s --burst 1
	held "off $((50 * seconds)) in $seconds s, requests" \
		"$(awk -v s="$seconds" -v w=$((50 * seconds)) 'NR == 1 { t = $1 } $1 - t < s * 1e9 { k++ } END { d = k - w; print d < 0 ? -d : d }' "$work/upstream.log")" '<=' 3
	held "most in any one second" "$(stat_of .window_max)" '<=' 51

	n=$(scaled 6000 400)
	say "      200/s, burst 1, $n items"
	items "$n" >"$work/items.csv"
	clear_db
	timed "sluice --rate 200/s" run rate2 "$work/items.csv" -c 20 --rate 200/s --burst 1
	held "off the configured rate from first to last, %" \
		"$(stat_of "((.requests - 1) / ((.last_ns - .first_ns) / 1e9) / 200 - 1) * 100 | fabs | . * 1000 | round / 1000")" '<=' 0.5
}

# switches_of PID [COMM]: so far, of all threads or of those with that name
switches_of() {
	local task
	for task in /proc/"$1"/task/*; do
		[ -z "${2-}" ] || [ "$(cat "$task/comm" 2>/dev/null)" = "$2" ] || continue
		cat "$task/status" 2>/dev/null
	done | awk '/ctxt_switches/ { n += $2 } END { print n + 0 }'
}

part_switches() {
	local n seconds all lane requests
	seconds=$(scaled 10 3)
	n=$((1000 * (seconds + 5)))
	say "switches  1,000/s for $seconds s, 64 at a time, 5 ms an answer: context switches of sluice"
	start_upstream --latency-ms 5
	items "$n" >"$work/items.csv"
	clear_db
	start_client switches "$work/items.csv" -c 64 --rate 1000/s
	until [ "$(stat_of .requests)" -gt 1000 ]; do sleep 0.1; done
	requests=$(stat_of .requests)
	all=$(switches_of "$client") lane=$(switches_of "$client" sluice-lane)
	sleep "$seconds"
	all=$(($(switches_of "$client") - all)) lane=$(($(switches_of "$client" sluice-lane) - lane))
	requests=$(($(stat_of .requests) - requests))
	wait "$client"
	client=
	say "   all threads, per request: $(calc "$all / $requests" 2) ($requests requests)"
	held "the thread that waits for permits and tokens, per grant" "$(calc "$lane / $requests" 2)" '<=' 3
}

# rate_of COMMAND…: requests a second as the server saw them
rate_of() {
	reset
	"$@" >"$work/out" 2>&1 || [ $? -eq 3 ] || { cat "$work/out" >&2; exit 1; }
	stat_of '.requests / ((.last_ns - .first_ns) / 1e9) | round'
}

part_speed() {
	local n ours bare round
	n=$(scaled 200000 2000)
	say "speed  $n items, no latency, bodies kept, FULL, 64 at a time: requests/s"
	start_upstream
	items "$n" >"$work/items.csv"
	: >"$work/ratios"
	for round in 1 2 3 4 5; do
		clear_db
		ours=$(rate_of run speed "$work/items.csv" -c 64) || exit 1
		bare=$(rate_of "$build/tests/bench/bare_multi" "$url/x/" "$n" 64) || exit 1
		calc "$ours / $bare" >>"$work/ratios"
		echo >>"$work/ratios"
		say "$(printf '   round %d: sluice %6d   bare multi %6d   ratio %s' "$round" "$ours" "$bare" "$(tail -n 1 "$work/ratios")")"
	done
	clear_db
	timed "sluice, start to end" run speed "$work/items.csv" -c 64
	others "$(scaled 20000 2000)" 64 "$(scaled 3000 200)"
	held "median of the ratios to a bare multi loop" "$(median <"$work/ratios")" '>=' 0.60
}

# Resident size of the client now, and the highest so far, in MB.
size_mb() { awk -v what="$1:" '$1 == what { printf "%.1f", $2 / 1024 }' "/proc/$client/status" 2>/dev/null; }

part_million() {
	local n peak=0 early=0 late=0 size start
	n=$(scaled 1000000 20000)
	say "million  $n items, 64 at a time: memory, and kill -9 at half of them"
	start_upstream
	items "$n" >"$work/items.csv"
	clear_db
	start_client million "$work/items.csv" -c 64
	while running && [ "$(stat_of .requests)" -lt $((n / 2)) ]; do
		[ "$(stat_of .requests)" -ge $((n / 10)) ] || early=$(size_mb VmRSS)
		peak=$(size_mb VmHWM)
		sleep 0.2
	done
	kill -KILL "$client" && wait "$client" 2>/dev/null
	client=
	say "   up to half: peak $peak MB resident; database $(du -cm "$SLUICE_DB"* | tail -n 1 | cut -f 1) MB"
	reset
	start=$(uptime_s)
	start_client million "$work/items.csv" -c 64
	until [ "$(stat_of .requests)" -gt 0 ]; do
		running || { cat "$work/err" >&2; exit 1; }
		sleep 0.02
	done
	held "from start to the first request after the kill, s" "$(stat_of ".first_ns / 1e9 - $start | . * 1000 | round / 1000")" '<=' 1
	while running; do
		size=$(size_mb VmHWM)
		[ -z "$size" ] || peak=$(calc "$size > $peak ? $size : $peak" 1)
		size=$(size_mb VmRSS)
		late=${size:-$late}
		sleep 0.3
	done
	wait "$client"
	client=
	say "   resident in the first tenth $early MB, at the end $late MB; requests after the kill: $(stat_of .requests)"
	held "peak resident size, MB" "$peak" '<=' 64
	say "   $("$sluice" status million --json | jq -c .counts)"
}

measure() {
	local part
	machine
	for part; do
		say ""
		case $part in
		peers | rate | switches | speed | million) "part_$part" ;;
		limits | outage | operator) "$bench/$part.sh" "$build" || missed=$((missed + 1)) ;;
		*) echo "run.sh: no part '$part'" >&2; exit 2 ;;
		esac
	done
	say ""
	say "$missed missed"
	[ "$missed" -eq 0 ]
}

if [ "$scale" = 100 ]; then
	mkdir -p "$bench/results"
	results=$bench/results/$(date -u +%Y-%m-%d).txt
else
	results=$work/trial
fi
measure "$@" | tee "$results.new"
status=${PIPESTATUS[0]}
mv "$results.new" "$results"
exit "$status"

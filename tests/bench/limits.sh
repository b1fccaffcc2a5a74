#!/bin/bash
# tests/bench/limits.sh BUILD [CASE…]: how well limits that nobody told are found.
# The server refuses with 429 what is above its limit; sluice is given 64 at a time and
# no rate.  Per case one line: answers of success in percent of what the server would
# have given in that time, from the first request on and once settled (without the first
# quarter), and the share of 429s among all answers, likewise.
#   SECONDS_EACH=N   (60)
. "$(dirname "$0")/lib.sh"
shift
seconds=$(scaled "${SECONDS_EACH:-60}" 12)

# sample: "uptime successes 429s others" of now
sample() {
	stats | jq -r --arg t "$(uptime_s)" \
		'"\($t) \(.unique_ok) \(.by_status["429"] // 0) \(.requests - .unique_ok - (.by_status["429"] // 0))"'
}

# percent_between SAMPLE SAMPLE CAPACITY: "goodput share" over that time
percent_between() {
	echo "$1 $2 $3" | awk '{
		good = $6 - $2; refused = $7 - $3; all = good + refused + $8 - $4
		printf "%.1f %.1f\n", 100 * good / ($9 * ($5 - $1)), all ? 100 * refused / all : 0 }'
}

# limit NAME CAPACITY GOODPUT_WANTED SHARE_WANTED UPSTREAM_OPTIONS…: CAPACITY is in
# answers a second.  `changes` holds what happens in the middle: "AT_PERCENT CAPACITY
# SETTING" a line.
changes=
limit() {
	local name=$1 capacity=$2 goodput_wanted=$3 share_wanted=$4 first quarter last
	local at capacity_then setting done_at=0 ideal=0 now whole settled
	shift 4
	start_upstream "$@"
	clear_db
	items $((400 * seconds + 5000)) >"$work/items.csv"
	start_client "$name" "$work/items.csv" -c 64
	until [ "$(stat_of .requests)" -gt 0 ]; do running || { cat "$work/err" >&2; exit 1; }; sleep 0.01; done
	first=$(sample)
	while read -r at capacity_then setting; do
		[ -n "$at" ] || continue
		sleep "$(calc "$seconds * ($at - $done_at) / 100")"
		# What it could have given so far, in percent of the time times the last capacity.
		ideal=$(calc "$ideal + $capacity * ($at - $done_at) / 100")
		[ "$at" -gt 25 ] || quarter=$(sample)
		[ "$setting" = - ] || set_upstream "$setting"
		capacity=$capacity_then done_at=$at
	done <<<"25 $capacity -
$changes"
	sleep "$(calc "$seconds * (100 - $done_at) / 100")"
	last=$(sample)
	ideal=$(calc "$ideal + $capacity * (100 - $done_at) / 100")
	whole=$(percent_between "$first" "$last" "$ideal")
	now=$ideal
	[ -z "$changes" ] || now=$(calc "($ideal - 0.25 * $2) / 0.75")
	settled=$(percent_between "$quarter" "$last" "$now")
	kill -INT "$client" 2>/dev/null
	wait "$client"
	client=
	say "$(printf '%-34s goodput %5s %% (settled %5s %%)   429s %5s %% (settled %5s %%)   failed %s' "$name" \
		"${whole% *}" "${settled% *}" "${whole#* }" "${settled#* }" "$(progress "$name" .counts.failed)")"
	held "goodput of $name, %" "${whole% *}" '>=' "$goodput_wanted"
	held "share of 429s, %" "${whole#* }" '<=' "$share_wanted"
}

case_qps50() { limit "hidden 50 a second" 50 95 2 --qps 50 --burst 10 --latency-ms 50; }
case_qps400() { limit "hidden 400 a second" 400 95 1 --qps 400 --burst 40 --latency-ms 20; }
case_concurrency8() { limit "hidden 8 at a time, 200 ms" 40 85 2 --concurrency-limit 8 --latency-ms 200; }
case_falls() {
	changes='50 15 qps=15'
	limit "50, then 15 a second" 50 93 3 --qps 50 --burst 10 --latency-ms 50
	changes=
}
case_rises() {
	changes='50 50 qps=50'
	limit "15, then 50 a second" 15 93 3 --qps 15 --burst 10 --latency-ms 50
	changes=
}
case_slow() { limit "hidden 5 a second, 2 s an answer" 5 95 10 --qps 5 --burst 5 --latency-ms 2000; }
case_told() { limit "50 a second, told by X-RateLimit" 50 97 0.5 --qps 50 --burst 50 --latency-ms 50 --ratelimit-headers 1; }

say "limits  $seconds s each, 64 at a time, no rate given"
[ $# -gt 0 ] || set -- qps50 qps400 concurrency8 falls rises slow told
for name; do
	declare -F "case_$name" >/dev/null || { echo "limits.sh: no case '$name'" >&2; exit 2; }
	"case_$name"
done
[ "$missed" -eq 0 ]

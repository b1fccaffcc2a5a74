#!/bin/bash
# Ctrl-C drains: what is in flight is answered and recorded, exit 7, and it says
# how to go on.  A second Ctrl-C stops at once.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 500
csv_items 60 >items.csv
run=(run -X POST "$URL/x/{{id}}" -i items.csv --name drained -c 6)
for signal in INT TERM; do
	background "${run[@]}"
	wait_until upstream_saw $(($(upstream_stat .requests) + 8))
	kill -$signal "$SLUICE_PID"
	ended 7
	contains background.err "sluice run"
	counted drained unknown 0
	counted drained running 0
	equal "$(upstream_stat .unique_ok)" "$(field drained .counts.done)" "answered and recorded after SIG$signal"
	sound drained
done
upstream_set latency-ms=5
expect 0 "${run[@]}"
counted drained done 60
equal 60 "$(upstream_stat .requests)" requests

# Twice: not waiting for a server that takes a minute.
upstream_reset
upstream_set latency-ms=60000
background run -X POST "$URL/y/{{id}}" -i items.csv --name hasty -c 6 --max-time 300
wait_until upstream_saw 6
kill -INT "$SLUICE_PID"
sleep 0.5
kill -0 "$SLUICE_PID" 2>/dev/null || fail "did not wait for what is in flight"
kill -INT "$SLUICE_PID"
ended 7
counted hasty unknown 6
counted hasty pending 54
sound hasty
upstream_set latency-ms=1
expect 3 run -X POST "$URL/y/{{id}}" -i items.csv --name hasty -c 6 --max-time 300
counted hasty done 54
equal 60 "$(upstream_stat .requests)" "requests: the unknown ones were not re-sent"

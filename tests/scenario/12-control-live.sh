#!/bin/bash
# pause, resume, set, skip, retry, cancel: given from another process to a sluice
# that is at work.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 30 --permanent-percent 10
csv_items 3000 >items.csv
run=(run "$URL/x/{{id}}" -i items.csv --name live -c 10)
background "${run[@]}"
wait_until upstream_saw 60

expect 0 pause live
wait_until field_is live .state paused
equal "by user" "$(field live .reason)" "reason of the pause"
wait_until field_is live .in_flight 0
paused_at=$(upstream_stat .requests)
sleep 1
equal "$paused_at" "$(upstream_stat .requests)" "requests while paused"

# Skip what is still to come, while it is paused.
expect 0 skip live --seq 2999 --seq 3000
counted live skipped 2

expect 0 set live --concurrency 3
equal 3 "$(field live .limits.concurrency)" "concurrency on record"
upstream_reset
expect 0 resume live
wait_until upstream_saw 60
at_most 3 "$(upstream_stat .in_flight_max)" "in flight after set"

expect 0 set live --rate 40/s --burst 2
equal 40 "$(field live .limits.rate_per_s)" "rate on record"
expect 0 set live --rate none --concurrency 40
wait_until field_is live .limits.concurrency 40

# Retry some that failed, with the server in a better mood.
some_failed() { [ "$(field live .counts.failed)" -ge 5 ]; }
wait_until some_failed
upstream_set permanent-percent=0
seq=$(exported live --state failed | jq -r .seq | head -n 1)
expect 0 retry live --seq "$seq"
item_done() { true_of '.state == "done"' <(exported live --filter "seq:$1"); }
wait_until item_done "$seq"

# The answers of the commands and the log of who did what.
expect 0 retry live --filter state:failed --dry-run
contains out "$(field live .counts.failed)"
api GET /jobs/live/events >events.json
for what in pause resume set skip retry; do
	# shellcheck disable=SC2016 # jq's own
	holds 'any(.events[]; .what | test($what))' events.json --arg what $what
done

expect 0 cancel live
ended 7
equal cancelled "$(field live .state)" state
sound live

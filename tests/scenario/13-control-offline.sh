#!/bin/bash
# The same commands on a database that nobody owns.
. "$(dirname "$0")/lib.sh"

upstream_start --permanent-percent 20
csv_items 100 >items.csv
run=(run "$URL/x/{{id}}" -i items.csv --name calm -c 4)
expect 3 "${run[@]}"
failed=$(field calm .counts.failed)
at_least 3 "$failed" "failed items"

expect 0 groups calm
contains out 404
expect 0 retry calm --filter http:404 --dry-run
contains out "$failed"
counted calm failed "$failed"
seq=$(exported calm --state failed | jq -r .seq | head -n 1)
expect 0 skip calm --seq "$seq"
counted calm skipped 1
expect 0 retry calm --filter http:404 --seq "$seq" || true
counted calm done $((100 - failed))

upstream_set permanent-percent=0
expect 0 retry calm --all
counted calm failed 0
expect 0 "${run[@]}"
counted calm failed 0
sound calm

csv_items 50 >more.csv
upstream_set latency-ms=100
background run "$URL/y/{{id}}" -i more.csv --name later -c 2
wait_until upstream_saw $(($(upstream_stat .requests) + 4))
kill -INT "$SLUICE_PID"
ended 7
expect 0 pause later
equal paused "$(field later .state)" "state after pause"
expect 0 set later --concurrency 9
equal 9 "$(field later .limits.concurrency)" "concurrency after set"
expect 0 resume later
expect 0 cancel later
equal cancelled "$(field later .state)" "state after cancel"
expect 0 rm later
expect 2 status later
contains err later

# What was set outlives the command that names other limits, and that is said.
background run "$URL/z/{{id}}" -i more.csv --name kept -c 2
wait_until upstream_saw $(($(upstream_stat .requests) + 4))
kill -INT "$SLUICE_PID"
ended 7
expect 0 set kept --concurrency 9 --rate 500/s
expect 0 run "$URL/z/{{id}}" -i more.csv --name kept -c 2
contains err "limits as they were last set: concurrency 9, 500/s"

# The night before a retry is no time that the job took.
upstream_set permanent-percent=100
expect 3 run "$URL/q/{{id}}" -i more.csv --name night
sleep 4
upstream_set permanent-percent=0
expect 0 retry night --all
expect 0 run "$URL/q/{{id}}" -i more.csv --name night
expect 0 status night --json
holds '(.finished_at | fromdateiso8601) - (.started_at | fromdateiso8601) - .worked_s >= 1 and .worked_s > 0' out

expect 0 db check
expect 0 db backup copy.db
expect 0 db vacuum
equal 100 "$(SLUICE_DB=$WORK/copy.db field calm .total)" "items in the backup"
expect 2 pause nosuchjob
contains err nosuchjob

#!/bin/bash
# What a calling script learns from the exit code: 0, 2, 3, 7, 8.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 5
csv_items 40 >items.csv

expect 0 run "$URL/a/{{id}}" -i items.csv --name fine
contains err 40

expect 2 run
expect 2 run "$URL/a/{{id}}" -i items.csv --no-such-option
contains err --no-such-option
expect 2 run "$URL/a/{{id}}" -i missing.csv --name nofile
contains err missing.csv
expect 2 run "$URL/a/{{id}}" -i items.csv --name zero -c 0
expect 2 run "$URL/a/{{nope}}" -i items.csv --name nofield
contains err nope
printf '{"name":"x","request":{"url":"%s"},"limits":{"rate":5}}' "$URL" >bad.json
expect 2 run bad.json -i items.csv
contains err limits.rate
printf '{"name":"x","request":{"url":"%s"},"limit":{}}' "$URL" >bad.json
expect 2 run bad.json -i items.csv
contains err limit
expect 2 nosuchcommand
requests=$(upstream_stat .requests)
equal 40 "$requests" "requests after all that bad usage"

upstream_set permanent-percent=20 latency-ms=5
expect 3 run "$URL/b/{{id}}" -i items.csv --name partly
failed=$(field partly .counts.failed)
at_least 1 "$failed" "failed items"
counted partly done $((40 - failed))
# The summary says how to see and retry them.
contains err "retry"
# Done with failed items already: still 3.
expect 3 run "$URL/b/{{id}}" -i items.csv --name partly

upstream_set permanent-percent=0 latency-ms=300
background run "$URL/c/{{id}}" -i items.csv --name second -c 2
wait_until upstream_saw $(($(upstream_stat .requests) + 2))
expect 8 run "$URL/d/{{id}}" -i items.csv --name other
contains err "$SLUICE_PID"
kill -TERM "$SLUICE_PID"
ended 7
contains background.err resume
expect 1 ls --db /proc/nowhere/x.db
expect 0 ls

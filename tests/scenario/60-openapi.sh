#!/bin/bash
# What schema/openapi.yaml says is what there is: every path and method, and
# every answer of a server at work.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"
schema=$(cd "$(dirname "$0")/../.." && pwd)/schema/openapi.yaml

upstream_start --latency-ms 2 --permanent-percent 20 --transient-percent 20
serve
job_made described "$URL/x/{{id}}" '"key":"id","extract":{"code":"$.code"},"retry":{"delay_s":0.05}'
csv_items 300 >items.csv
asked 200 POST '/jobs/described/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/described/seal
# Once while it works, once when it is finished.
python3 "$(dirname "$0")/openapi.py" "$schema" "$ADDRESS" described || fail "while it works"
wait_until job_is described finished
asked 200 POST /jobs/described/retry -d '{"seqs":[1],"done_too":true}'
asked 200 POST /jobs/described/skip -d '{"filter":"state:failed","dry_run":true}'
wait_until job_is described finished
python3 "$(dirname "$0")/openapi.py" "$schema" "$ADDRESS" described || fail "when it is finished"
kill -TERM "$SLUICE_PID"
ended 0

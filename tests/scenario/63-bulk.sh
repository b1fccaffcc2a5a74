#!/bin/bash
# Retry, skip and resolve over the API, by every way of selecting.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --permanent-percent 100 --permanent-status 404
serve
job_made sick "$URL/x/{{id}}" '"key":"id"'
csv_items 200 >items.csv
asked 200 POST '/jobs/sick/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/sick/seal
wait_until job_is sick finished
count() { ask GET /jobs/sick | jq ".counts.$1"; }
count_is() { [ "$(count "$1")" -eq "$2" ]; }
equal 200 "$(count failed)" "failed at first"

asked 200 GET /jobs/sick/groups
equal 200 "$(answer '.groups[0].count')" "items of the largest group"
group=$(answer '.groups[0].id')
asked 200 POST /jobs/sick/retry -d '{"group":"'"$group"'","dry_run":true}'
equal 200 "$(answer .matched)" "items of the group, counted only"
equal null "$(answer .id)" "id of a dry run"
equal 200 "$(count failed)" "failed after a dry run"

asked 200 POST /jobs/sick/skip -d '{"filter":"seq:1-10","reason":"test accounts"}'
equal 'test accounts' "$(answer .reason)" "why they are skipped"
equal 10 "$(answer .changed)" "items skipped"
equal 10 "$(count skipped)" "skipped"
upstream_set permanent-percent=0
asked 200 POST /jobs/sick/retry -d '{"seqs":["11",12,"13"]}'
equal 3 "$(answer .changed)" "items retried by number"
wait_until count_is done 3
asked 200 POST /jobs/sick/items/14/retry -H 'X-Sluice-Client: page' -d '{}'
equal page "$(answer .who)" "who retried"
operation=$(answer .id)
wait_until count_is done 4
asked 200 GET "/jobs/sick/operations/$operation"
equal 1 "$(answer .changed)" "items changed by the operation"
asked 200 GET /jobs/sick/operations
equal 3 "$(answer '.operations | length')" "operations"
asked 200 GET /jobs/sick/events
contains answer '"who":"page"'
contains answer '10 of 10 items (seq:1-10): test accounts'
asked 409 POST "/jobs/sick/operations/$operation/cancel"
asked 404 POST /jobs/sick/operations/99/cancel

asked 400 POST /jobs/sick/retry -d '{}'
asked 400 POST /jobs/sick/retry -d '{"filter":"bogus:1"}'
asked 400 POST /jobs/sick/retry -d '{"all":true,"filter":"state:failed"}'
asked 400 POST /jobs/sick/items/15/retry -d '{"input":{"id":1}}'
ask POST /jobs/sick/retry -d '{"all":true}' >/dev/null
wait_until count_is done 190
equal 10 "$(count skipped)" "skipped at the end"
wait_until job_is sick finished
kill -TERM "$SLUICE_PID"
ended 0
sound sick

#!/bin/bash
# A program as the user: jobs and items over the API of `sluice serve`.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 5 --permanent-percent 5
background serve
wait_until serving
address=$(owner_address)
status() { curl -s -o answer -w '%{http_code}' "$@"; }

equal 200 "$(status "http://$address/healthz")" "status of healthz"
equal 200 "$(status "http://$address/readyz")" "status of readyz"
equal 401 "$(status "http://$address/api/v1/jobs")" "status without a token"
equal 401 "$(status -H 'Authorization: Bearer wrong' "http://$address/api/v1/jobs")" "status with a wrong token"
with=(-H "Authorization: Bearer $SLUICE_TOKEN")
equal 404 "$(status "${with[@]}" "http://$address/api/v1/jobs/99")" "status of no job"
contains answer '"status":404'
equal 200 "$(status "${with[@]}" "http://$address/metrics")" "status of metrics"
contains answer sluice_
# A page of another origin cannot reach it by name.
equal 403 "$(status "${with[@]}" -H 'Host: evil.example' "http://$address/api/v1/jobs")" "status for another host"

api POST /jobs '{"name":"uploaded","request":{"method":"PUT","url":"'"$URL"'/x/{{id}}"},"limits":{"concurrency":5}}' >made
id=$(jq -r .id made)
equal importing "$(jq -r .state made)" "state of a new job"
csv_items 1000 >items.csv
curl -sSf "${with[@]}" -X POST -H 'Content-Type: text/csv' --data-binary @items.csv "http://$address/api/v1/jobs/$id/items?format=csv" >rows
equal 1000 "$(jq .rows rows)" "rows taken in"
api POST "/jobs/$id/seal" >/dev/null
wait_until field_is uploaded .state finished
failed=$(field uploaded .counts.failed)
equal $((1000 - failed)) "$(field uploaded .counts.done)" "done items"
equal $((1000 - failed)) "$(upstream_stat .unique_ok)" "items that succeeded at the server"

upstream_set permanent-percent=0
api POST /jobs/uploaded/retry '{"filter":"state:failed"}' >operation
equal "$failed" "$(jq .matched operation)" "items to retry"
wait_until field_is uploaded .counts.done 1000
wait_until field_is uploaded .state finished
equal 400 "$(status "${with[@]}" -d '{"name":' "http://$address/api/v1/jobs")" "status of broken JSON"
equal 1000 "$(api GET /jobs/uploaded/export | wc -l)" "lines exported"

# The command line goes through it.
expect 0 ls
contains out uploaded
expect 8 run "$URL/y/{{id}}" -i items.csv --name second
kill -TERM "$SLUICE_PID"
ended 0
sound uploaded

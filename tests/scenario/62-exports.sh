#!/bin/bash
# Exports over the API: whole, at any speed of the reader, the same as offline.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --permanent-percent 10
serve
job_made big "$URL/x/{{id}}" '"limits":{"concurrency":64},"key":"id"'
csv_items 20000 >items.csv
asked 200 POST '/jobs/big/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/big/seal
wait_until job_is big finished
failed=$(ask GET /jobs/big | jq .counts.failed)

ask GET /jobs/big/export --limit-rate 3M >slow.ndjson || fail "slow export"
equal 20000 "$(wc -l <slow.ndjson)" "rows exported"
equal 20000 "$(jq -r .seq slow.ndjson | sort -un | wc -l)" "different rows exported"
equal "$failed" "$(ask GET '/jobs/big/export?state=failed' | wc -l)" "failed rows exported"
equal "$failed" "$(ask GET '/jobs/big/export?filter=state:failed+http:404' | wc -l)" "rows by filter"
equal 0 "$(ask GET '/jobs/big/export?state=skipped' | wc -l)" "skipped rows exported"
ask GET '/jobs/big/export?format=csv' >api.csv
asked 400 GET '/jobs/big/export?format=xml'
asked 400 GET '/jobs/big/export?state=broken'
asked 400 GET '/jobs/big/export?filter=state:'

# Readers that go away are nobody's trouble.
for _ in 1 2 3 4 5; do
	ask GET /jobs/big/export 2>/dev/null | head -n 3 >/dev/null
done
asked 200 GET /jobs/big
kill -TERM "$SLUICE_PID"
ended 0
exported big >offline.ndjson
cmp slow.ndjson offline.ndjson || fail "offline and over the API the export differs"
"$SLUICE" export big --format csv 2>>err >offline.csv
cmp api.csv offline.csv || fail "offline and over the API the CSV differs"

#!/bin/bash
# Two jobs that name the same `share` are one to the server: one rate, one
# concurrency, and neither starves.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --latency-ms 50
serve
csv_items 150 >items.csv
for name in left right; do
	job_made $name "$URL/$name/{{id}}" '"limits":{"share":"crm","concurrency":3,"rate":"50/s"}'
	id=$(answer .id)
	asked 200 POST "/jobs/$id/pause"
	asked 200 POST "/jobs/$id/items?format=csv" --data-binary @items.csv
	asked 200 POST "/jobs/$id/seal"
	ids+=("$id")
done
for id in "${ids[@]}"; do asked 200 POST "/jobs/$id/resume"; done
for id in "${ids[@]}"; do wait_until job_is "$id" finished; done
at_most 3 "$(upstream_stat .in_flight_max)" "in flight of both"
# A second of the server's clock may hold what was a little late before it.
at_most 53 "$(upstream_stat .window_max)" "requests a second of both"
# Of the first 200 requests each has its half, give or take a few.
upstream_log | head -n 200 | awk '$3 ~ /left/ { n++ } END { exit !(n >= 90 && n <= 110) }' ||
	fail "one of the two starves: $(upstream_log | head -n 200 | grep -c left) of 200 are the left one's"

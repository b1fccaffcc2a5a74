#!/bin/bash
# A server with limits of its own, of several kinds: with patience (--retry) nothing
# fails, nothing is sent twice, and every 429 is on record.
. "$(dirname "$0")/lib.sh"

csv_items 120 >items.csv
upstream_start --latency-ms 20 --qps 60 --burst 10
for kind in bare retry-after=1 ratelimit-headers=1; do
	name=${kind%%=*}
	[ "$kind" = bare ] || upstream_set "$kind"
	upstream_reset
	expect 0 run "$URL/x/{{id}}" -i items.csv --name "$name" -c 30 --retry 30 --retry-max-delay 2
	counted "$name" done 120
	equal 120 "$(upstream_stat .unique_ok)" "items that succeeded"
	refused=$(upstream_stat '.by_status["429"]')
	echo "$name: $refused refused"
	equal "$refused" "$(field "$name" .throttled)" "throttled on record ($name)"
done

upstream_set qps=0 ratelimit-headers=0 retry-after=0 concurrency-limit=4 latency-ms=50
upstream_reset
expect 0 run "$URL/y/{{id}}" -i items.csv --name crowded -c 30 --retry 30 --retry-max-delay 2
counted crowded done 120
refused=$(upstream_stat '.by_status["429"]')
echo "crowded: $refused refused"
equal 120 "$(upstream_stat .unique_ok)" "items that succeeded"
equal "$refused" "$(field crowded .throttled)" "throttled on record (crowded)"

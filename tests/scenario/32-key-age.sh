#!/bin/bash
# A keyed POST is sent again after a crash while its key is young.  Older than
# idempotency.max_age_s it waits for a person: the server may have forgotten it.
. "$(dirname "$0")/lib.sh"

upstream_start --latency-ms 400
csv_items 60 >items.csv
job() { # job NAME MAX_AGE_S
	jq -cn --arg url "$URL/$1/{{id}}" --arg name "$1" --argjson age "$2" \
		'{name: $name, items: "items.csv", request: {method: "POST", url: $url},
		  idempotency: {max_age_s: $age}, limits: {concurrency: 10}}' >"$1.json"
}
for name in young old; do
	age=1 code=3
	[ $name = young ] && age=3600 code=0
	job $name $age
	upstream_reset
	background run $name.json
	wait_until upstream_saw 15
	kill_hard
	[ $name = young ] || sleep 1.5
	expect $code run $name.json
	sound $name
done
counted young done 60
counted young unknown 0

unknown=$(field old .counts.unknown)
at_least 1 "$unknown" "items whose key was too old"
at_most 40 "$unknown" "items whose key was too old"
counted old done $((60 - unknown))
expect 0 show old "$("$SLUICE" items old --filter state:unknown --json --limit 1 | jq -r '.items[0].seq // .seq')"
contains out "idempotency key is too old"
# Not one was sent twice.
equal 0 "$(upstream_log | awk '$3 ~ /old/ { n[$4]++ } END { for (i in n) if (n[i] > 1) twice++; print twice + 0 }')" "items sent twice"
# A person says so: they go out again, under the same keys.
expect 0 retry old --all
expect 0 run old.json
counted old done 60

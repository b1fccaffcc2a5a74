#!/bin/bash
# A POST that was in the air when the machine died: without a key it becomes
# `unknown` and waits for a person; with a key it is sent again under the same key.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --latency-ms 400
csv_items 100 >items.csv

run=(run -X POST "$URL/orders/{{id}}" -i items.csv --name plain --key id -c 10)
background "${run[@]}"
wait_until upstream_saw 35
kill_hard
# A look at it recovers nothing and writes nothing.
before=$(cat "$SLUICE_DB" "$SLUICE_DB-wal" | sha256sum)
expect 0 "${run[@]}" --dry-run
contains err "would go on with job 'plain'"
expect 2 run -X POST "$URL/other/{{id}}" -i items.csv --name plain --key id -c 10 --dry-run
equal "$before" "$(cat "$SLUICE_DB" "$SLUICE_DB-wal" | sha256sum)" "the database after --dry-run"
expect 3 "${run[@]}"
unknown=$(field plain .counts.unknown)
echo "unknown: $unknown"
at_least 1 "$unknown" "unknown items"
at_most 40 "$unknown" "unknown items"
counted plain done $((100 - unknown))
sound plain
# Not one was sent twice.
equal 0 "$(upstream_log | awk '{ n[$4]++ } END { for (i in n) if (n[i] > 1) twice++; print twice + 0 }')" "items sent twice"
# A person decides: done, by what the server's own books say.
seq=$(exported plain --state unknown | jq -r .seq | head -n 1)
expect 0 resolve plain --seq "$seq" --as done
counted plain unknown $((unknown - 1))
# A correction of one may do it twice, too, and says so before it does.
key=$(exported plain --state unknown | jq -r .key | head -n 1)
serve
asked 200 POST "/jobs/plain/items?format=csv&mode=correct&dry_run=true" --data-binary "id,name
$key,mended
"
holds '.changed == 1 and .unknown == 1' answer
kill -TERM "$SLUICE_PID"
ended 0
expect 0 retry plain --all --dry-run
contains out "unknown: the server may have done it already, and then does it twice"
expect 0 retry plain --filter state:unknown
counted plain unknown 0
expect 0 "${run[@]}"
counted plain done 100
sound plain

upstream_reset
run=(run -X POST "$URL/orders/{{id}}" -i items.csv --name keyed -c 10 --idempotency-key)
background "${run[@]}"
wait_until upstream_saw 35
kill_hard
expect 0 "${run[@]}"
counted keyed done 100
sound keyed
# Every item has one key, however often it was sent, and no two share one.
upstream_log | awk '
	$6 == "-" { print "no key: " $0; bad = 1 }
	($4 in key) && key[$4] != $6 { print "two keys: " $0; bad = 1 }
	($6 in item) && item[$6] != $4 { print "shared key: " $0; bad = 1 }
	{ key[$4] = $6; item[$6] = $4; n[$4]++ }
	END { for (i in n) if (n[i] > 1) twice++; print "sent again: " twice + 0; exit bad || !twice }
' || fail "keys are not stable"

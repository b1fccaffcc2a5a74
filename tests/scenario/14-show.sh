#!/bin/bash
# What a person looks at: ls, status, items, show, groups, export.
. "$(dirname "$0")/lib.sh"

upstream_start --permanent-percent 10 --transient-percent 10
csv_items 200 >items.csv
expect 3 run -X POST "$URL/x/{{id}}" -i items.csv --name look --key id -c 8 --idempotency-key
failed=$(field look .counts.failed)

expect 0 ls
contains out look
expect 0 ls --json
holds '.jobs[0].name == "look"' out
expect 0 status look
contains out 200
expect 0 status 1
expect 0 status look --json
holds '.total == 200 and .state == "finished" and .limits.concurrency == 8' out

expect 0 items look --filter state:failed
contains out 404
expect 0 items look --filter "state:failed http:404" --json
equal "$failed" "$(jq -r '.. | objects | select(has("seq")) | .seq' out | wc -l)" "items listed"
expect 0 items look --limit 3 --after 100 --json
equal "101 102 103" "$(jq -r '.. | objects | select(has("seq")) | .seq' out | paste -sd ' ')" "a page of items"
expect 0 items look --filter key:150 --json
equal 150 "$(jq -r '.. | objects | select(has("seq")) | .seq' out)" "the item of a key"
expect 2 items look --filter nonsense:1
contains err nonsense

# Keys that are the items' numbers say nothing, unless others say something: one column
# for the whole list.
expect 0 items look --limit 3
contains out INPUT
lacks out KEY
printf 'id\n1\ntwo\n3\n' >mixed.csv
upstream_set permanent-percent=0 transient-percent=0
expect 0 run "$URL/mixed/{{id}}" -i mixed.csv --name mixed --key id
expect 0 items mixed
contains out KEY
lacks out INPUT
equal "1 two 3" "$(awk 'NR > 1 { print $6 }' out | paste -sd ' ')" "keys in the list"
expect 2 run "$URL/{{id}}" -i mixed.csv --name $'\u202eevil'
contains err "control characters"

# One that was tried twice shows both attempts.
seq=$(upstream_log | awk '$5 == 503 { print $4; exit }')
expect 0 show look "$seq"
contains out 503
contains out 200
expect 0 show look "$seq" --json
equal "503 200" "$(jq -r '[.attempts_log[].http_status] | join(" ")' out)" "statuses of the attempts"
expect 0 show look "$seq" --curl
contains out "curl"
contains out "$URL/x/$seq"
# The curl command does what the item's request did.
upstream_reset
bash out >/dev/null 2>&1 || fail "the curl command does not run: $(cat out)"
upstream_log | grep -q "POST /x/$seq $seq " || fail "the curl command did not reach /x/$seq"
expect 2 show look 201
expect 0 groups look --json
equal "$failed" "$(jq '[.groups[].count] | add' out)" "items in the groups"

expect 0 export look
equal 200 "$(wc -l <out)" "lines exported"
holds 'map(.seq | tonumber) == [range(1; 201)]' out --slurp
expect 0 export look --state failed --format csv -o failed.csv
equal $((failed + 1)) "$(wc -l <failed.csv)" "rows of failed.csv"
[ ! -s out ] || fail "-o also wrote to stdout"
# A CSV of failed rows can be fed back.
upstream_set permanent-percent=0
expect 0 run "$URL/again/{{id}}" -i failed.csv --name again
counted again done "$failed"

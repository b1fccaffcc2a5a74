#!/bin/bash
# The application's own answers: ok-if, rules on body members, extraction.
. "$(dirname "$0")/lib.sh"

upstream_start --code-percent 10
csv_items 200 >items.csv
# shellcheck disable=SC2016 # a JSON path
expect 3 run "$URL/x/{{id}}" -i items.csv --name okif --ok-if '$.code == 0' --extract 'server_id=$.id'
refused=$(field okif .counts.failed)
at_least 5 "$refused" "items refused by the application"
counted okif done $((200 - refused))
equal $((200 - refused)) "$(upstream_stat .unique_ok)" "items that succeeded at the server"
equal 200 "$(exported okif | jq -r 'select(.state == "failed" or .extracted.server_id == .input.id) | .seq' | wc -l)" "items with the extracted id"

cat >job.json <<JSON
{"name": "rules", "items": "items.csv", // comments are allowed
 "request": {"url": "$URL/y/{{id}}"},
 "rules": [
   {"if": "status == 404", "then": "skip"},
   {"if": "\$.code == 1001 and status == 200", "then": "fail", "code": "\$.code", "message": "\$.msg"}
 ],
 "limits": {"concurrency": 4}, "retry": {"max": 1}}
JSON
upstream_set permanent-percent=10
expect 3 run job.json
failed=$(field rules .counts.failed)
skipped=$(field rules .counts.skipped)
at_least 5 "$skipped" "skipped items"
at_least 5 "$failed" "failed items"
counted rules done $((200 - failed - skipped))
expect 0 groups rules --json
holds '.groups | any(.code == "1001" and (.message | test("quota")))' out
expect 0 items rules --filter code:1001 --json
equal "$failed" "$(jq -r '.. | objects | select(has("seq")) | .seq' out | wc -l)" "items by code"

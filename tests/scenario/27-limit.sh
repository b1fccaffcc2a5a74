#!/bin/bash
# --limit tries a few rows first; the same command with a higher one, or without,
# takes the rest.  A stream with more rows than are in says so before it takes them.
. "$(dirname "$0")/lib.sh"

csv_items 30 >items.csv
upstream_start
expect 0 run "$URL/x/{{id}}" -i items.csv --limit 5
counted items done 5
expect 0 run "$URL/x/{{id}}" -i items.csv --limit 12
counted items done 12
expect 0 run "$URL/x/{{id}}" -i items.csv --limit 3
counted items done 12
expect 0 run "$URL/x/{{id}}" -i items.csv
counted items done 30
expect 0 run "$URL/x/{{id}}" -i items.csv
equal 30 "$(upstream_stat .requests)" "requests"

# An array's end is not a row.
printf '[{"id":1},{"id":2}\n]\n' >rows.json
expect 0 run "$URL/y/{{id}}" -i rows.json
expect 0 run "$URL/y/{{id}}" -i rows.json
contains err "already finished"

slow() { echo id; sleep 1.5; seq 1 "$1"; }
slow 4 | "$SLUICE" run "$URL/z/{{id}}" -i - --name stream 2>err || fail "the stream"
slow 4 | "$SLUICE" run "$URL/z/{{id}}" -i - --name stream 2>err || fail "the same stream again"
slow 6 | "$SLUICE" run "$URL/z/{{id}}" -i - --name stream 2>err && fail "a longer stream was taken"
contains err "--append-items"
counted stream done 4
slow 6 | "$SLUICE" run "$URL/z/{{id}}" -i - --name stream --append-items 2>err || fail "append"
counted stream done 6
sound stream

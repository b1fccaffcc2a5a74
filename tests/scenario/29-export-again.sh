#!/bin/bash
# An export has the columns that came in, in their order, then what became of
# each row; the failed rows of it are an input as they stand.
. "$(dirname "$0")/lib.sh"

upstream_start --permanent-percent 30
{
	echo '城市,id,"a,b",name'
	echo '北京,1,"says ""so""",'
	printf '上海,2,"two\nlines",x\n'
	for id in {3..60}; do echo "Lima,$id,,name $id"; done
} >odd.csv
run=(run -X PUT "$URL/x/{{id}}" -d '{"name": "{{name}}", "city": "{{城市}}"}' --extract 'msg=$.msg')
expect 3 "${run[@]}" -i odd.csv --name odd
failed=$(field odd .counts.failed)
at_least 1 "$failed" "failed rows"

expect 0 export odd --format csv -o all.csv
equal '城市,id,"a,b",name,sluice_seq,sluice_state,sluice_attempts,sluice_http_status,sluice_code,sluice_message,msg' \
	"$(head -n 1 all.csv | tr -d '\r')" "the columns"
equal 600 "$(stat -c %a all.csv)" "mode of what was written"
python3 - <<'PY' || fail "an export loses or moves something"
import csv
given = list(csv.reader(open("odd.csv", newline="")))
back = list(csv.reader(open("all.csv", newline="")))
assert [row[:4] for row in back] == given, "the input's columns"
for seq, row in enumerate(back[1:], 1):
    assert row[4] == str(seq) and row[6] == "1", row
    assert (row[5], row[7]) in (("done", "200"), ("failed", "404")), row
PY

# The failed ones go in again, from CSV and from NDJSON, and are the same items.
expect 0 export odd --state failed --format csv -o failed.csv
expect 0 export odd --state failed -o failed.ndjson
expect 0 export odd --state failed --json
cmp out failed.ndjson || fail "--json is not NDJSON"
upstream_set permanent-percent=0
for format in csv ndjson; do
	expect 0 "${run[@]}" -i "failed.$format" --name "again-$format"
	equal "$failed" "$(field "again-$format" .counts.done)" "rows sent again from $format"
done
inputs() { exported "$1" "${@:2}" | jq -cS .input; }
inputs odd --state failed >wanted
inputs again-ndjson | diff wanted - || fail "other items from NDJSON"
inputs again-csv | diff wanted - || fail "other items from CSV"
# An export of an export has the same columns.
expect 0 export again-csv --format csv
equal "$(head -n 1 all.csv)" "$(head -n 1 out)" "columns of an export of an export"

# Columns of the input that have names of ours are the input's all the same.
printf 'sluice_state,id,sluice_seq,msg\nCA,1,x,-\nNY,2,y,+1\n' >named.csv
upstream_set permanent-percent=100
expect 3 run -X POST "$URL/x/{{id}}" -i named.csv --extract 'sluice_seq=$.none' --extract 'msg=$.none' --name named
expect 0 export named --format csv -o named-failed.csv
equal "sluice_state,id,sluice_seq,msg,sluice_seq,sluice_state,sluice_attempts,sluice_http_status,sluice_code,sluice_message,sluice_msg,sluice_sluice_seq" \
	"$(head -n 1 named-failed.csv | tr -d '\r')" "columns named like ours"
upstream_set permanent-percent=0
expect 0 run -X POST "$URL/x/{{id}}" -i named-failed.csv --name named-again
inputs named >wanted
inputs named-again | diff wanted - || fail "other items where columns are named like ours"

# A command that was wrong leaves nothing that the right one stumbles over.
expect 2 run "$URL/y/{{nmae}}" -i odd.csv --name typo
equal 0 "$("$SLUICE" ls --json | jq '[.jobs[] | select(.name == "typo")] | length')" "jobs of a mistyped command"
expect 0 run "$URL/y/{{name|none}}" -i odd.csv --name typo

# Items of other shapes than the first: each member has its column.
printf '{"id":1,"a":"x"}\n{"id":2,"b":"y"}\n{"id":3,"c":"z","a":"w"}\n' >mixed.ndjson
expect 0 run "$URL/x/{{id}}" -i mixed.ndjson --name mixed
expect 0 export mixed --format csv
equal "id,a,b,c,sluice_seq" "$(head -1 out | cut -d, -f1-5)" "the header"
equal "3,w,,z,3" "$(sed -n 4p out | cut -d, -f1-5)" "the third row"

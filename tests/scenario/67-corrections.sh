#!/bin/bash
# A corrected file goes in by key: what failed takes the new fields and is sent
# again, all else stays. Foretold first.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start --latency-ms 1
serve
job_made plain "$URL/p/{{id}}"
asked 409 POST '/jobs/plain/items?mode=correct' --data-binary 'id'
# What has no mail fails by rule; so do the odd ones.
asked 201 POST /jobs -d '{"name":"mend","key":"id","request":{"method":"PUT","url":"'"$URL"'/x/{{id}}",
	"headers":{"X-Mail":"{{mail}}"},"json":{"mail":"{{mail}}","city":"{{city}}"}},"retry":{"max":0}}'
upstream_set permanent-percent=100
{ echo id,mail,city; for i in {1..2500}; do echo "$i,wrong,city $i"; done; } >items.csv
sed 's/wrong/right/' items.csv >right.csv
asked 200 POST '/jobs/mend/items?format=csv' --data-binary @items.csv
asked 200 POST /jobs/mend/seal
wait_until job_is mend finished
upstream_set permanent-percent=0
asked 200 POST /jobs/mend/retry -d '{"filter":"seq:2001-"}'
wait_until job_is mend finished
equal 2000 "$(ask GET /jobs/mend | jq .counts.failed)" "items that failed"
sent=$(upstream_stat .requests)

# Of 2,500 rows 2,000 are of failed items, a tenth of them is as before; some are strangers.
awk -F, 'NR > 1 && NR % 10 == 0 { sub("right", "wrong") } { print }' right.csv >mixed.csv
echo '9999,right,nowhere' >>mixed.csv
told() {
	answer '"\(.rows) \(.matched) \(.changed) \(.unchanged) \(.not_found) \(.not_failed) \(.unfit)"'
}
asked 200 POST '/jobs/mend/items?format=csv&mode=correct&dry_run=true' --data-binary @mixed.csv
equal "2501 2000 1800 200 1 500 0" "$(told)" "corrections foretold"
holds '.unknown == 0 and .operation == null and (.diffs | length) == 20 and (.misses | length) == 20' answer
holds '.diffs[0] == {"seq":"1","key":"1","changes":[{"field":"mail","before":"wrong","after":"right"}]}' answer
holds '.misses[0].why == "the item is done"' answer
equal "$sent" "$(upstream_stat .requests)" "requests sent by a dry run"
asked 200 GET /jobs/mend/items/1
equal wrong "$(answer .input.mail)" "input after a dry run"

asked 200 POST '/jobs/mend/items?format=csv&mode=correct' --data-binary @mixed.csv
equal "2501 2000 1800 200 1 500 0" "$(told)" "corrections done"
operation=$(answer .operation)
wait_until job_is mend finished
equal 1800 $(($(upstream_stat .requests) - sent)) "requests sent"
equal 200 "$(ask GET /jobs/mend | jq .counts.failed)" "items that are failed still"
asked 200 GET "/jobs/mend/operations/$operation"
holds '.changed == 1800 and .who == "api"' answer
asked 200 GET /jobs/mend/items/1
equal 'wrong right city 1' "$(answer '"\(.original_input.mail) \(.input.mail) \(.input.city)"')" "inputs"
asked 200 GET /jobs/mend/items/9
equal 'failed null' "$(answer '"\(.state) \(.original_input)"')" "one that stayed"

# Columns left out stay; our own export goes in again; what no request comes of is told.
"$SLUICE" export mend --format csv --state failed 2>/dev/null >export.csv
contains export.csv sluice_state
sed 's/wrong/mended/' export.csv | head -n 11 >again.csv
asked 200 POST '/jobs/mend/items?format=csv&mode=correct' --data-binary @again.csv
equal "10 10 10 0 0 0 0" "$(told)" "rows of an export"
wait_until job_is mend finished
asked 200 GET /jobs/mend/items/9
equal '["city","id","mail"]' "$(jq -c '.input | keys' answer)" "fields of one from an export"
asked 200 POST '/jobs/mend/items?format=ndjson&mode=correct' --data-binary '{"id":"109","mail":"a\nb"}
{"id":"119","mail":"good"}'
equal "2 2 1 0 0 0 1" "$(told)" "one that does not fit"
holds '.misses[0].key == "109" and (.misses[0].why | test("line break"))' answer
asked 200 GET /jobs/mend/items/119
equal 'city 119' "$(answer .input.city)" "a field that was left out"
asked 400 POST '/jobs/mend/items?format=csv&mode=correct' --data-binary 'mail
x'
asked 400 POST '/jobs/mend/items?mode=mend' --data-binary 'id'
wait_until job_is mend finished

# Items that were no CSV, corrected by one: what its cells show unchanged stays what it was.
asked 201 POST /jobs -d '{"name":"typed","key":"id","request":{"method":"POST","url":"'"$URL"'/x/{{id}}"},"retry":{"max":0}}'
upstream_set permanent-percent=100
printf '%s\n' '{"id":1,"n":12345678901234567890,"x":null,"s":"a"}' '{"id":2,"s":"b","opt":true}' '{"id":3,"s":"c","l":[1, 2]}' |
	asked 200 POST '/jobs/typed/items?format=ndjson' --data-binary @-
asked 200 POST /jobs/typed/seal
wait_until job_is typed finished
ask GET '/jobs/typed/export?format=csv' | sed -e 's/,a,/,mended,/' -e 's/,true,/,false,/' >typed.csv
asked 200 POST '/jobs/typed/items?format=csv&mode=correct' --data-binary @typed.csv
equal "3 3 2 1 0 0 0" "$(told)" "rows with types"
wait_until job_is typed finished
ask GET /jobs/typed/export >typed.ndjson
contains typed.ndjson '"input":{"id":1,"n":12345678901234567890,"x":null,"s":"mended"}'
contains typed.ndjson '"input":{"id":2,"s":"b","opt":false}'
contains typed.ndjson '"input":{"id":3,"s":"c","l":[1, 2]}'
kill -TERM "$SLUICE_PID"
ended 0
sound mend

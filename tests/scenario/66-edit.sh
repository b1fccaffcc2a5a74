#!/bin/bash
# One item, looked at and mended: its request as sent, another input tried,
# sent again with it, and the first one kept.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"
export SECRET=geheim-4711

upstream_start --latency-ms 2 --permanent-percent 100
serve
job_made mend "$URL/x/{{id}}?k=\${env:SECRET}" '"key":"id","idempotency":{"header":"Idempotency-Key"},"limits":{"concurrency":1}'
asked 409 DELETE /jobs/mend
ask POST /jobs/mend/cancel >/dev/null
wait_until ask DELETE /jobs/mend -f -o /dev/null
# shellcheck disable=SC2016 # sluice expands it
asked 201 POST /jobs -d '{"name":"mend","key":"id","request":{"method":"POST","url":"'"$URL"'/x/{{id}}?k=${env:SECRET}",
	"headers":{"Authorization":"Bearer ${env:SECRET}","X-City":"{{city}}"},"json":{"city":"{{city}}","vip":"{{vip:json}}"}}}'
printf 'id,city,vip\n1,Peking,1\n2,Ulm,0\n3,"New, York",1\n' | asked 200 POST '/jobs/mend/items?format=csv' --data-binary @-
asked 200 POST /jobs/mend/seal
wait_until job_is mend finished

asked 200 GET /jobs/mend/items/1
holds '.request.method == "POST" and .request_is_current and .original_input == null' answer
equal "$URL/x/1?k=***" "$(answer .request.url)" "URL as shown"
equal '{"city":"Peking","vip":"1"}' "$(answer .request.body)" "body as shown"
answer .request.headers >headers
contains headers 'Authorization: Bearer ***'
contains headers 'X-City: Peking'
lacks answer geheim
expect 0 show mend 1
contains out 'X-City: Peking'
contains out 'Authorization: Bearer ***'
contains out '"city":"Peking"'

# Tried: nothing changes.
asked 200 POST /jobs/mend/items/1/preview -d '{"input": {"id": "1", "city": "Beijing", "vip": true}}'
equal '{"city":"Beijing","vip":true}' "$(answer .request.body)" "body foretold"
equal '[{"field":"city","before":"Peking","after":"Beijing"},{"field":"vip","before":"1","after":true}]' \
	"$(jq -c .changes answer)" "changes foretold"
asked 200 POST /jobs/mend/items/1/preview -d '{}'
equal '[]' "$(jq -c .changes answer)" "changes of nothing"
asked 400 POST /jobs/mend/items/1/preview -d '{"input":{"id":"1","city":"B"}}'
contains answer vip
asked 400 POST /jobs/mend/items/1/preview -d '{"input":{"id":"9","city":"B","vip":0}}'
contains answer "stays"
asked 400 POST /jobs/mend/items/1/preview -d '{"input":["id"]}'
asked 400 POST /jobs/mend/items/1/preview -d '{"input":{"id":"1","city":"a\nb","vip":0}}'
asked 404 POST /jobs/mend/items/4/preview -d '{}'
asked 200 GET /jobs/mend/items/1
equal Peking "$(answer .input.city)" "input after a preview"
sent=$(upstream_stat .requests)

# Done.
upstream_set permanent-percent=0
asked 200 POST /jobs/mend/items/1/retry -d '{"input": {
	"id": "1", "city": "Bei jing", "vip": true}}'
holds '.changed == 1 and .selection == "seq:1, edited"' answer
wait_until job_is mend finished
equal 1 $(($(upstream_stat .requests) - sent)) "requests sent for it"
asked 200 GET /jobs/mend/items/1
holds '.state == "done" and .request_is_current and .edited_by == "api" and .edited_at != null' answer
equal 'Peking Bei jing' "$(answer '"\(.original_input.city) \(.input.city)"')" "both inputs"
equal 2 "$(answer '.attempts_log | length')" "attempts kept"
expect 0 show mend 1
contains out "edited by api"
exported mend | sed -n 1p >line
holds '.input == {"id":"1","city":"Bei jing","vip":true}' line
# Of an item that is done nothing is changed unasked.
asked 409 POST /jobs/mend/items/1/retry -d '{"input":{"id":"1","city":"C","vip":1}}'
asked 200 POST /jobs/mend/items/1/retry -d '{"done_too":true,"input":{"id":"1","city":"C","vip":1}}'
wait_until job_is mend finished
asked 200 GET /jobs/mend/items/1
equal 'Peking C' "$(answer '"\(.original_input.city) \(.input.city)"')" "the first input, and the last"
asked 400 POST /jobs/mend/items/2/retry -d '{"input":{"id":"2"}}'
asked 200 GET /jobs/mend/items/2
equal failed "$(answer .state)" "state after a refused edit"
asked 200 GET '/jobs/mend/events'
equal 2 "$(answer '[.events[] | select(.what == "edit")] | length')" "edits in the log"
kill -TERM "$SLUICE_PID"
ended 0
sound mend

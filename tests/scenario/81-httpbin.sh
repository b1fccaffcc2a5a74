#!/bin/bash
# httpbin: statuses, delays, compressed and chunked answers, redirects, forms, as a
# server that others wrote gives them.
. "$(dirname "$0")/lib.sh"
. "$HERE/servers.sh"

port=$(free_port)
httpbin_start "$port"
URL=http://127.0.0.1:$port
answer() { exported "$1" --filter "seq:$2" | jq -r .response; }

csv_items 60 >items.csv
expect 0 run -X PUT "$URL/anything/{{id}}" -i items.csv --name anything -c 8
counted anything done 60
equal "name 17" "$(answer anything 17 | jq -r .json.name)" "what httpbin got as JSON"
equal PUT "$(answer anything 17 | jq -r .method)" "method that httpbin saw"
equal application/json "$(answer anything 17 | jq -r '.headers["Content-Type"]')" "content type"

printf 'status\n200\n201\n204\n400\n404\n410\n418\n' >statuses.csv
expect 3 run "$URL/status/{{status}}" -i statuses.csv --name statuses -c 4
equal "200 201 204" "$(exported statuses --state done | jq -r .http_status | paste -sd ' ')" "statuses that are done"
equal "400 404 410 418" "$(exported statuses --state failed | jq -r .http_status | paste -sd ' ')" "statuses that failed"
printf 'status\n500\n502\n503\n504\n408\n429\n' >later.csv
expect 3 run "$URL/status/{{status}}" -i later.csv --name later -c 6 --retry 1 --retry-delay 0.1 --retry-max-time 20
equal 6 "$(exported later --state failed | jq -r .http_status | wc -l)" "statuses that failed after a retry"
at_least 11 "$(field later .attempts)" attempts

head -n 3 items.csv >few.csv
for kind in gzip deflate brotli; do
	expect 0 run "$URL/$kind?id={{id}}" -i few.csv --name $kind
	answer $kind 1 >body
	holds 'type == "object"' body
done
expect 0 run "$URL/stream/3?id={{id}}" -i few.csv --name chunked
equal 3 "$(answer chunked 1 | jq -c .url | wc -l)" "lines of a chunked answer"
expect 0 run "$URL/bytes/2000?seed={{id}}" -i few.csv --name binary
expect 0 show binary 1
expect 3 run "$URL/redirect/1?id={{id}}" -i few.csv --name redirect
expect 3 run "$URL/delay/3?id={{id}}" -i few.csv --name late -m 1 --retry 0
counted late failed 2
expect 0 run "$URL/basic-auth/u/p?id={{id}}" -i few.csv --name basic -H 'Authorization: Basic dTpw'
expect 3 run "$URL/basic-auth/u/p?id={{id}}" -i few.csv --name nobasic --retry 0
cat >job.json <<JSON
{"name": "form", "request": {"method": "POST", "url": "$URL/anything", "form": {"id": "{{id}}", "text": "{{name}} & 张三=1"}}}
JSON
expect 0 run job.json -i few.csv
equal "name 2 & 张三=1" "$(answer form 2 | jq -r .form.text)" "a form field as httpbin read it"

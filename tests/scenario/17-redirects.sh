#!/bin/bash
# Redirects are not followed unless asked for: a header with a credential must not
# travel, and a POST must not turn into a GET.
. "$(dirname "$0")/lib.sh"

csv_items 5 >items.csv
upstream_start
expect 3 run -X POST "$URL/redirect/{{id}}?to=$URL/elsewhere/1" -i items.csv --name stay --idempotency-key
counted stay failed 5
equal 0 "$(upstream_log | grep -c ' /elsewhere/')" "requests that followed"
contains err 302

cat >job.json <<JSON
{"name": "follow", "request": {"method": "GET", "url": "$URL/redirect/{{id}}?to=$URL/elsewhere/{{id}}", "follow_redirects": true}, "retry": {"max": 0}}
JSON
expect 0 run job.json -i items.csv
counted follow done 5
equal 5 "$(upstream_log | grep -c ' /elsewhere/')" "requests that followed when asked to"

# Not to another scheme, whatever the server says.
sed -i 's|?to=[^"]*|?to=file:///etc/passwd|; s/"follow"/"other"/' job.json
expect 3 run job.json -i items.csv
counted other done 0

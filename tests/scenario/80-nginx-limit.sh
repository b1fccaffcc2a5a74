#!/bin/bash
# nginx with limit_req, as thousands of APIs have it: 429 above 40/s. With patience
# all items end well, each once.
. "$(dirname "$0")/lib.sh"
. "$HERE/servers.sh"

port=$(free_port)
nginx_start "$port" "
	limit_req_zone \$binary_remote_addr zone=api:1m rate=40r/s;
	limit_req_status 429;
	server {
		listen 127.0.0.1:$port;
		default_type application/json;
		location /open/ { return 200 '{\"code\":0}'; }
		location /api/ { limit_req zone=api burst=5 nodelay; try_files /none @answer; }
		location @answer { return 200 '{\"code\":0}'; }
	}"
URL=http://127.0.0.1:$port
csv_items 200 >items.csv
expect 0 run "$URL/api/{{id}}" -i items.csv --name limited -c 20 --retry 30
counted limited done 200
counted limited failed 0
refused=$(grep -c ' 429 ' nginx/access.log)
echo "refused: $refused"
at_least 1 "$refused" 429s
equal 200 "$(awk '$4 == 200 { print $3 }' nginx/access.log | sort -u | wc -l)" "items that nginx let through"
equal 200 "$(grep -c ' 200 ' nginx/access.log)" "answers 200"
equal "$refused" "$(field limited .throttled)" "throttled on record"

# nginx closes kept connections after keepalive_requests (1,000): POSTs without a key
# must not suffer from it.
csv_items 3000 >many.csv
expect 0 run -X POST "$URL/open/{{id}}" -i many.csv --name closing -c 4
counted closing done 3000
equal 3000 "$(grep -c 'POST /open/' nginx/access.log)" "POSTs that nginx saw"

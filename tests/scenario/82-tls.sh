#!/bin/bash
# TLS with a CA of our own, nginx in front of httpbin: refused without it, fine with
# it; over HTTP/2 too; and a client certificate where the server wants one.
. "$(dirname "$0")/lib.sh"
. "$HERE/servers.sh"

behind=$(free_port)
httpbin_start "$behind"
own_ca
port=$(free_port)
strict=$(free_port)
nginx_start "$port" "
	ssl_certificate $WORK/server.pem;
	ssl_certificate_key $WORK/server.key;
	server { listen 127.0.0.1:$port ssl http2; location / { proxy_pass http://127.0.0.1:$behind; } }
	server {
		listen 127.0.0.1:$strict ssl;
		ssl_client_certificate $WORK/ca.pem; ssl_verify_client on;
		location / { return 200 '{\"code\":0}'; }
	}"
csv_items 30 >items.csv
URL=https://127.0.0.1:$port

expect 3 run -X PUT "$URL/anything/{{id}}" -i items.csv --name untrusted -c 4 --limit 3
counted untrusted failed 3
equal 0 "$(grep -c ' /anything' nginx/access.log)" "requests to a server that is not trusted"
expect 0 groups untrusted
grep -qi cert out || fail "the cause does not speak of the certificate: $(cat out)"

expect 0 run -X PUT "$URL/anything/{{id}}" -i items.csv --name trusted -c 4 --cacert ca.pem
counted trusted done 30
equal 30 "$(grep -c 'PUT /anything/.* 200 ' nginx/access.log)" "requests over TLS"
echo "protocols: $(awk '{ print $5 }' nginx/access.log | sort | uniq -c | paste -sd ' ')"

expect 3 run "https://127.0.0.1:$strict/{{id}}" -i items.csv --name anonymous --cacert ca.pem --limit 3
expect 0 run "https://127.0.0.1:$strict/{{id}}" -i items.csv --name known --cacert ca.pem --cert server.pem --key-file server.key
counted known done 30

# A name that the certificate does not have.
expect 3 run "https://localhost:$port/anything/{{id}}" -i items.csv --name wrongname --cacert ca.pem --limit 2
counted wrongname done 0

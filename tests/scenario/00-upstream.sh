#!/bin/bash
# The scripted server itself: what every other scenario takes for the truth. Asked
# by curl and by hand, not by sluice.
. "$(dirname "$0")/lib.sh"

upstream_start
ask() { curl -s -o answer -w '%{http_code}' "$@"; }

equal 200 "$(ask "$URL/users/17")" status
equal '{"code":0,"id":"17"}' "$(cat answer)" body
ask -H 'Idempotency-Key: k-1' -d '{"id": 5}' "$URL/users" >/dev/null
head -c 300000 /dev/zero | tr '\0' x >big
ask -H 'Transfer-Encoding: chunked' -H 'Expect: 100-continue' --data-binary @big "$URL/echo/big" >/dev/null
jq -j .body answer | cmp -s - big || fail "a chunked body came through changed"
equal 429 "$(ask "$URL/status/429/3")" status
equal "GET /users/17 17 200 -
POST /users 5 200 k-1
POST /echo/big big 200 -
GET /status/429/3 3 429 -" "$(upstream_log | cut -d ' ' -f 2-6)" log
equal 3 "$(upstream_stat .unique_ok)" "unique successes"

# Pipelined, the second one chunked, in odd pieces.
exec 3<>"/dev/tcp/127.0.0.1/${URL##*:}"
printf 'GET /p/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /p/2 HTTP/1.1\r\nHost: x\r\nTransfer-Enc' >&3
sleep 0.1
printf 'oding: chunked\r\n\r\n3;x=y\r\nab' >&3
sleep 0.1
printf 'c\r\n0\r\nT: v\r\n\r\nGET /p/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3
equal 3 "$(timeout 10 cat <&3 | grep -ac '"code":0')" "pipelined answers"
for bad in 'GET / HTTP/1.1\r\nA B: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n' 'nonsense\r\n\r\n' \
	'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'; do
	exec 3<>"/dev/tcp/127.0.0.1/${URL##*:}"
	# shellcheck disable=SC2059
	printf "$bad" >&3
	timeout 10 cat <&3 | grep -aq '^HTTP/1.1 400' || fail "no 400 for $bad"
done

# Faults: by item, once, and the same for the same seed.
upstream_reset
upstream_set transient-percent=30 permanent-percent=10
for round in 1 2; do
	curl -s -o /dev/null -w '%{http_code}\n' "$URL/f/[1-60]" >statuses.$round
done
at_least 5 "$(grep -c 503 statuses.1)" "503s in the first round"
equal 0 "$(grep -c 503 statuses.2)" "503s in the second round"
at_least 1 "$(grep -c 404 statuses.2)" 404s
equal "$(grep -c 404 statuses.1)" "$(grep -c 404 statuses.2)" "404s again"
equal "$(grep -c 200 statuses.2)" "$(upstream_stat .unique_ok)" "unique successes"
equal "$(grep -c 200 statuses.1)" "$(upstream_stat .duplicates)" duplicates

upstream_reset
upstream_set transient-percent=0 permanent-percent=0 qps=1 burst=3 retry-after=7
equal "200200200429" "$(for id in 1 2 3 4; do ask -D heads "$URL/q/$id"; done)" "statuses at a limit"
tr -d '\r' <heads | grep -qx 'Retry-After: 7' || fail "no Retry-After"
equal 4 "$(upstream_stat .window_max)" "requests in a second"

upstream_set qps=0 keepalive-kill=1
upstream_reset
# curl itself repeats what dies on a kept connection: two items, three requests.
curl -s "$URL/k/1" "$URL/k/2" >/dev/null
equal "1 200 -
2 0 killed
2 200 -" "$(upstream_log | cut -d ' ' -f 4,5,8)" "requests on a killed connection"

upstream_set keepalive-kill=0 down=1
ask "$URL/x/1" >/dev/null
equal 7 $? "curl's exit code while down"
upstream_set down=0 status=500
equal 500 "$(ask "$URL/x/1")" "status once up again"
ask -X POST "$CONTROL/__control?nonsense=1" >/dev/null
contains answer "bad setting"

# In flight, counted over held answers; a client that leaves is not counted on.
upstream_set status=0 latency-ms=60000
curl -s -m 60 "$URL/slow/1" &
first=$!
curl -s -m 60 "$URL/slow/2" &
second=$!
in_flight() { [ "$(upstream_stat .in_flight)" = "$1" ]; }
wait_until in_flight 2
kill "$first"
wait_until in_flight 1
kill "$second"
wait_until in_flight 0

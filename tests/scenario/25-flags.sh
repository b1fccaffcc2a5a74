#!/bin/bash
# curl's flags mean what they mean to curl, and sluice's own do what they say.
. "$(dirname "$0")/lib.sh"

upstream_start
csv_items 10 >items.csv
sent() { exported "$1" --filter seq:3 | jq -r ".response | fromjson | .$2"; }

expect 0 run "$URL/echo/{{id}}" -i items.csv --name data -d 'name={{name}}' -H 'Content-Type: text/plain' -H 'X-Two: {{id}}'
equal POST "$(sent data method)" "method with -d"
equal "name=name 3" "$(sent data body)" "body with -d"
sent data headers | tr -d '\r' | grep -qx 'X-Two: 3' || fail "header with -H"
expect 0 run "$URL/echo/{{id}}" -i items.csv --name json --json '{"n":"{{name}}"}'
equal "name 3" "$(sent json body | jq -r .n)" "body with --json"
sent json headers | tr -d '\r' | grep -qix 'Content-Type: application/json' || fail "type with --json"
expect 0 run -X DELETE "$URL/echo/{{id}}" -i items.csv --name delete
equal DELETE "$(sent delete method)" "method with -X"

before=$(upstream_stat .requests)
expect 0 run "$URL/x/{{id}}" -i items.csv --name few --limit 4
counted few done 4
equal 4 $(($(upstream_stat .requests) - before)) "requests with --limit"

# A proxy sees the whole address; the scripted server answers as one.
before=$(upstream_stat .requests)
expect 0 run "http://nowhere.invalid/p/{{id}}" -i items.csv --name proxied -x "$URL"
equal 10 $(($(upstream_stat .requests) - before)) "requests through the proxy"

# The name comes from the items file; stdout stays clean; -q is quiet.
expect 0 run "$URL/y/{{id}}" -i items.csv -q
[ -z "$(cat out err)" ] || fail "-q is not quiet: $(cat out err)"
counted items done 10
expect 0 run "$URL/z/{{id}}" -i items.csv --name progress --progress json
[ ! -s out ] || fail "progress went to stdout"
for command in run serve ls status items show groups retry skip resolve pause resume cancel set export check explain rm db completion; do
	expect 0 $command --help
	[ -s out ] || fail "no help for $command"
done
expect 0 --version
for shell in bash zsh fish; do
	expect 0 completion $shell
	contains out concurrency
done
# Retries by curl's names.
upstream_set transient-percent=100 transient-times=0
expect 3 run "$URL/r/{{id}}" -i items.csv --name retries --retry 2 --retry-delay 0.01 --limit 1
equal 3 "$(field retries .attempts)" "attempts with --retry 2"

#!/bin/bash
# The dashboard behind a reverse proxy at a path of its own, with a label, and
# one that only shows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"
. "$HERE/servers.sh"

upstream_start
serve --base-path /sluice/ --label 'prod <1>'
port=$(free_port)
nginx_start "$port" "
	server {
		listen 127.0.0.1:$port;
		proxy_set_header Origin '';
		client_max_body_size 0;
		location /sluice { proxy_pass http://$ADDRESS; }
		location /stripped/ { proxy_pass http://$ADDRESS/; }
	}"
direct=$ADDRESS
contains background.err "http://$direct/sluice/#token="
get() { # get STATUS URL [CURL OPTIONS...]
	equal "$1" "$(curl -sS -o page -w '%{http_code}' "${@:3}" "$2")" "status of $2"
}
get 200 "http://127.0.0.1:$port/sluice/"
script=$(sed -n 's/.*src="\(@[0-9a-f]*\/app\.js\)".*/\1/p' page)
[ -n "$script" ] || fail "the page names no script, from where it stands"
get 200 "http://127.0.0.1:$port/sluice/$script"
get 200 "http://127.0.0.1:$port/stripped/$script"
get 200 "http://127.0.0.1:$port/stripped/app.js"
get 200 "http://$direct/sluice/" --compressed
get 200 "http://$direct/"
get 308 "http://$direct/sluice"
equal "/sluice/" "$(curl -sS -o /dev/null -D - "http://$direct/sluice" | tr -d '\r' | sed -n 's/^Location: //p')" "place of the page"
get 404 "http://$direct/sluices"
get 401 "http://127.0.0.1:$port/sluice/api/v1/jobs"

# A browser tells the proxy's name as Origin; the proxy, which knows it, takes it off.
csv_items 50 >items.csv
count=0
for ADDRESS in "127.0.0.1:$port/sluice" "127.0.0.1:$port/stripped" "$direct/sluice" "$direct"; do
	count=$((count + 1))
	name=through-$count
	asked 200 GET /server
	holds '.label == "prod <1>" and .base_path == "/sluice" and (.read_only | not)' answer
	job_made "$name" "$URL/x/{{id}}"
	origin=()
	[ "$count" -gt 2 ] || origin=(-H 'Origin: https://ops.example')
	asked 200 POST "/jobs/$name/items?format=csv" "${origin[@]}" --data-binary @items.csv
	asked 200 POST "/jobs/$name/seal" "${origin[@]}"
	wait_until job_is "$name" finished
	asked 200 GET "/jobs/$name/export" "${origin[@]}"
	equal 50 "$(wc -l <answer)" "rows exported through $ADDRESS"
done
asked 403 POST "/jobs/$name/pause" -H 'Origin: https://ops.example'
kill -TERM "$SLUICE_PID"
ended 0
expect 2 serve --base-path sluice
contains err "base path"
expect 2 serve --base-path '/a b'
expect 2 serve --label "$(printf '%080d' 1)"

# One that only shows: whatever is no question is refused.
serve --read-only
for call in 'POST /jobs' "PATCH /jobs/$name" "DELETE /jobs/$name" "POST /jobs/$name/pause" "POST /jobs/$name/items" \
	"POST /jobs/$name/retry" "POST /jobs/$name/items/1/retry" 'POST /db/vacuum' 'POST /db/backup'; do
	read -r method path <<<"$call"
	asked 403 "$method" "$path" -d '{}'
	contains answer read-only
done
asked 200 GET /server
holds '.read_only' answer
asked 200 GET "/jobs/$name"
asked 200 GET "/jobs/$name/items?limit=1"
asked 200 POST "/jobs/$name/items/1/preview" -d '{}'
# shellcheck disable=SC2016 # sluice expands it
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{id}}?k=${env:NOT_SET}"}},"items":"id,name\n1,a\n2,\"b\nc\"\n3,\"d\n","cut":true}'
holds '.rows == 2 and .fault == null and .columns == ["id","name"]' answer
equal 'http://x/2?k=***' "$(answer '.requests[1].request.url')" "URL as shown"
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{id}}"}},"items":"id\n1\n2,3\n"}'
holds '.rows == 1 and (.fault | test("row 2"))' answer
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{nope}}"}},"items":"id,name\n1,a\n2,b\n"}'
holds '.rows == 0 and .columns == ["id","name"] and (.fault | test("field .nope. is missing"))' answer
# A list on one line that is cut off, and one that is whole and no list of objects.
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{id}}"}},"items":"[{\"id\":1},{\"id\":2},{\"id\":","format":"json","cut":true}'
holds '.rows == 2 and .fault == null and (.requests | length) == 2' answer
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{id}}"}},"items":"[{\"id\":1},7]","format":"json"}'
holds '.rows == 1 and .fault != null' answer
asked 200 POST /check -d '{"job":{"request":{"url":"http://x/{{id}}"}}}'
holds '.rows == 0 and .requests == []' answer
asked 400 POST /check -d '{"job":{"request":{"url":"http://x/","bogus":1}}}'
expect 1 pause "$name"
contains err read-only
expect 0 status "$name"
kill -TERM "$SLUICE_PID"
ended 0

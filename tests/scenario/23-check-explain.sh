#!/bin/bash
# Nothing is sent by check, --dry-run and explain; they tell what would be.
. "$(dirname "$0")/lib.sh"

export TOKEN=check-secret
upstream_start
csv_items 20 >items.csv
cat >job.json <<JSON
{"name": "c", "items": "items.csv",
 "request": {"method": "POST", "url": "$URL/u/{{id}}", "headers": {"Authorization": "Bearer \${env:TOKEN}"}, "json": {"n": "{{name}}"}}}
JSON
expect 0 check job.json --render 2
contains out "/u/1"
contains out '"n":"name 2"'
lacks out check-secret
lacks out "/u/3"
expect 0 run job.json --dry-run
expect 2 check "$URL/{{nope}}" -i items.csv
contains err nope
# An empty body, as curl takes it.
expect 0 check -d '' "$URL/u/{{id}}" -i items.csv --render 1
contains out "POST $URL/u/1"
equal 0 "$(upstream_stat .requests)" requests

explained() { # explained FILTER WANTED RESPONSE OPTIONS…
	local filter=$1 wanted=$2
	printf '%b' "$3" >response
	shift 3
	expect_input 0 response explain "$@"
	equal "$wanted" "$(jq -c "$filter" out)" "explain $* of $(head -n 1 response)"
}
explained .decision '"done"' 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'
explained .decision '"fail"' 'HTTP/1.1 404 Not Found\r\n\r\n'
explained '[.decision,.wait_s.min,.source]' '["throttle",7,"retry-after"]' 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n'
explained .decision '"retry"' 'HTTP/1.1 502 Bad Gateway\r\n\r\n' --method GET
explained .decision '"unknown"' 'HTTP/1.1 502 Bad Gateway\r\n\r\n' --method POST
explained .decision '"retry"' 'HTTP/1.1 502 Bad Gateway\r\n\r\n' --method POST --keyed
equal 0 "$(upstream_stat .requests)" requests

# An empty body is a text like others; a name of a wrong type is no name.
echo '{"request": {"url": "http://x/"}, "rules": [{"if": "body == \"\"", "then": "skip"}]}' >empty.json
explained .decision '"skip"' 'HTTP/1.1 200 OK\r\n\r\n' empty.json
explained .decision '"done"' 'HTTP/1.1 200 OK\r\n\r\nx' empty.json
# Of a header that stands twice either may fit; != wants none that is equal.
for rule in 'header.x-d ~ \"b\"' 'header.x-d == \"a\"' 'header.x-d != \"c\"' 'header.x-d exists'; do
	echo '{"request": {"url": "http://x/"}, "rules": [{"if": "'"$rule"'", "then": "skip"}]}' >twice.json
	explained .decision '"skip"' 'HTTP/1.1 200 OK\r\nX-D: a\r\nX-E: c\r\nx-d: b\r\n\r\n' twice.json
done
for rule in 'header.x-d != \"b\"' 'header.x-d ~ \"c\"' 'header.x-f != \"c\"'; do
	echo '{"request": {"url": "http://x/"}, "rules": [{"if": "'"$rule"'", "then": "skip"}]}' >twice.json
	explained .decision '"done"' 'HTTP/1.1 200 OK\r\nX-D: a\r\nX-E: c\r\nx-d: b\r\n\r\n' twice.json
done
echo '{"name": 5, "request": {"url": "http://x/{{id}}"}}' >named.json
expect 2 check named.json -i items.csv
contains err "name: "

# A job's own rules, retries and headers.
cat >rules.json <<JSON
{"request": {"method": "POST", "url": "$URL/"}, "rules": [{"if": "\$.code == 9", "then": "skip"}],
 "headers": {"retry_after": {"name": "X-Come-Back", "unit": "ms"}}}
JSON
explained .decision '"skip"' 'HTTP/1.1 200 OK\r\n\r\n{"code":9}' rules.json
explained '[.wait_s.min,.source]' '[1.5,"x-come-back"]' 'HTTP/1.1 429 Slow\r\nX-Come-Back: 1500\r\nRetry-After: 7\r\n\r\n' rules.json
explained .decision '"unknown"' '' --method POST --curl-error 56 --bytes-sent 9
expect_input 2 /dev/null explain
expect_input 2 job.json explain
contains err "status line"

# Ctrl-C ends a long check at once, and leaves no job behind.
{ echo id; yes 12345678 | head -n 8000000; } >long.csv
for command in "check" "run --dry-run" "run --no-ui --name long"; do
	# shellcheck disable=SC2086
	python3 - "$SLUICE" $command "$URL/{{id}}" -i long.csv <<'CODE' || fail "$command goes on after Ctrl-C"
import signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(0.5)
p.send_signal(signal.SIGINT)
sys.exit(p.wait() not in (-signal.SIGINT, 7))
CODE
done
equal "" "$("$SLUICE" ls --json | jq -r '.jobs[]?.name' | grep -x long)" "a job of items that were not read"

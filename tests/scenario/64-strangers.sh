#!/bin/bash
# Strangers at the door: other origins, guessed tokens, requests that can be
# read in two ways, crowds.  The server stays there for who has the token.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

serve
status() { # status CURL OPTIONS…, the path last
	local path=${*: -1}
	curl -sS -o "$WORK/answer" -w '%{http_code}' "${@:1:$#-1}" "http://$ADDRESS$path"
}
with=(-H "Authorization: Bearer $SLUICE_TOKEN")
equal 200 "$(status /healthz)" "healthz"
equal 200 "$(status /)" "the page"
equal 401 "$(status /api/v1/jobs)" "no token"
equal 401 "$(status "/api/v1/jobs?token=$SLUICE_TOKEN")" "token in the query"
equal 401 "$(status -u "user:$SLUICE_TOKEN" /api/v1/jobs)" "token as a password"
equal 200 "$(status "${with[@]}" /api/v1/jobs)" "the token"
equal 200 "$(status "${with[@]}" -H "Origin: http://$ADDRESS" /api/v1/jobs)" "own origin"
equal 403 "$(status "${with[@]}" -H 'Origin: http://evil.example' /api/v1/jobs)" "another origin"
equal 403 "$(status "${with[@]}" -H 'Origin: null' /api/v1/jobs)" "no origin at all"
equal 403 "$(status "${with[@]}" -H 'Sec-Fetch-Site: cross-site' /api/v1/jobs)" "another site's page"
equal 403 "$(status "${with[@]}" -H 'Host: evil.example' /api/v1/jobs)" "a name that may be rebound"
equal 400 "$(status "${with[@]}" -H 'Host;' /api/v1/jobs)" "no host"
equal 400 "$(status "${with[@]}" -H 'Content-Length: 2' -H 'Transfer-Encoding: chunked' -d '{}' /api/v1/jobs)" "two lengths"
equal 400 "$(status "${with[@]}" /api/v1/jobs%00)" "an encoded NUL"
equal 400 "$(status --path-as-is "${with[@]}" /api/v1/../../etc/passwd)" "a path upwards"
equal 404 "$(status "${with[@]}" /etc/passwd)" "a file that is not the page's"
equal 405 "$(status "${with[@]}" -X OPTIONS /api/v1/jobs)" "OPTIONS"
lacks <(curl -sSi "${with[@]}" -H "Origin: http://$ADDRESS" "http://$ADDRESS/api/v1/jobs") Access-Control
head -c 2000000 /dev/zero | tr '\0' ' ' >blanks
equal 413 "$(status "${with[@]}" --data-binary @blanks /api/v1/jobs)" "a large body"
for _ in $(seq 30); do
	got=$(status -H 'Authorization: Bearer guessed' /api/v1/jobs)
done
equal 429 "$got" "many wrong tokens"
equal 200 "$(status "${with[@]}" /api/v1/jobs)" "the token, meanwhile"

# A crowd that says half a word each.
python3 - "$ADDRESS" <<'CODE'
import socket, sys
host, port = sys.argv[1].split(":")
crowd = []
for _ in range(300):
    s = socket.create_connection((host, int(port)), timeout=60)
    s.sendall(b"GET /healthz HT")
    crowd.append(s)
for s in crowd:
    s.close()
CODE
answered() { [ "$(status "${with[@]}" /api/v1/jobs)" = 200 ]; }
wait_until answered
# What a stranger said is nowhere to be read.
lacks "$WORK/background.err" guessed
kill -TERM "$SLUICE_PID"
ended 0

# A token that was chosen ends with the variable; one made at random is kept.
printed() { # the token of the server that is started now, and ends again
	SLUICE_TOKEN='' serve
	sed -n 's|.*#token=||p' "$WORK/background.err" | head -n 1
	kill -TERM "$SLUICE_PID"
	ended 0
}
printed >first
lacks first "$SLUICE_TOKEN"
printed >second
equal "$(cat first)" "$(cat second)" "the token after a restart"
equal 32 "$(head -c -1 first | wc -c)" "length of a random token"

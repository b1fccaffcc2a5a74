# shellcheck shell=bash
# For the scenarios of the API (60 to 69), after lib.sh: a `sluice serve`, and
# how to ask it.
export SLUICE_TOKEN=a-token-for-the-scenarios

# serve OPTIONS…: sets ADDRESS
serve() {
	rm -f "$WORK/background.err" # an earlier one's
	background serve --listen 127.0.0.1:0 "$@"
	wait_until grep -q '#token=' "$WORK/background.err"
	ADDRESS=$(sed -n 's|.*http://\([^/]*\)/[^ ]*#token=.*|\1|p' "$WORK/background.err")
}

# ask METHOD PATH [CURL OPTIONS…]: the body on stdout
ask() {
	local method=$1 path=$2
	shift 2
	curl -sS -X "$method" -H "Authorization: Bearer $SLUICE_TOKEN" "$@" "http://$ADDRESS/api/v1$path"
}

# asked STATUS METHOD PATH [CURL OPTIONS…]: the body in $WORK/answer
asked() {
	local wanted=$1 got
	shift
	got=$(ask "$@" -o "$WORK/answer" -w '%{http_code}')
	[ "$wanted" = "$got" ] || cat "$WORK/answer"
	equal "$wanted" "$got" "status of $1 $2"
}

answer() { # answer FILTER: of the last one
	jq -r "$1" "$WORK/answer"
}

# job_made NAME URL [MEMBERS]: a job that waits for its items
job_made() {
	asked 201 POST /jobs -d '{"name":"'"$1"'","request":{"method":"PUT","url":"'"$2"'"}'"${3+,$3}"'}'
}

job_is() { # job_is NAME STATE, for wait_until
	[ "$(ask GET "/jobs/$1" | jq -r .state)" = "$2" ]
}

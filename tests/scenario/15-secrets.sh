#!/bin/bash
# A secret goes to the server and nowhere else: not to the database, the log, the
# terminal, the API, an export, though the server says it back in its answer.
. "$(dirname "$0")/lib.sh"

export CRM_TOKEN="s3cr3t-of-the-environment" OTHER=unused
literal="literal-Bearer-0123456789"
printf 'file-secret-abcdef\n' >token.txt
upstream_start --permanent-percent 20
csv_items 30 >items.csv
cat >job.json <<JSON
{"name": "env", "items": "items.csv",
 "request": {"method": "POST", "url": "$URL/echo/{{id}}",
  "headers": {"Authorization": "Bearer \${env:CRM_TOKEN}", "X-File": "\${file:token.txt}"},
  "json": {"id": "{{id}}"}},
 "store": {"body": "all"}}
JSON
expect 3 run job.json
cp err env.err
cp out env.out
grep -q . env.err || fail "no output"
expect 3 run "$URL/echo/{{id}}" -i items.csv --name given -H "Authorization: Bearer $literal" -v
cat err out >given.text

# It did arrive.
upstream_set permanent-percent=0
curl -sSf "$URL/echo/1" -H "Authorization: Bearer $CRM_TOKEN" | grep -q "$CRM_TOKEN" || fail "the server does not echo"
exported env --state done | head -n 1 | jq -r .response >echoed
grep -q 'Authorization: Bearer' echoed || fail "no echo on record: $(cat echoed)"

for job in env given; do
	exported "$job" >"$job.ndjson"
	for command in status items groups "export --format csv"; do
		# shellcheck disable=SC2086
		"$SLUICE" ${command%% *} "$job" ${command#"${command%% *}"} >>"$job.seen" 2>&1
	done
	"$SLUICE" show "$job" 1 >>"$job.seen" 2>&1
	"$SLUICE" show "$job" 1 --curl >>"$job.seen" 2>&1
done
background serve
wait_until serving
for path in /jobs /jobs/env /jobs/env/items /jobs/env/items/1 /jobs/env/items/1/curl /jobs/env/events /jobs/env/export \
	/jobs/given/items/1 /jobs/given/items/1/curl /jobs/given/export; do
	api GET "$path" >>api.seen
done
kill -INT "$SLUICE_PID"
ended 0
for secret in "$CRM_TOKEN" "$literal" file-secret-abcdef; do
	for file in "$SLUICE_DB"* ./*.seen ./*.ndjson env.err env.out given.text background.err; do
		lacks "$file" "$secret"
	done
done

# Pasted, a copied curl command sends what the job sent, and holds no secret.
# What the server says of it, quoted again and again, is masked, too.
export ODD=$'pa"ss-WORD&y+%41 \\ $HOME `id`\n\xc3\xbc'
printf 'file "secret"\r\n' >odd.txt
cat >odd.json <<JSON
{"name": "copied", "items": "items.csv", "limit": 1,
 "request": {"method": "POST", "url": "$URL/echo/{{id}}?k=\${env:ODD}",
  "headers": {"X-Odd": "\${file:odd.txt}"},
  "json": {"k": "\${env:ODD}", "f": "\${file:odd.txt}"}},
 "store": {"body": "all"}}
JSON
expect 0 run odd.json
exported copied >copied.ndjson
contains copied.ndjson '***'
expect 0 show copied 1
lacks out 'cut when'
for file in "$SLUICE_DB"* copied.ndjson; do
	lacks "$file" 'ss-WORD'
	lacks "$file" secret
done
path=$(upstream_log | tail -n 1 | awk '{ print $3 }')
expect 0 show copied 1 --curl
cp out copied.sh
lacks copied.sh 'ss-WORD'
lacks copied.sh 'file "'
lacks copied.sh '***'
for shell in dash bash; do
	"$shell" copied.sh >answer 2>/dev/null || fail "$shell cannot run the curl command"
	holds '.target == "/echo/1?k=" + (env.ODD | @uri)' answer
	holds '.body == ({k: env.ODD, f: "file \"secret\""} | tojson)' answer
	holds '.headers | contains("X-Odd: file \"secret\"\r\n")' answer
	equal "$path" "$(upstream_log | tail -n 1 | awk '{ print $3 }')" "the path sent by $shell"
done
expect 0 show given 1 --curl
! sh out >answer 2>&1 || fail "the curl command runs without a credential"
contains answer request.headers.Authorization
SLUICE_SECRET_1=$literal sh out 2>/dev/null | grep -qF "Bearer $literal" || fail "it does not take the credential"

# Resumed with the reference on record and the value from the environment.
expect 0 retry env --all
expect 0 run job.json
counted env done 30
# Without the variable nothing is sent.
unset CRM_TOKEN
before=$(upstream_stat .requests)
expect 2 run job.json --new
contains err CRM_TOKEN
equal "$before" "$(upstream_stat .requests)" "requests without the secret"

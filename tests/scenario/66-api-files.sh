#!/bin/bash
# A job made over the API names the service's variables, and of its files those
# in SLUICE_API_FILES alone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/api.sh"

upstream_start
export CRM_TOKEN="token-of-the-environment"
mkdir allowed
echo file-of-the-folder >allowed/token
job() { # job NAME REFERENCE
	echo '{"name":"'"$1"'","request":{"method":"PUT","url":"'"$URL"'/x/{{id}}","headers":{"X-Api-Key":"'"$2"'"}}}'
}
serve
asked 201 POST /jobs -d "$(job env "\${env:CRM_TOKEN}")"
asked 400 POST /jobs -d "$(job file "\${file:$PWD/allowed/token}")"
contains answer SLUICE_API_FILES
asked 400 POST /jobs -d "$(job etc "\${file:/etc/passwd}")"
lacks answer root:
asked 404 GET /jobs/file
# Nor does a certificate or a key tell what there is.
for member in cacert cert; do
	for path in /etc/passwd /no/such/file; do
		asked 400 POST /jobs -d '{"name":"'$member'","request":{"url":"'"$URL"'/x/{{id}}","'$member'":"'$path'"}}'
		equal "request.$member: a job made over the API may not read this machine's files but for those in the folder of SLUICE_API_FILES, where that is set" \
			"$(answer .detail)" "what is told of $path"
		asked 400 POST /check -d '{"job":{"request":{"url":"'"$URL"'/x/{{id}}","'$member'":"'$path'"}}}'
	done
done
kill -INT "$SLUICE_PID"
ended 0

SLUICE_API_FILES=$PWD/allowed serve
asked 201 POST /jobs -d "$(job file "\${file:$PWD/allowed/token}")"
asked 400 POST /jobs -d "$(job etc "\${file:/etc/passwd}")"
asked 400 POST /jobs -d '{"name":"ca","request":{"url":"'"$URL"'/x/{{id}}","cacert":"'"$PWD"'/allowed/token"}}'
contains answer "holds no certificate"
asked 400 POST /jobs -d "$(job up "\${file:$PWD/allowed/../items.csv}")"
csv_items 3 >items.csv
asked 200 POST "/jobs/file/items?format=csv" --data-binary @items.csv
asked 200 POST /jobs/file/seal
wait_until job_is file finished
kill -INT "$SLUICE_PID"

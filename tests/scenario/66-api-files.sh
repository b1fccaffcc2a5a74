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
kill -INT "$SLUICE_PID"
ended 0

SLUICE_API_FILES=$PWD/allowed serve
asked 201 POST /jobs -d "$(job file "\${file:$PWD/allowed/token}")"
asked 400 POST /jobs -d "$(job etc "\${file:/etc/passwd}")"
asked 400 POST /jobs -d "$(job up "\${file:$PWD/allowed/../items.csv}")"
csv_items 3 >items.csv
asked 200 POST "/jobs/file/items?format=csv" --data-binary @items.csv
asked 200 POST /jobs/file/seal
wait_until job_is file finished
kill -INT "$SLUICE_PID"

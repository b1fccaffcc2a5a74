#!/bin/bash
# libcurl sends a request again by itself when a kept connection dies: for a POST
# without a key that must not happen, and the item is `unknown`.
. "$(dirname "$0")/lib.sh"

csv_items 40 >items.csv
upstream_start --keepalive-kill
expect 3 run -X POST "$URL/x/{{id}}" -i items.csv --name hidden -c 2
# The server read every request once, and killed every second one of a connection.
equal 40 "$(upstream_stat .requests)" requests
equal 40 "$(upstream_stat .unique)" "items that reached the server"
killed=$(upstream_stat .reset)
at_least 5 "$killed" "killed requests"
counted hidden unknown "$killed"
counted hidden done $((40 - killed))
sound hidden

# An idempotent request may be repeated; all end well.
upstream_reset
expect 0 run -X PUT "$URL/y/{{id}}" -i items.csv --name plain -c 2
counted plain done 40
equal 40 "$(upstream_stat .unique_ok)" "items that succeeded at the server"

#!/bin/bash
# Secrets never reach a core file: none is written, whatever the limits of the shell.
. "$(dirname "$0")/lib.sh"

export CRM_TOKEN="s3cr3t-that-must-not-be-dumped"
upstream_start
csv_items 50 >items.csv
ulimit -c unlimited 2>/dev/null || ulimit -S -c "$(ulimit -H -c)"
background run -X POST "$URL/delay/2000/{{id}}" -i items.csv --name core -c 4 -H "Authorization: Bearer \${env:CRM_TOKEN}"
wait_until upstream_saw 1
equal "0 0" "$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$SLUICE_PID/limits")" "core limits"
# Of a process that may not be dumped these belong to root.
equal 0 "$(stat -c %u "/proc/$SLUICE_PID/mem")" "owner of its memory"

# Python tells whether the kernel says that it dumped.
dumped=$(python3 - "$SLUICE" "$URL/delay/2000/{{id}}" <<'PYTHON'
import os, signal, sys, time
pid = os.fork()
if pid == 0:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.environ["SLUICE_DB"] = os.path.join(os.getcwd(), "dumped.db")
    os.execv(sys.argv[1], [sys.argv[1], "run", "-X", "POST", sys.argv[2], "-i", "items.csv",
                           "-H", "Authorization: Bearer ${env:CRM_TOKEN}"])
while not os.path.exists("dumped.db.lock"):
    time.sleep(0.05)
time.sleep(0.3)
os.kill(pid, signal.SIGABRT)
status = os.waitpid(pid, 0)[1]
print(os.WTERMSIG(status), os.WCOREDUMP(status))
PYTHON
)
equal "6 False" "$dumped" "end by SIGABRT, dumped"
kill -ABRT "$SLUICE_PID"
wait "$SLUICE_PID" 2>/dev/null
for file in ./core* "$SLUICE_DB"* dumped.db*; do
	[ -e "$file" ] || continue
	lacks "$file" "$CRM_TOKEN"
done

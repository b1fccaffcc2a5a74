#!/usr/bin/env python3
"""operator_pages.py HOST:PORT JOB N SECONDS: what N open pages of a running job ask.

Each: the job and its series every second, groups, failures, operations and events
every five, over one connection.  Prints how many calls were made and the slowest
in ms.  SLUICE_TOKEN as for the commands.
"""
import http.client
import json
import os
import random
import sys
import threading
import time

ADDRESS, JOB, PAGES, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
HEADERS = {"Authorization": "Bearer " + os.environ["SLUICE_TOKEN"], "Accept-Encoding": "gzip"}
EVERY_SECOND = ["", "/series?since={since}"]
EVERY_FIVE = ["/groups", "/items?filter=state:failed,unknown&limit=5", "/operations", "/events?after={event}"]
took_ms = []


def page(number):
    """One page, until the time is over."""
    connection = http.client.HTTPConnection(ADDRESS)
    since, event, turn = 0, 0, 0
    end = time.monotonic() + SECONDS
    time.sleep(random.Random(number).random())
    while time.monotonic() < end:
        for path in EVERY_SECOND + (EVERY_FIVE if turn % 5 == 0 else []):
            began = time.monotonic()
            connection.request("GET", f"/api/v1/jobs/{JOB}" + path.format(since=since, event=event),
                               headers=HEADERS)
            answer = connection.getresponse()
            body = answer.read()
            took_ms.append((time.monotonic() - began) * 1000)
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status}")
            if path.startswith("/series") and answer.headers.get("Content-Encoding") is None:
                samples = json.loads(body)["samples"]
                since = samples[-1]["t"] if samples else since
            elif path.startswith("/series"):
                since = int(time.time() * 1000) - 2000
            elif path.startswith("/events"):
                event = 10**9
        turn += 1
        time.sleep(max(0, 1 - (time.monotonic() - began)))


threads = [threading.Thread(target=page, args=(number,)) for number in range(PAGES)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(took_ms), "calls, slowest", round(max(took_ms), 1), "ms")

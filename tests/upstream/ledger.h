/* The server's memory: what was asked, what was answered, how often and how
 * fast.  Tests take it for the truth about a run. */
#ifndef UPSTREAM_LEDGER_H
#define UPSTREAM_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/upstream/message.h"

/* What is known of one item id. */
struct seen {
	uint64_t hash;      /* of the id, never 0 */
	uint32_t requests;
	uint16_t succeeded; /* answered 2xx with success */
	uint16_t failed;    /* transient failures handed out */
	uint8_t faults;     /* once-only faults handed out, bits of the caller's choice */
};

struct ledger {
	struct seen *table;
	uint64_t table_size, table_used;

	int64_t requests, reset, truncated, unique_ok, duplicates, connections;
	int64_t by_status[1000];
	int64_t in_flight, in_flight_max;
	int64_t first_ns, last_ns;

	int64_t *window; /* ring of arrival times of the last second */
	uint64_t window_size, window_head, window_count, window_max;

	int log_fd;
	struct bytes log;
};

int64_t monotonic_ns(void);
uint64_t hash_bytes(const char *data, size_t length);

/* path NULL: no log.  False with errno set where it cannot be written. */
bool ledger_open(struct ledger *ledger, const char *path);
void ledger_flush(struct ledger *ledger);
/* Forget everything but open connections; the log starts anew. */
void ledger_reset(struct ledger *ledger);

/* The entry of an id, made on first sight.  Valid until the next call. */
struct seen *ledger_seen(struct ledger *ledger, struct span id);

/* A request came in: counts it in the one-second window and in flight. */
void ledger_arrive(struct ledger *ledger, int64_t now_ns);

/* What it is answered with.  status 0: closed without an answer.  success: the
 * item took effect.  note: "-", "reset", "truncated", "killed". */
struct entry {
	int64_t now_ns;
	struct span method, path, id, key;
	int status;
	bool success;
	const char *note;
};
/* Log line: "ns method path id status key in-flight note". */
void ledger_answer(struct ledger *ledger, struct seen *seen, const struct entry *entry);

/* The answer went out, or its connection died before. */
void ledger_leave(struct ledger *ledger);

/* GET /__stats */
void ledger_stats(const struct ledger *ledger, struct bytes *out);

#endif

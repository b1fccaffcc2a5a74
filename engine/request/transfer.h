/* HTTP exchanges over one curl multi: the only user of libcurl but for link/.
 *
 * A struct transfer belongs to one thread, but for transfer_wake().  Works
 * without copying: the exchange stays the caller's and must not move until it
 * comes back through `finished`.
 *
 * Trap (DESIGN 3): libcurl re-sends a request on a fresh connection when a
 * reused one dies before the first byte.  CURLOPT_PREREQFUNCTION counts; a
 * second call within one attempt of a request that may not be repeated aborts
 * it (TRANSPORT_RESENT).  No call at all: nothing was sent. */
#ifndef SLUICE_REQUEST_TRANSFER_H
#define SLUICE_REQUEST_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"
#include "engine/policy/outcome.h"
#include "engine/request/plan.h"

#define RESPONSE_HEADERS_MAX 65536

struct response {
	enum transport transport;
	int curl_error;       /* CURLcode, 0 none */
	char error_text[256]; /* libcurl's words, "" none */
	int http_status;      /* 0: none */
	int http_version;     /* 10, 11, 20, 30; 0 */
	bool sent;            /* prereq fired: some of the request may have reached the server */
	int64_t bytes_sent;
	struct buffer headers;/* raw block of the last response, "Name: value\r\n" lines, capped */
	struct buffer body;   /* decoded; capped at body_bytes_max */
	int64_t body_bytes;   /* what came, cap or not */
	bool truncated;       /* body holds less than came */
	int64_t started_wall_ms;
	int64_t total_us, connect_us, first_byte_us; /* from start; connect 0: reused connection */
	char remote[64];      /* "127.0.0.1:443" */
};

struct exchange {
	/* in */
	const struct plan *plan;   /* timeouts, proxy, TLS, redirects: plan_spec() */
	struct rendered request;
	bool may_repeat;           /* idempotent or keyed */
	int64_t body_bytes_max;
	/* out */
	struct response response;
	/* transfer's own */
	void *handle;
	int prereq_calls;
	void *owner;               /* free for the caller */
};
void exchange_free(struct exchange *exchange); /* its buffers, not itself */

struct transfer;

/* Once per process before threads: curl_global_init. */
enum status transfer_global_init(struct error *error);
const char *transfer_version(void); /* libcurl's version line */

/* `connections_max`: idle + busy connections kept. */
struct transfer *transfer_new(int connections_max,
                              void (*finished)(void *context, struct exchange *exchange),
                              void *context);
void transfer_free(struct transfer *transfer); /* none may be under way; aborts what is */

/* Begin.  Always ends in one call of `finished`, from transfer_run(). */
void transfer_start(struct transfer *transfer, struct exchange *exchange);
/* Do what there is to do; wait for network or wake for at most timeout_ms. */
void transfer_run(struct transfer *transfer, int timeout_ms);
/* Abort all that is under way (second Ctrl-C, hard stop); they finish with TRANSPORT_LOCAL or BROKEN by `sent`. */
void transfer_abort_all(struct transfer *transfer);
int transfer_active(const struct transfer *transfer);
/* From any thread: make transfer_run return soon. */
void transfer_wake(struct transfer *transfer);

/* libcurl's error number -> class; `sent` as in struct response. */
enum transport transfer_classify(int curl_error, bool sent);

#endif

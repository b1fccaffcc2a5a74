/* HTTP exchanges over one curl multi: the only user of libcurl but for link/.
 *
 * A struct transfer belongs to one thread, but for transfer_wake().  Works
 * without copying: the exchange stays the caller's and must not move until it
 * comes back through `finished`.
 *
 * Trap (DESIGN 3): libcurl re-sends a request on a fresh connection when a
 * reused one dies before the first byte.  CURLOPT_PREREQFUNCTION counts; a
 * second call before an answer came, for a request that may not be repeated,
 * aborts it (TRANSPORT_RESENT).  No call at all: nothing was sent.
 *
 * What goes out: the rendered request as it is, and libcurl's own Host, Accept,
 * Accept-Encoding (all it can decode), User-Agent and Content-Length.  A
 * header with an empty value is sent empty; where it names one of libcurl's
 * own (Accept, User-Agent, …) it removes that one, as curl's -H does.  A given
 * Content-Length is dropped: the body's length is known here.  HEAD carries no
 * body.
 *
 * HTTP/2 is spoken where an https server has it, but only for requests that may
 * be repeated; the others go over HTTP/1.1, one at a time on a connection, for
 * an HTTP/2 connection that ends leaves several of them in doubt.
 *
 * Redirects, where asked for: at most 10, http and https only.  301 and 302
 * turn POST into GET, 303 turns everything into GET, 307 and 308 keep method
 * and body.  On the way to another origin the headers whose names speak of
 * secrets (secret_name) are left out. */
#ifndef SLUICE_REQUEST_TRANSFER_H
#define SLUICE_REQUEST_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"
#include "engine/policy/outcome.h"
#include "engine/request/plan.h"

#define RESPONSE_HEADERS_MAX 65536

/* Bodies.  Where the job's rules or extract read them (spec.reads_body) up to
 * BODY_BYTES_JUDGED_MAX are held, otherwise up to body_bytes_max; past that a
 * body is only counted, and past BODY_BYTES_IGNORED_MAX more the rest is not
 * waited for (an endless or a bomb of a body): the exchange ends as if the body
 * ended there, truncated.  A body that is to be read and cannot be held whole
 * ends the exchange at once.
 *
 * What bodies hold beyond BODY_BYTES_FREE each is drawn from BODY_ROOM, one
 * budget for all the process. */
#define BODY_BYTES_JUDGED_MAX (64 << 20)
#define BODY_BYTES_IGNORED_MAX (64 << 20)
#define BODY_BYTES_FREE (64 << 10)
#define BODY_ROOM ((size_t)256 << 20)

enum body_end {
	BODY_WHOLE,
	BODY_CAPPED,    /* the rest was not wanted */
	BODY_TOO_LARGE, /* it was wanted: past BODY_BYTES_JUDGED_MAX */
	BODY_NO_ROOM,   /* it was wanted: BODY_ROOM is used up */
};

#define REDIRECTS_MAX 10

struct response {
	enum transport transport;
	int curl_error;       /* CURLcode, 0 none */
	char error_text[256]; /* libcurl's words, "" none */
	int http_status;      /* 0: none */
	int http_version;     /* 10, 11, 20, 30; 0 */
	bool sent;            /* prereq fired: some of the request may have reached the server */
	int64_t bytes_sent;   /* headers and body, all hops and re-sends */
	struct buffer headers;/* raw block of the last response, "Name: value\r\n" lines without
	                         status line and trailers; whole lines up to RESPONSE_HEADERS_MAX */
	struct buffer body;   /* decoded */
	enum body_end body_end;
	int64_t body_bytes;   /* what came, cap or not */
	bool truncated;       /* body holds less than came */
	int64_t started_wall_ms;
	int64_t total_us, connect_us, first_byte_us; /* from start; connect 0: reused connection */
	char remote[64];      /* "127.0.0.1:443", "[::1]:443"; "" where nothing was sent */
};

struct exchange {
	/* in */
	const struct plan *plan;   /* timeouts, proxy, TLS, redirects: plan_spec() */
	struct rendered request;
	bool may_repeat;           /* idempotent or keyed */
	int64_t body_bytes_max;    /* to be kept in the end */
	/* out */
	struct response response;
	/* transfer's own */
	void *handle;
	struct exchange *next;
	int prereq_calls;
	size_t body_room;          /* drawn from BODY_ROOM */
	void *owner;               /* free for the caller */
};
void exchange_free(struct exchange *exchange); /* its buffers, not itself */
/* Back to zero for another use; each buffer keeps at most keep_max bytes of memory. */
void exchange_reset(struct exchange *exchange, size_t keep_max);
/* Cut the body to at most `bytes` and give back the memory beyond; any thread. */
void exchange_cut_body(struct exchange *exchange, size_t bytes);
size_t exchange_body_room(void); /* of BODY_ROOM, left now */
size_t exchange_memory(const struct exchange *exchange); /* bytes its buffers hold */

struct transfer;

/* Once per process before threads: curl_global_init. */
enum status transfer_global_init(struct error *error);
const char *transfer_version(void); /* libcurl's version line */

/* `connections_max`: connections kept for reuse; grows by itself where more
 * exchanges than that are under way at once.  NULL without memory or descriptors. */
struct transfer *transfer_new(int connections_max,
                              void (*finished)(void *context, struct exchange *exchange),
                              void *context);
/* What is still under way is dropped without a call of `finished`.  NULL is allowed. */
void transfer_free(struct transfer *transfer);

/* Begin.  Always ends in one call of `finished`, from transfer_run(). */
void transfer_start(struct transfer *transfer, struct exchange *exchange);
/* One round: wait for the network or a wake for at most timeout_ms (not at all
 * where something was started since the last round), do what there is to do,
 * call `finished` for what ended.  `finished` may call transfer_start. */
void transfer_run(struct transfer *transfer, int timeout_ms);
/* Abort all that is under way (second Ctrl-C, hard stop); they finish, in the
 * next transfer_run(), with TRANSPORT_LOCAL or BROKEN by `sent`. */
void transfer_abort_all(struct transfer *transfer);
int transfer_active(const struct transfer *transfer);
/* From any thread: make transfer_run return soon. */
void transfer_wake(struct transfer *transfer);

/* libcurl's error number -> class; `sent` as in struct response.  Once
 * something was sent no class is answered that means "nothing sent": a failure
 * to reach the next hop of a redirect, say, is TRANSPORT_BROKEN. */
enum transport transfer_classify(int curl_error, bool sent);
/* libcurl's words for its error number. */
const char *transfer_error_text(int curl_error);

#endif

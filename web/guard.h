/* Who may ask for what: pure decisions about a request's headers, made before
 * any of it is believed.
 *
 * The dangers, and what stands against each:
 *  - another local user or program: the token, only in the Authorization
 *    header, compared in constant time;
 *  - a web page in the user's browser: Origin and Sec-Fetch-Site must say that
 *    the request is our own page's; there is no CORS;
 *  - DNS rebinding (a hostile name that resolves to 127.0.0.1): Host must be
 *    "localhost" or an IP address, with our port.  An address cannot be rebound,
 *    so any address is good, whichever we listen on: behind NAT or a container's
 *    forwarded port the client knows another one than we do;
 *  - requests that two parties may read in two ways: anything doubtful in the
 *    framing is refused. */
#ifndef SLUICE_WEB_GUARD_H
#define SLUICE_WEB_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A request refused: http_status 0 where it is not. */
struct refusal {
	int http_status;
	const char *detail; /* static text */
};

/* What the headers say.  Zero-initialise, add each header, then guard_framing.
 * The values are the caller's memory. */
struct guard_facts {
	const char *host, *origin, *authorization;
	const char *content_length, *transfer_encoding;
	const char *fetch_site, *fetch_mode, *fetch_dest;
	const char *expect, *client;
	const char *fault;     /* the first thing that is wrong; static text */
	/* From guard_framing: */
	bool has_body;
	bool length_known;
	uint64_t body_length;  /* where it is known */
};

/* Lengths are those of the wire: a NUL within is found. */
void guard_add(struct guard_facts *facts, const char *name, size_t name_length, const char *value,
               size_t value_length);

/* Host, Content-Length, Transfer-Encoding, Authorization, Origin stand at most
 * once; a body's length is told in one way; names and values hold no control
 * characters.  400 or 501 else. */
struct refusal guard_framing(struct guard_facts *facts);

enum guard_zone {
	ZONE_OPEN,  /* health: no token */
	ZONE_PAGE,  /* the page's files: no token, nothing secret in them */
	ZONE_TOKEN, /* everything else */
};
enum guard_zone guard_zone(const char *path);

/* 400 without Host, 403 where it is not ours. */
struct refusal guard_host(const struct guard_facts *facts, int port);

/* 403 where a browser says that another site's page is asking.  A person who
 * follows a link to our page from elsewhere is let in (it is a navigation, and
 * the page cannot be framed). */
struct refusal guard_origin(const struct guard_facts *facts, enum guard_zone zone);

/* Failed logins of late.  Guarded by the caller's lock. */
struct guard_logins {
	int64_t window_began_ns;
	int failures;
};
#define LOGIN_FAILURES_MAX 20
#define LOGIN_WINDOW_S 10

/* 401 without a token or with a wrong one; 429 where there were too many wrong
 * ones.  The right one is always let in: whoever guesses cannot lock it out. */
struct refusal guard_token(const struct guard_facts *facts, const char *token,
                           struct guard_logins *logins, int64_t now_mono_ns);

/* "page", "cli" or "api", for the audit log: what the client says of itself
 * (X-Sluice-Client). */
const char *guard_who(const struct guard_facts *facts);

#endif

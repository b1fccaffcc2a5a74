/* What the scripted server is told to do: the command line's `--name value`
 * and, at run time, `POST /__control?name=value&…` set the same names. */
#ifndef UPSTREAM_SETTINGS_H
#define UPSTREAM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings {
	int64_t latency_ms;        /* before each answer */
	int64_t latency_jitter_ms; /* plus 0..this, evenly spread */

	/* Shares of the items, in percent, chosen by hash of item id and seed. */
	double transient_percent;  /* fail transient_times times, then succeed */
	int64_t transient_times;   /* 0: for ever */
	int64_t transient_status;
	double permanent_percent;  /* always permanent_status */
	int64_t permanent_status;
	double code_percent;       /* 200 with {"code":1001,…}: refused by the application */
	double reset_percent;      /* once: the request is read, then the connection closed */
	double truncate_percent;   /* once: the body ends early */
	int64_t seed;

	/* 429 above these; 0: no limit. */
	double qps;
	int64_t burst;
	int64_t concurrency_limit;
	int64_t retry_after_s;     /* sent with a 429; 0: not sent */
	int64_t ratelimit_headers; /* 1: X-RateLimit-Limit, -Remaining, -Reset */

	int64_t status;            /* every answer has this status; 0: as decided */
	int64_t body_bytes;        /* at least so many bytes of JSON */
	int64_t close_every;       /* Connection: close on each so manieth request of a connection */
	int64_t keepalive_kill;    /* 1: read a connection's 2nd request, then close it */
	int64_t down;              /* 1: refuse connections, drop those that are open */

	char id_from[16];          /* auto | path | query | header | body */
	char key_header[64];       /* where the idempotency key is looked for */
	char extra_header[256];    /* a line added to each answer, "" none */
};

void settings_init(struct settings *settings);

/* Set one by its command-line name without the dashes ("latency-ms").  False
 * where there is no such name or the value does not fit; nothing is changed. */
bool settings_set(struct settings *settings, const char *name, const char *value);

/* Call `visit` with each name, for --help. */
void settings_names(void (*visit)(const char *name));

#endif

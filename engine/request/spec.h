/* A job file, checked and typed.
 *
 * There is one way in: JSON text -> struct spec.  `sluice run`'s flags are laid
 * over the JSON first (jobfile.h), the API posts the same JSON, and the
 * database keeps it (`canonical`), so that every door is checked by the same
 * code.
 *
 * Secrets: `canonical` holds references only (${env:X}, ${file:P}, and
 * ${given:PATH} for literal credentials, see secret.h); the struct's strings
 * hold the same references.  They are replaced when a plan is made (plan.h). */
#ifndef SLUICE_REQUEST_SPEC_H
#define SLUICE_REQUEST_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/policy/bucket.h"
#include "engine/policy/halt.h"
#include "engine/policy/headers.h"
#include "engine/policy/outcome.h"

struct condition; /* condition.h */

enum body_kind { BODY_NONE, BODY_ITEM /* the item itself as JSON */, BODY_JSON, BODY_TEXT, BODY_FORM };
enum store_body { STORE_BODY_ALL, STORE_BODY_FAILED, STORE_BODY_NONE };
enum items_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_NDJSON, FORMAT_JSON, FORMAT_LINES };

struct name_value {
	char *name, *value; /* value: template text (path text for extract) */
};

struct spec_rule {
	char *text;                  /* the condition as written */
	struct condition *condition; /* compiled */
	enum decision then;
	char *code, *message;        /* JSON paths or NULL */
};

struct spec {
	char *canonical;    /* canonical JSON of everything below but `items`: what is stored and compared */
	size_t canonical_length;

	char *name;         /* 1..100 characters, no control characters, no '/'; may be NULL until given */
	char *items;        /* path as written, "-" for stdin, NULL */
	enum items_format format;
	char *key;          /* column or NULL */
	int64_t items_limit;/* --limit; 0: all */

	struct {
		char *method; /* upper case token; defaults to GET, or POST where a body is given */
		char *url;    /* template */
		struct name_value *query, *headers, *form;
		int query_count, header_count, form_count;
		enum body_kind body_kind;
		char *body;   /* BODY_TEXT: template; BODY_JSON: the raw JSON text as written, numbers untouched */
		size_t body_length;
		int64_t timeout_ms, connect_timeout_ms;
		bool follow_redirects;
		char *proxy, *cacert, *cert, *key_file; /* or NULL */
	} request;

	char *idempotency_header; /* NULL: no key */
	int64_t key_age_ms_max;   /* servers forget keys: later nothing is sent again by itself */

	char *verify_url;     /* template of a GET that tells whether an unknown item took effect; NULL */
	char *verify_done_if; /* the condition under which it did */

	struct spec_rule *rules;
	int rule_count;
	struct condition *ok_if;  /* NULL: status decides */
	char *ok_if_text;
	struct name_value *extract;
	int extract_count;
	bool reads_body;          /* a rule, ok_if or extract looks into a response's body */

	enum store_body store_body;
	int64_t body_bytes_max;

	int concurrency;    /* 1..100000, default 16 */
	struct rate rate;   /* count 0: no limit */
	char *rate_text;    /* as written: "50/s"; NULL */
	int64_t burst;      /* >= 1 */
	bool adapt;         /* the pace follows what the target bears */
	char *share;        /* jobs of the same name here share their limit; NULL */

	struct halt_policy halt;
	int64_t canary;     /* send so many, then wait for a person; 0: no */

	struct retry_policy retry;
	struct header_overrides headers; /* what no parser can know of this target */

	bool idempotent;    /* by method */
	bool keyed;         /* idempotency_header given */
};

/* Parse and check a job file's text (JSON; // and C comments allowed).
 * Errors name the place: "limits.rate: …", "line 3, column 7: …".  Unknown
 * keys, wrong types, values out of range, and keys that belong to work not
 * finished yet ("alerts: not supported yet") are STATUS_USAGE.
 * `literal` (may be NULL) receives the literal credentials that were moved out
 * of the text (secret.h); with NULL they are refused. */
struct secret_set;
enum status spec_parse(const char *text, size_t length, struct secret_set *literal,
                       struct spec **spec, struct error *error);

/* The job that asks: a GET of verify.url with this one's headers, whose one rule
 * is verify.done_if.  Only where there is verify_url. */
enum status spec_question(const struct spec *spec, struct spec **question, struct error *error);

void spec_free(struct spec *spec); /* NULL is allowed */

/* Parse "50/s", "100/m", "3/h" (unit required, 1 <= count <= 1e9; decimals
 * such as "0.5/s" too). */
enum status rate_parse(const char *text, struct rate *rate, struct error *error);

/* The differences between two canonical texts, one a line: "request.url: "a" ->
 * "b"".  Returns how many (0: the same).  Long values are cut. */
int spec_difference(const char *old_canonical, const char *new_canonical, struct buffer *lines);

#endif

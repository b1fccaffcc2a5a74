/* A job's request, ready to be made for any item: templates compiled, secrets
 * in.  Immutable once made; many threads render from it at once.
 *
 * Headers that go out unless the job gives its own (an empty value leaves one
 * out): User-Agent "sluice/VERSION"; Accept (anything); Content-Type
 * application/json for `json`, for the item itself and for a text body that is
 * wrapped in {} or [], application/x-www-form-urlencoded for `form` only,
 * text/plain; charset=utf-8 for every other text body (also one of curl's -d). */
#ifndef SLUICE_REQUEST_PLAN_H
#define SLUICE_REQUEST_PLAN_H

#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"
#include "engine/request/template.h"

struct plan;

/* `job_uuid`: 16 random bytes of the job, the salt of idempotency keys.
 * `secrets` holds the given ones and receives the rest; it must outlive the plan,
 * the spec need not. */
enum status plan_make(const struct spec *spec, const char *job_name,
                      const unsigned char job_uuid[16], struct secret_set *secrets,
                      struct plan **plan, struct error *error);
void plan_free(struct plan *plan);
/* What was given to plan_make (but for items, format and limit), with the secrets in request.proxy. */
const struct spec *plan_spec(const struct plan *plan);
const struct secret_set *plan_secrets(const struct plan *plan);
/* The plan of the job's verify request; NULL without one. */
const struct plan *plan_question(const struct plan *plan);
/* A number that jobs with the same host and the same credentials share. */
uint64_t plan_upstream(const struct plan *plan);

/* One request.  Zero-initialise once, reuse for item after item: the memory stays. */
struct rendered {
	const char *method;    /* the plan's */
	struct buffer url;     /* absolute, percent-encoded */
	struct buffer headers; /* "Name: value\0" after "Name: value\0" …; "Name:" where it is empty */
	int header_count;
	bool headers_constant; /* the same bytes for every item of this plan */
	struct buffer body;
	bool has_body;
	char idempotency_key[40]; /* "" without */
	/* plan_render's own: memory that stays */
	struct template_scratch scratch;
	struct buffer values;
};
void rendered_free(struct rendered *rendered);

/* Render for one item.  STATUS_USAGE says which field and where
 * ("request.headers.X-Name: field 'name' holds a line break"). */
enum status plan_render(const struct plan *plan, int64_t seq, const char *key, size_t key_length,
                        struct json_span input, struct rendered *out, struct error *error);

/* Could plan_render fail for this item?  Cheap check for the import pass:
 * fills `column` with the field that is missing or unfit. */
enum status plan_check_item(const struct plan *plan, int64_t seq, struct json_span input,
                            struct rendered *scratch, struct error *error);

/* As a curl command that sends the same bytes when pasted into a POSIX shell: the
 * shell takes the secrets from the environment and from their files, and encodes
 * them.  For those that were given it asks, and sends nothing without them. */
enum status plan_curl(const struct plan *plan, int64_t seq, const char *key, size_t key_length,
                      struct json_span input, struct buffer *out, struct error *error);

/* The same without a plan: no secret needs to be at hand. */
enum status plan_curl_of_spec(const struct spec *spec, const char *job_name,
                              const unsigned char job_uuid[16], int64_t seq, const char *key,
                              size_t key_length, struct json_span input, struct buffer *out,
                              struct error *error);

/* The request as a person sees it, secrets as "***"; zero-initialise.  The same
 * errors as plan_render's; no secret needs to be at hand. */
struct plan_shown {
	struct buffer method, url;
	struct buffer headers; /* "Name: value" lines */
	struct buffer body;
	bool has_body;
};
void plan_shown_free(struct plan_shown *shown);
enum status plan_show(const struct spec *spec, const char *job_name,
                      const unsigned char job_uuid[16], int64_t seq, const char *key,
                      size_t key_length, struct json_span input, struct plan_shown *shown,
                      struct error *error);

/* The idempotency key of an item: UUID form of SHA-256(uuid, seq). */
void plan_idempotency_key(const unsigned char job_uuid[16], int64_t seq, char out[40]);

#endif

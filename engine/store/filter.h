/* The filter language: `state:failed http:503 code:1001 group:ab12 key:K
 * seq:10-20 text:timeout field.city:Beijing`.  Terms are joined by and, `-`
 * before a term negates it, values may be quoted "like this".  http: takes
 * 503, 5xx, 500-599; seq: takes N, N-M, N- and -M; state: and http: take
 * comma lists. */
#ifndef SLUICE_STORE_FILTER_H
#define SLUICE_STORE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/policy/state.h"

struct filter;

/* Errors name the term: "filter: unknown term 'foo:1' (state http code group
 * key seq text field.NAME)".  NULL or blank text: everything matches. */
enum status filter_parse(const char *text, struct filter **filter, struct error *error);
void filter_free(struct filter *filter);

/* What a row shows to the filter; pointers may be NULL. */
struct filter_row {
	int64_t seq;
	enum item_state state;
	int http_status;
	uint64_t group;
	const char *code, *message, *key;
	struct json_span input;
};
bool filter_match(const struct filter *filter, const struct filter_row *row);

/* What narrows the scan: used to choose the driving index. */
bool filter_single_state(const struct filter *filter, enum item_state *state); /* state:X, not negated, one */
bool filter_dead_only(const struct filter *filter); /* every match is failed, unknown or skipped */
bool filter_single_group(const struct filter *filter, uint64_t *group);        /* whole 16 digits */
bool filter_single_key(const struct filter *filter, const char **key);
/* Narrows [*first, *last], which the caller sets, to where matches can lie. */
void filter_seq_range(const struct filter *filter, int64_t *first, int64_t *last);
/* Are causes (code, message), or the input and its key, needed at all? */
bool filter_wants_cause(const struct filter *filter);
bool filter_wants_input(const struct filter *filter);

#endif

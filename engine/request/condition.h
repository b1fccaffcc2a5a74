/* Conditions on a response: `status == 200 and $.code == 0`.
 *
 * Left side: status, header.NAME, body, or a JSON path of the body (SQLite's
 * syntax).  Operators == != < <= > >= ~ (contains) and `exists`; joined by and
 * / or (and binds tighter; parentheses group).  Right side: number, "string"
 * or 'string', true, false, null.  Numbers compare exactly, whatever their
 * length; a comparison with a thing that is not there is false (!= too). */
#ifndef SLUICE_REQUEST_CONDITION_H
#define SLUICE_REQUEST_CONDITION_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"

struct condition;
struct jsonpath; /* jsonpath.h: one per thread */

struct response_view {
	int status;
	const char *headers; /* raw block */
	size_t headers_length;
	const char *body;
	size_t body_length;
};

/* Errors: "column 12: expected a comparison". */
enum status condition_compile(const char *text, struct condition **condition, struct error *error);
void condition_free(struct condition *condition);
/* Does it ask for anything of the body? */
bool condition_reads_body(const struct condition *condition);
bool condition_holds(const struct condition *condition, const struct response_view *response,
                     struct jsonpath *jsonpath);

#endif

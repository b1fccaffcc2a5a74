/* What `sluice export` wrote goes in again: the failed items of one job are the
 * items of another. */
#include <string.h>

#include "engine/intake/reader_internal.h"

/* The members of an exported item, in their order (engine_export.c). */
static const char *const members[] = {"seq",     "key",       "state",   "attempts",
                                      "http_status", "class", "code",    "message",
                                      "input",   "extracted", "response"};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

struct json_span reader_unwrap(struct json_span item)
{
	struct json_cursor cursor = json_walk(item);
	struct json_span name, value, input = item;
	size_t count = 0;

	while (json_next(&cursor, &name, &value)) {
		/* All of them and no others: an item of somebody else's is left as it is. */
		if (count == MEMBERS ||
		    !json_string_equals(name, members[count], strlen(members[count])))
			return item;
		if (strcmp(members[count], "input") == 0)
			input = value;
		count++;
	}
	return count == MEMBERS && json_type(input) == JSON_OBJECT ? input : item;
}

/* What `sluice export` wrote goes in again: the failed items of one job are the
 * items of another. */
#include <string.h>

#include "engine/intake/exported.h"
#include "engine/intake/reader_internal.h"

const char *const exported_columns[EXPORTED_COLUMNS] = {
    "sluice_seq",         "sluice_state", "sluice_attempts",
    "sluice_http_status", "sluice_code",  "sluice_message"};

static bool is_named(const char *name, size_t length, const char *wanted)
{
	return length == strlen(wanted) && memcmp(name, wanted, length) == 0;
}

void exported_run_see(struct exported_run *run, const char *name, size_t length)
{
	if (is_named(name, length, exported_columns[run->matched]))
		run->matched++;
	else
		run->matched = is_named(name, length, exported_columns[0]);
	run->seen++;
	if (run->matched == EXPORTED_COLUMNS) {
		run->begins = run->seen - EXPORTED_COLUMNS;
		run->matched = 0;
	}
}

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

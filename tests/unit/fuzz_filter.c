/* Any filter text: refused with words, or the same answer for a row however often
 * it is asked, and what narrows a scan never leaves out a row that matches. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT(text) {text, sizeof(text) - 1}

static const struct filter_row rows[] = {
	{.seq = 1, .state = ITEM_DONE, .http_status = 200, .key = "alice",
	 .input = INPUT("{\"city\":\"Beijing\",\"n\":1,\"the city\":\"x\"}")},
	{.seq = 2, .state = ITEM_FAILED, .http_status = 503, .group = 0xab12000000000001,
	 .code = "1001", .message = "upstream Timeout", .key = "bob",
	 .input = INPUT("{\"city\":\"Paris\",\"n\":2.50,\"vip\":true,\"o\":{\"p\":[1]}}")},
	{.seq = 12, .state = ITEM_UNKNOWN, .message = "connection lost", .input = INPUT("{}")},
	{.seq = 700, .state = ITEM_SKIPPED, .http_status = 404, .code = "", .message = "", .key = ""},
	{.seq = (1LL << 40) - 1, .state = ITEM_PENDING},
};

static void check_row(const struct filter *filter, const struct filter_row *row)
{
	enum item_state state;
	const char *key;
	uint64_t group;
	int64_t first = 0, last = INT64_MAX;

	if (!filter_match(filter, row)) {
		assert(!filter_match(filter, row));
		return;
	}
	filter_seq_range(filter, &first, &last);
	assert(first <= row->seq && row->seq <= last);
	if (filter_single_state(filter, &state))
		assert(state == row->state);
	if (filter_single_group(filter, &group))
		assert(group == row->group);
	if (filter_single_key(filter, &key))
		assert(row->key && strcmp(key, row->key) == 0);
	if (filter_dead_only(filter))
		assert(row->state == ITEM_FAILED || row->state == ITEM_UNKNOWN ||
		       row->state == ITEM_SKIPPED);
}

/* A row without what the filter says that it does not want gets the same answer. */
static void check_wants(const struct filter *filter, struct filter_row row)
{
	bool matches = filter_match(filter, &row);

	if (!filter_wants_cause(filter))
		row.code = row.message = NULL;
	if (!filter_wants_input(filter)) {
		row.input = (struct json_span){NULL, 0};
		row.key = NULL;
	}
	assert(filter_match(filter, &row) == matches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct filter *filter = NULL;
	struct error error = {0};

	if (!text)
		return 0;
	if (filter_parse(text, &filter, &error) == STATUS_OK) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			check_row(filter, &rows[i]);
			check_wants(filter, rows[i]);
		}
		filter_free(filter);
	} else {
		assert(error.status == STATUS_USAGE && strncmp(error.text, "filter: ", 8) == 0);
	}
	free(text);
	return 0;
}

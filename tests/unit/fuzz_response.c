/* Any bytes as a response: header hints stay in their bounds, and what is said
 * of a failure is short, valid UTF-8 that keeps its group. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/policy/cause.h"
#include "engine/policy/headers.h"
#include "engine/policy/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS INT64_C(1767323040000)

static void check_hints(const struct header_hints *hints)
{
	struct attempt_facts facts = {.transport = TRANSPORT_OK, .http_status = 429, .sent = true,
	                              .attempt = 1, .hints = *hints};
	struct retry_policy policy = {5, 500, 60000, 0};
	struct random random = {7};
	struct verdict verdict;

	assert(hints->wait_ms == -1 || (hints->wait_ms > 0 && hints->wait_ms <= HEADER_WAIT_MS_MAX));
	assert(memchr(hints->source, '\0', sizeof hints->source));
	assert((hints->wait_ms == -1) == (hints->source[0] == '\0'));
	assert(hints->limit >= -1 && hints->remaining >= -1);
	assert(!hints->exhausted || hints->remaining == 0);
	assert(hints->policy_count >= 0 && hints->policy_count <= HEADER_POLICIES_MAX);
	for (int i = 0; i < hints->policy_count; i++)
		assert(hints->policies[i].quota > 0 && hints->policies[i].window_s > 0);
	assert((hints->pace_remaining < 0) == (hints->pace_reset_ms < 0));
	assert(hints->pace_reset_ms <= HEADER_WAIT_MS_MAX);
	outcome_decide(&facts, &policy, &random, &verdict);
	assert(verdict.wait_ms >= verdict.wait_ms_min && verdict.wait_ms <= verdict.wait_ms_max);
	assert(verdict.decision == DECISION_THROTTLE || verdict.decision == DECISION_FAIL);
}

/* The first line's name, as if the job file had said that it is the reset. */
static void read_overridden(const char *text, size_t size)
{
	struct header_overrides overrides = {0};
	struct header_hints hints;
	const char *name, *value;
	size_t at = 0, name_length, value_length;
	char copy[64] = "";

	if (!headers_next(text, size, &at, &name, &name_length, &value, &value_length) ||
	    name_length >= sizeof copy)
		return;
	memcpy(copy, name, name_length);
	overrides.reset.name = copy;
	overrides.reset.unit = (enum header_unit)(size % HEADER_UNITS);
	overrides.remaining.name = name_length % 2 ? copy : NULL;
	headers_read_overridden(text, size, NOW_MS, &overrides, &hints);
	check_hints(&hints);
}

static void read_headers(const char *text, size_t size)
{
	struct header_hints hints;
	const char *name, *value;
	size_t at = 0, name_length, value_length;
	int64_t wall_ms;

	headers_read(text, size, NOW_MS, &hints);
	check_hints(&hints);
	read_overridden(text, size);
	while (headers_next(text, size, &at, &name, &name_length, &value, &value_length)) {
		assert(at <= size && name >= text && value >= text);
		assert(name + name_length <= text + size && value + value_length <= text + size);
		http_date_parse(value, value_length, NOW_MS, &wall_ms);
	}
}

static void read_cause(const char *text, size_t size)
{
	char message[CAUSE_MESSAGE_MAX + 1], again[CAUSE_MESSAGE_MAX + 1];

	cause_message(text, size, message, sizeof message);
	assert(strlen(message) <= CAUSE_MESSAGE_MAX && utf8_check(message, strlen(message), NULL));
	cause_normalise(message, strlen(message), again);
	assert(strlen(again) <= CAUSE_MESSAGE_MAX && utf8_check(again, strlen(again), NULL));
	cause_normalise(text, size, again);
	assert(strlen(again) <= CAUSE_MESSAGE_MAX);
	assert(cause_hash("http", 500, "", again) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	read_headers(text, size);
	read_cause(text, size);
	free(text);
	return 0;
}

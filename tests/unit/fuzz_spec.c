/* Any bytes as a job file: what is accepted has a canonical form that is accepted
 * again and is its own canonical form; conditions in it hold or do not, on any
 * response. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/condition.h"
#include "engine/request/jsonpath.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_spec(const char *text, size_t size)
{
	struct secret_set *given = secret_set_new();
	struct spec *spec = NULL, *again = NULL;
	struct error error = {0};

	assert(given);
	if (spec_parse(text, size, given, &spec, &error) == STATUS_OK) {
		struct buffer lines = {0};

		assert(json_check(spec->canonical, spec->canonical_length, NULL));
		assert(spec_parse(spec->canonical, spec->canonical_length, NULL, &again, &error) == STATUS_OK);
		assert(strcmp(spec->canonical, again->canonical) == 0);
		assert(spec_difference(spec->canonical, again->canonical, &lines) == 0);
		assert(spec->concurrency >= 1 && spec->burst >= 1 && spec->request.timeout_ms > 0);
		buffer_free(&lines);
	} else {
		assert(!spec && error.text[0]);
	}
	spec_free(spec);
	spec_free(again);
	secret_set_free(given);
}

static void try_condition(struct jsonpath *jsonpath, const char *text, size_t size)
{
	const char *parting = memchr(text, '\0', size);
	struct condition *condition = NULL;
	struct error error = {0};
	struct response_view view = {.status = 200, .headers = "A: 1\r\nB: x\r\n", .headers_length = 13};

	if (!parting)
		return;
	view.body = parting + 1;
	view.body_length = size - (size_t)(parting - text) - 1;
	if (condition_compile(text, &condition, &error) == STATUS_OK) {
		bool holds = condition_holds(condition, &view, jsonpath);

		assert(holds == condition_holds(condition, &view, jsonpath));
	}
	condition_free(condition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct jsonpath *jsonpath;
	char *text = malloc(size ? size : 1);

	if (!jsonpath)
		jsonpath = jsonpath_new();
	if (!text)
		return 0;
	memcpy(text, data, size);
	if (size && text[0] == '?')
		try_condition(jsonpath, text + 1, size - 1);
	else
		try_spec(text, size);
	free(text);
	return 0;
}

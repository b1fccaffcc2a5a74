/* Any job file: refused with words, or taken and then the same job again when
 * its canonical text is read back. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render(const struct spec *spec, struct secret_set *secrets)
{
	static const unsigned char uuid[16];
	struct rendered request = {0};
	struct json_span input = {"{\"f\":\"a\\nb\",\"id\":1.0}", 22};
	struct buffer curl = {0};
	struct error error = {0};
	struct plan *plan;

	if (plan_make(spec, "job", uuid, secrets, &plan, &error) != STATUS_OK)
		return;
	if (plan_render(plan, 1, "k", 1, input, &request, &error) == STATUS_OK) {
		assert(strncasecmp(request.url.data, "http", 4) == 0);
		(void)plan_curl(plan, 1, "k", 1, input, &curl, &error);
	}
	rendered_free(&request);
	buffer_free(&curl);
	plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret_set *literal = secret_set_new();
	struct spec *spec, *again;
	struct error error = {0};

	if (spec_parse((const char *)data, size, literal, &spec, &error) == STATUS_OK) {
		enum status status =
		    spec_parse(spec->canonical, spec->canonical_length, NULL, &again, &error);

		assert(status == STATUS_OK);
		assert(strcmp(spec->canonical, again->canonical) == 0);
		/* A file that a job names is not for a fuzzer to open. */
		if (!strstr(spec->canonical, "${file:"))
			render(again, literal);
		spec_free(again);
		spec_free(spec);
	} else {
		assert(error.status == STATUS_USAGE && error.text[0] != '\0');
	}
	secret_set_free(literal);
	return 0;
}

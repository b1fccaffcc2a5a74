/* Any condition on any body: the first line is the condition, the rest the
 * body.  What holds is the same whether the body is asked about for the first
 * or the second time. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/condition.h"
#include "engine/request/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct jsonpath *jsonpath;
	static const char headers[] = "HTTP/1.1 200 OK\r\nX-A: 10\r\nX-B: b\r\n\r\n";
	const char *text = (const char *)data, *line = memchr(data, '\n', size);
	size_t length = line ? (size_t)(line - text) : size;
	struct response_view response = {.status = 200, .headers = headers,
	                                 .headers_length = sizeof(headers) - 1};
	struct condition *condition;
	struct error error = {0};
	char *source;

	if (!jsonpath)
		jsonpath = jsonpath_new();
	if (line) {
		response.body = line + 1;
		response.body_length = size - length - 1;
	}
	source = strndup(text, length);
	if (condition_compile(source, &condition, &error) == STATUS_OK) {
		bool holds = condition_holds(condition, &response, jsonpath);

		assert(condition_holds(condition, &response, jsonpath) == holds);
		condition_free(condition);
	} else {
		assert(error.status == STATUS_USAGE && error.text[0] != '\0');
	}
	free(source);
	return 0;
}

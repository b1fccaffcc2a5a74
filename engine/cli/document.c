#include "engine/cli/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/utf8.h"

struct json_span document_at(struct json_span document, const char *path)
{
	struct json_span value = document;

	while (*path && value.length) {
		size_t n = strcspn(path, ".");
		if (json_type(value) != JSON_OBJECT || !json_member(value, path, n, &value))
			return (struct json_span){0};
		path += n + (path[n] == '.');
	}
	return value;
}

bool document_has(struct json_span document, const char *path)
{
	struct json_span value = document_at(document, path);

	return value.length && json_type(value) != JSON_NULL;
}

void document_text(struct json_span document, const char *path, struct buffer *out)
{
	struct json_span value = document_at(document, path);

	if (!value.length || json_type(value) == JSON_NULL)
		return;
	if (json_type(value) == JSON_STRING)
		json_string_decode(value, out);
	else
		buffer_append(out, value.at, value.length);
}

void document_copy(struct json_span document, const char *path, char *out, size_t size)
{
	struct buffer text = {0};

	document_text(document, path, &text);
	size_t length =
		text.failed ? 0 : utf8_cut(text.data ? text.data : "", text.length, size - 1);
	if (length)
		memcpy(out, text.data, length);
	out[length] = '\0';
	buffer_free(&text);
}

int64_t document_integer(struct json_span document, const char *path, int64_t otherwise)
{
	char digits[32];
	char *end;

	document_copy(document, path, digits, sizeof(digits));
	errno = 0;
	long long value = strtoll(digits, &end, 10);
	return end == digits || *end || errno ? otherwise : value;
}

double document_number(struct json_span document, const char *path, double otherwise)
{
	char digits[64];
	char *end;

	document_copy(document, path, digits, sizeof(digits));
	double value = strtod(digits, &end);
	return end == digits || *end ? otherwise : value;
}

bool document_true(struct json_span document, const char *path)
{
	struct json_span value = document_at(document, path);

	return value.length && json_type(value) == JSON_TRUE;
}

int64_t document_time_ms(struct json_span document, const char *path)
{
	char text[40];
	struct tm parts = {0};

	document_copy(document, path, text, sizeof(text));
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	if (!end)
		return 0;
	int64_t ms = (int64_t)timegm(&parts) * 1000;
	if (*end == '.')
		ms += (int64_t)(strtod(end, NULL) * 1000);
	return ms;
}

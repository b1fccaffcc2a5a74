#include <string.h>
#include <strings.h>

#include "engine/base/json.h"
#include "engine/base/utf8.h"
#include "engine/policy/cause.h"

/* Where error messages stand in the JSON of real services, best first:
 * message/msg (most), errmsg (WeCom, DingTalk), error_msg (Baidu), sub_msg
 * (Alipay), error_description (OAuth 2), detail and title (RFC 9457). */
static const char *const member_names[] = {
    "message", "msg", "Message", "errmsg", "errMsg", "error_msg", "error_message",
    "errorMessage", "ErrorMessage", "error_description", "sub_msg", "detail", "details", "error",
    "Error", "errors", "title", "description", "reason", "code",
};

#define MEMBERS (sizeof(member_names) / sizeof(member_names[0]))
#define NESTED_MAX 4

/* Copies text, blanks folded, without control characters, up to a size. */
static void copy_text(const char *text, size_t length, char *out, size_t out_size)
{
	size_t used = 0;
	bool blank = false;

	for (size_t at = 0; at < length;) {
		unsigned char c = (unsigned char)text[at];
		size_t step = utf8_sequence(text + at, length - at);
		const char *from = text + at;
		size_t count = step;

		at += step ? step : utf8_bad_length(text + at, length - at);
		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			blank = used > 0;
			continue;
		}
		if (c < 0x20 || c == 0x7F)
			continue;
		if (step == 0) {
			from = "\xEF\xBF\xBD";
			count = 3;
		}
		if (used + (blank ? 1U : 0U) + count >= out_size)
			break;
		if (blank)
			out[used++] = ' ';
		blank = false;
		memcpy(out + used, from, count);
		used += count;
	}
	out[used] = '\0';
}

static bool from_string(struct json_span string, char *out, size_t out_size)
{
	struct buffer text = {0};

	json_string_decode(string, &text);
	if (!text.failed)
		copy_text(text.data ? text.data : "", text.length, out, out_size);
	buffer_free(&text);
	return out[0] != '\0';
}

static size_t member_rank(struct json_span name)
{
	size_t rank = 0;

	while (rank < MEMBERS &&
	       !json_string_equals(name, member_names[rank], strlen(member_names[rank])))
		rank++;
	return rank;
}

/* The message inside a value: a string is one, an object has it in its best
 * member, an array in its first element. */
static bool from_json(struct json_span value, int nested, char *out, size_t out_size)
{
	struct json_span best[MEMBERS] = {{NULL, 0}};
	struct json_cursor cursor;
	struct json_span name, found;

	if (json_type(value) == JSON_STRING)
		return from_string(value, out, out_size);
	if (nested == NESTED_MAX)
		return false;
	cursor = json_walk(value);
	if (json_type(value) == JSON_ARRAY)
		return json_next(&cursor, &name, &found) && from_json(found, nested + 1, out, out_size);
	while (json_next(&cursor, &name, &found)) {
		size_t rank = member_rank(name);

		if (rank < MEMBERS && !best[rank].at)
			best[rank] = found;
	}
	for (size_t rank = 0; rank < MEMBERS; rank++) {
		if (best[rank].at && from_json(best[rank], nested + 1, out, out_size))
			return true;
	}
	return false;
}

static const char *find_text(const char *at, const char *end, const char *wanted)
{
	size_t length = strlen(wanted);

	for (; (size_t)(end - at) >= length; at++) {
		at = memchr(at, wanted[0], (size_t)(end - at));
		if (!at || (size_t)(end - at) < length)
			return NULL;
		if (strncasecmp(at, wanted, length) == 0)
			return at;
	}
	return NULL;
}

/* The text of the first element `<tag…>`. */
static bool from_element(const char *at, const char *end, const char *tag, char *out,
                         size_t out_size)
{
	size_t length = strlen(tag);

	while ((at = find_text(at, end, tag)) != NULL) {
		const char *close;

		at += length;
		if (at < end && *at != '>' && *at != ' ')
			continue; /* a longer name */
		at = memchr(at, '>', (size_t)(end - at));
		if (!at)
			return false;
		at++;
		close = memchr(at, '<', (size_t)(end - at));
		copy_text(at, (size_t)((close ? close : end) - at), out, out_size);
		if (out[0])
			return true;
	}
	return false;
}

/* Does the tag at `at` hold no text for people? */
static bool is_code(const char *at, const char *end)
{
	return (end - at >= 6 && strncasecmp(at, "<style", 6) == 0) ||
	       (end - at >= 7 && strncasecmp(at, "<script", 7) == 0);
}

static void from_markup(const char *at, const char *end, char *out, size_t out_size)
{
	/* HTML; S3 and Azure; SOAP */
	static const char *const tags[] = {"<title", "<message", "<faultstring"};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (from_element(at, end, tags[i], out, out_size))
			return;
	}
	/* None: the first text there is. */
	while (at < end) {
		bool code = is_code(at, end);
		const char *from = memchr(at, '>', (size_t)(end - at));
		const char *to;

		if (!from)
			return;
		from++;
		to = memchr(from, '<', (size_t)(end - from));
		if (!to)
			to = end;
		if (!code)
			copy_text(from, (size_t)(to - from), out, out_size);
		if (out[0])
			return;
		at = to;
	}
}

void cause_message(const char *body, size_t length, char *out, size_t out_size)
{
	struct json_span value;
	const char *at = body, *end, *line;

	if (out_size == 0)
		return;
	out[0] = '\0';
	if (length == 0)
		return;
	if (json_trim(body, length, &value, NULL)) {
		from_json(value, 0, out, out_size);
		return;
	}
	end = body + length;
	if (length >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
		at += 3; /* a byte order mark */
	while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
		at++;
	if (at == end || memchr(at, '\0', (size_t)(end - at)))
		return; /* nothing, or nothing that is text */
	if (*at == '<') {
		from_markup(at, end, out, out_size);
		return;
	}
	line = memchr(at, '\n', (size_t)(end - at));
	copy_text(at, (size_t)((line ? line : end) - at), out, out_size);
}

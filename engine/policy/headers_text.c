/* The scanner that the parsers of headers share. */
#include <string.h>
#include <strings.h>

#include "engine/policy/headers_internal.h"

bool text_take_char(struct text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

bool text_take_number(struct text *text, int digits, int *out)
{
	int value = 0;

	if (text->end - text->at < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (text->at[i] < '0' || text->at[i] > '9')
			return false;
		value = value * 10 + (text->at[i] - '0');
	}
	text->at += digits;
	*out = value;
	return true;
}

bool text_take_word(struct text *text, const char *const *words, int count, int *index)
{
	for (int i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(text->end - text->at) >= length &&
		    strncasecmp(text->at, words[i], length) == 0) {
			text->at += length;
			*index = i;
			return true;
		}
	}
	return false;
}

void text_skip_blanks(struct text *text)
{
	while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
		text->at++;
}

struct text text_trim(const char *at, const char *end)
{
	struct text text = {at, end};

	text_skip_blanks(&text);
	while (text.end > text.at && (text.end[-1] == ' ' || text.end[-1] == '\t'))
		text.end--;
	if (text.end - text.at >= 2 && *text.at == '"' &&
	    memchr(text.at + 1, '"', (size_t)(text.end - text.at - 1)) == text.end - 1) {
		text.at++;
		text.end--;
	}
	return text;
}

bool text_equals(struct text text, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(text.end - text.at) == length && strncasecmp(text.at, word, length) == 0;
}

/* FNV-1a. */
uint32_t text_hash(struct text text)
{
	uint32_t hash = 2166136261u;

	for (; text.at < text.end; text.at++) {
		unsigned char c = (unsigned char)*text.at;

		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 16777619u;
	}
	return hash;
}

struct text text_cut(struct text text, char separator, struct text *rest)
{
	struct text part = {text.at, text.at};
	bool quoted = false;

	for (; part.end < text.end && (quoted || *part.end != separator); part.end++) {
		if (*part.end == '"')
			quoted = !quoted;
	}
	rest->at = part.end < text.end ? part.end + 1 : part.end;
	rest->end = text.end;
	return part;
}

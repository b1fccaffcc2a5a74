/* Grouping.  cause_message.c finds the message in a response body. */
#include "engine/policy/cause.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "engine/base/utf8.h"

#define QUOTED_MAX 1024     /* bytes within which a closing quote is looked for */
#define HEX_ID_MIN 8
#define MIXED_ID_MIN 16     /* "req7Hk2…": a word of this length with digits in several places */
#define UUID_LENGTH 36
#define MAIL_MAX 320        /* RFC 5321, 4.5.3.1 */

struct output {
	char *text;
	size_t length;
	bool full;
};

/* A whole character (or placeholder), or nothing once it does not fit. */
static void put(struct output *out, const char *bytes, size_t length)
{
	if (out->full || out->length + length > CAUSE_MESSAGE_MAX) {
		out->full = true;
		return;
	}
	memcpy(out->text + out->length, bytes, length);
	out->length += length;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_hex(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool is_word(char c)
{
	return is_digit(c) || is_letter(c);
}

/* Length of a UUID at the start of the text, else 0. */
static size_t uuid_length(const char *at, size_t length)
{
	if (length < UUID_LENGTH || (length > UUID_LENGTH && is_word(at[UUID_LENGTH])))
		return 0;
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? at[i] != '-' : !is_hex(at[i]))
			return 0;
	}
	return UUID_LENGTH;
}

/* Length of a mail address at the start of the text, else 0. */
static size_t mail_length(const char *at, size_t length)
{
	size_t i = 0, domain;

	if (length > MAIL_MAX)
		length = MAIL_MAX;
	while (i < length && (is_word(at[i]) || (at[i] && strchr("._%+-", at[i]))))
		i++;
	if (i == 0 || i == length || at[i] != '@')
		return 0;
	domain = ++i;
	while (i < length && (is_word(at[i]) || ((at[i] == '.' || at[i] == '-') && i + 1 < length &&
	                                         is_word(at[i + 1]))))
		i++;
	return i > domain ? i : 0;
}

/* Length of a number and of the numbers joined to it: 1.5, 10:32:05, 1,000. */
static size_t number_length(const char *at, size_t length)
{
	size_t i = 0;

	while (i < length && (is_digit(at[i]) || (i > 0 && at[i] && strchr(".,:/-", at[i]) &&
	                                          i + 1 < length && is_digit(at[i + 1]))))
		i++;
	return i;
}

/* Is this word of letters and digits an id as a whole? */
static bool is_id(const char *word, size_t length)
{
	size_t digits = 0, runs = 0, hex = 0;

	for (size_t i = 0; i < length; i++) {
		hex += is_hex(word[i]);
		if (!is_digit(word[i]))
			continue;
		digits++;
		runs += i == 0 || !is_digit(word[i - 1]);
	}
	if (hex == length && length >= HEX_ID_MIN && digits > 0)
		return true;
	return length >= MIXED_ID_MIN && runs >= 2;
}

/* A word begins at `at`: write it or its placeholder; bytes consumed. */
static size_t put_word(struct output *out, const char *at, size_t length)
{
	size_t word = 0, whole = uuid_length(at, length);

	if (whole == 0) {
		while (word < length && is_word(at[word]))
			word++;
		if (number_length(at, word) < word && is_id(at, word))
			whole = word;
	}
	if (whole > 0) {
		put(out, "#", 1);
		return whole;
	}
	whole = mail_length(at, length);
	if (whole > 0) {
		put(out, "#@#", 3);
		return whole;
	}
	for (size_t i = 0; i < word;) {
		if (is_digit(at[i])) {
			put(out, "#", 1);
			/* The joined numbers may reach beyond the word. */
			i += number_length(at + i, length - i);
			if (i >= word)
				return i;
		} else {
			put(out, at + i++, 1);
		}
	}
	return word;
}

/* Length of a quoted part at `at`, quotes included, else 0.  `before` is the
 * byte before it: in "can't" nothing is quoted. */
static size_t quoted_length(const char *at, size_t length, char before)
{
	static const struct {
		const char *open, *close;
	} quotes[] = {
	    {"\"", "\""}, {"'", "'"}, {"`", "`"}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, /* “ ” */
	    {"\xE2\x80\x98", "\xE2\x80\x99"}, /* ‘ ’ */
	    {"\xE3\x80\x8C", "\xE3\x80\x8D"}, /* 「 」 */
	    {"\xC2\xAB", "\xC2\xBB"},         /* « » */
	};

	if (length > QUOTED_MAX)
		length = QUOTED_MAX;
	for (size_t q = 0; q < sizeof(quotes) / sizeof(quotes[0]); q++) {
		size_t open = strlen(quotes[q].open), close = strlen(quotes[q].close);
		const char *from = at + open;

		if (length < open + close || memcmp(at, quotes[q].open, open) != 0)
			continue;
		if (*at == '\'' && is_word(before))
			return 0;
		for (;;) {
			const char *found =
			    memmem(from, length - (size_t)(from - at), quotes[q].close, close);
			size_t end;

			if (!found)
				return 0;
			end = (size_t)(found - at) + close;
			if (*at != '\'' || end == length || !is_word(at[end]))
				return end;
			from = found + close;
		}
	}
	return 0;
}

void cause_normalise(const char *message, size_t length, char *out_text)
{
	struct output out = {.text = out_text};
	bool blank = false;

	for (size_t at = 0; at < length && !out.full;) {
		unsigned char c = (unsigned char)message[at];
		size_t step, quoted;

		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			blank = true;
			at++;
			continue;
		}
		step = utf8_sequence(message + at, length - at);
		if (c < 0x20 || c == 0x7F || step == 0) {
			at++; /* a control character or no character at all */
			continue;
		}
		if (blank && out.length > 0)
			put(&out, " ", 1);
		blank = false;
		if (is_word(message[at])) {
			at += put_word(&out, message + at, length - at);
			continue;
		}
		quoted = quoted_length(message + at, length - at, at > 0 ? message[at - 1] : ' ');
		if (quoted > 0)
			put(&out, "'\xE2\x80\xA6'", 5);
		else
			put(&out, message + at, step);
		at += quoted > 0 ? quoted : step;
	}
	while (out.length > 0 && out.text[out.length - 1] == ' ')
		out.length--;
	out.text[out.length] = '\0';
}

uint64_t cause_hash(const char *class_name, int http_status, const char *code,
                    const char *normalised)
{
	char status[16];
	const char *const parts[] = {class_name, status, code ? code : "", normalised};
	uint64_t hash = 0;

	snprintf(status, sizeof(status), "%d", http_status);
	/* Each with its NUL, so that "ab" + "c" is not "a" + "bc". */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hash = XXH64(parts[i], strlen(parts[i]) + 1, hash);
	return hash ? hash : 1;
}

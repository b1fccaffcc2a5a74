#include "engine/base/utf8.h"

#include <assert.h>
#include <string.h>

/* What a lead byte asks for: the length of its sequence and the range of the
 * second byte, which is where overlong forms, surrogates and too large code
 * points are told apart (RFC 3629, 4). */
struct lead {
	size_t length;
	unsigned char second_min, second_max;
};

static struct lead lead_of(unsigned char byte)
{
	if (byte >= 0xC2 && byte <= 0xDF)
		return (struct lead){2, 0x80, 0xBF};
	if (byte == 0xE0)
		return (struct lead){3, 0xA0, 0xBF};
	if (byte == 0xED)
		return (struct lead){3, 0x80, 0x9F};
	if (byte >= 0xE1 && byte <= 0xEF)
		return (struct lead){3, 0x80, 0xBF};
	if (byte == 0xF0)
		return (struct lead){4, 0x90, 0xBF};
	if (byte >= 0xF1 && byte <= 0xF3)
		return (struct lead){4, 0x80, 0xBF};
	if (byte == 0xF4)
		return (struct lead){4, 0x80, 0x8F};
	return (struct lead){0, 0, 0};
}

/* Bytes of a multi-byte sequence that are right, counted from its lead. */
static size_t good_bytes(const char *bytes, size_t length, const struct lead *lead)
{
	size_t good = 1;

	while (good < lead->length && good < length) {
		unsigned char byte = (unsigned char)bytes[good];
		unsigned char min = good == 1 ? lead->second_min : 0x80;
		unsigned char max = good == 1 ? lead->second_max : 0xBF;

		if (byte < min || byte > max)
			break;
		good++;
	}
	return good;
}

size_t utf8_sequence(const char *bytes, size_t length)
{
	struct lead lead;

	if (length == 0)
		return 0;
	if ((unsigned char)bytes[0] < 0x80)
		return 1;
	lead = lead_of((unsigned char)bytes[0]);
	if (lead.length == 0 || good_bytes(bytes, length, &lead) < lead.length)
		return 0;
	return lead.length;
}

size_t utf8_bad_length(const char *bytes, size_t length)
{
	struct lead lead;

	assert(length > 0);
	lead = lead_of((unsigned char)bytes[0]);
	return lead.length == 0 ? 1 : good_bytes(bytes, length, &lead);
}

bool utf8_check(const char *bytes, size_t length, size_t *bad_offset)
{
	size_t at = 0;

	while (at < length) {
		uint64_t word;
		size_t step;

		if (length - at >= sizeof(word)) {
			memcpy(&word, bytes + at, sizeof(word));
			if ((word & 0x8080808080808080ULL) == 0) {
				at += sizeof(word);
				continue;
			}
		}
		step = utf8_sequence(bytes + at, length - at);
		if (step == 0) {
			if (bad_offset)
				*bad_offset = at;
			return false;
		}
		at += step;
	}
	return true;
}

uint32_t utf8_code(const char *bytes, size_t length)
{
	static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	uint32_t code;

	assert(length >= 1 && length <= 4);
	code = (unsigned char)bytes[0] & lead_bits[length];
	for (size_t i = 1; i < length; i++)
		code = code << 6 | ((unsigned char)bytes[i] & 0x3F);
	return code;
}

bool utf8_unseen(uint32_t code_point)
{
	/* web/page/visible.js knows the same ones. */
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
	              {0x180E, 0x180E}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
	              {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	return false;
}

size_t utf8_put(uint32_t code_point, char out[4])
{
	assert(code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF));
	if (code_point < 0x80) {
		out[0] = (char)code_point;
		return 1;
	}
	if (code_point < 0x800) {
		out[0] = (char)(0xC0 | (code_point >> 6));
		out[1] = (char)(0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000) {
		out[0] = (char)(0xE0 | (code_point >> 12));
		out[1] = (char)(0x80 | ((code_point >> 6) & 0x3F));
		out[2] = (char)(0x80 | (code_point & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | (code_point >> 18));
	out[1] = (char)(0x80 | ((code_point >> 12) & 0x3F));
	out[2] = (char)(0x80 | ((code_point >> 6) & 0x3F));
	out[3] = (char)(0x80 | (code_point & 0x3F));
	return 4;
}

size_t utf8_cut(const char *bytes, size_t length, size_t max)
{
	if (length <= max)
		return length;
	while (max > 0 && ((unsigned char)bytes[max] & 0xC0) == 0x80)
		max--;
	return max;
}

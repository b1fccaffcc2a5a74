#include "engine/request/encode.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A multiple of 3, so that only the last piece is padded. */
#define BASE64_PIECE ((size_t)3 << 20)

enum {
	UNRESERVED = 1, /* ALPHA DIGIT - . _ ~ */
	IN_URL = 2,     /* what encode_url_rest lets through besides */
};

static unsigned char class_of(unsigned char c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return UNRESERVED;
	if (c == '-' || c == '.' || c == '_' || c == '~')
		return UNRESERVED;
	if (c > ' ' && c < 0x7f && !strchr("\"#<>\\^`{|}", c))
		return IN_URL;
	return 0;
}

static void encode(struct buffer *out, const char *bytes, size_t length, unsigned char allowed)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to;

	if (length > SIZE_MAX / 8 || !buffer_reserve(out, 3 * length)) {
		out->failed = true;
		return;
	}
	to = out->data + out->length;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (class_of(c) & allowed) {
			*to++ = bytes[i];
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	out->length = (size_t)(to - out->data);
}

void encode_percent(struct buffer *out, const char *bytes, size_t length)
{
	encode(out, bytes, length, UNRESERVED);
}

void encode_url_rest(struct buffer *out, const char *bytes, size_t length)
{
	encode(out, bytes, length, UNRESERVED | IN_URL);
}

void encode_base64(struct buffer *out, const char *bytes, size_t length)
{
	while (length > 0) {
		size_t piece = length < BASE64_PIECE ? length : BASE64_PIECE;
		int written;

		if (!buffer_reserve(out, (piece + 2) / 3 * 4 + 1))
			return;
		written = EVP_EncodeBlock((unsigned char *)out->data + out->length,
		                          (const unsigned char *)bytes, (int)piece);
		out->length += (size_t)written;
		bytes += piece;
		length -= piece;
	}
}

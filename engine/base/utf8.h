/* UTF-8, strictly: overlong forms, surrogates and code points above U+10FFFF
 * are not valid (RFC 3629). */
#ifndef SLUICE_BASE_UTF8_H
#define SLUICE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1 to 4) of the valid sequence that `bytes` begins with; 0 where it
 * begins with none, or length is 0. */
size_t utf8_sequence(const char *bytes, size_t length);

/* How many bytes one U+FFFD stands for where utf8_sequence says 0: the maximal
 * start of a sequence that is there, at least 1 (Unicode 15, 3.9, table 3-8).
 * length >= 1. */
size_t utf8_bad_length(const char *bytes, size_t length);

/* Is all of it valid?  Otherwise *bad_offset (may be NULL) is the first byte
 * that is not. */
bool utf8_check(const char *bytes, size_t length, size_t *bad_offset);

/* The code point of a valid sequence of that length. */
uint32_t utf8_code(const char *bytes, size_t length);

/* Is it a character that nobody sees, or that changes the order of what stands
 * around it?  With one a text reads as something that it is not: controls (C0, DEL,
 * C1), direction marks, breaks, zero-width and tag characters.  The joiners
 * U+200C and U+200D are none: words and emoji need them. */
bool utf8_unseen(uint32_t code_point);

/* Write one code point (not a surrogate, <= U+10FFFF); bytes written, 1 to 4. */
size_t utf8_put(uint32_t code_point, char out[4]);

/* The longest start of valid text that has at most `max` bytes and ends on a
 * character boundary. */
size_t utf8_cut(const char *bytes, size_t length, size_t max);

#endif

/* The words that names of headers are made of. */
#ifndef SLUICE_POLICY_HEADERS_WORDS_H
#define SLUICE_POLICY_HEADERS_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum word_flag {
	RATE = 1 << 0,
	LIMIT = 1 << 1,
	LIMIT_AGAIN = 1 << 2, /* "ratelimit-limit" */
	FAMILY = 1 << 3,      /* quota, throttle, rl */
	LIMITED = 1 << 4,
	RETRY = 1 << 5,
	AFTER = 1 << 6,
	WAIT = 1 << 7,
	RETRYABLE = 1 << 8,
	SHOULD = 1 << 9,
	NOT = 1 << 10,
	RESET = 1 << 11,
	REMAINING = 1 << 12,
	USED = 1 << 13,
	POLICY = 1 << 14,
	WINDOW = 1 << 15,
	MAX = 1 << 16,
	STATUS = 1 << 17,
	PERIOD = 1 << 18,
	CALLS = 1 << 19,
	OTHERS = 1 << 20, /* counted in something else than calls */
	UNIT = 1 << 21,
	NUMERAL = 1 << 22,
	NO_COUNT = 1 << 23, /* whatever it tells is no count and no time */
	ERROR_CODE = 1 << 24,
	NOISE = 1 << 25,
	GLUE = 1 << 26, /* short: a word of its own, but no part of a run-together one */
	STRANGE = 1 << 27, /* an unknown word behind "ratelimit"; those before it are vendors */
	AMAZON = 1 << 28,
	DELAY = 1 << 29, /* of a retry; else one that is over (Azure DevOps' x-ratelimit-delay) */
	AT = 1 << 30,
};

/* `figure` is a period in seconds, or a unit. */
struct word {
	const char *text;
	uint32_t flags;
	int figure;
};

/* A lower-case word; NULL: unknown. */
const struct word *header_word_find(const char *at, size_t length);

#endif

/* What filter.c (matching) and filter_parse.c share. */
#ifndef SLUICE_STORE_FILTER_INTERNAL_H
#define SLUICE_STORE_FILTER_INTERNAL_H

#include "engine/store/filter.h"

#define TERMS_MAX 32
#define TEXT_MAX 4096

enum term_kind { TERM_STATE, TERM_HTTP, TERM_CODE, TERM_GROUP, TERM_KEY, TERM_SEQ, TERM_TEXT,
	         TERM_FIELD };

struct term {
	enum term_kind kind;
	bool negated;
	char *value;             /* unquoted text */
	char *field;             /* TERM_FIELD */
	unsigned states;         /* TERM_STATE: bit per enum item_state */
	int64_t first, last;     /* TERM_SEQ */
	struct { int first, last; } status[16]; /* TERM_HTTP */
	int status_count;
	uint64_t group;          /* TERM_GROUP: the digits given, as the top of 64 bits */
	int group_digits;
};

struct filter {
	struct term terms[TERMS_MAX];
	int count;
};

#endif

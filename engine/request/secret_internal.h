/* What secret.c and secret_mask.c share. */
#ifndef SLUICE_REQUEST_SECRET_INTERNAL_H
#define SLUICE_REQUEST_SECRET_INTERNAL_H

#include "engine/request/secret_reference.h"

#define SECRET_MASK_MIN 4 /* shorter values would mask half of any text */

/* Locked memory, handed out and never taken back before the set goes. */
struct secret_chunk {
	struct secret_chunk *next;
	size_t size, used; /* of the whole mapping, this head included */
};

struct secret_entry {
	char *reference;
	char *value; /* in locked memory, NUL-terminated */
	size_t length;
};

/* A guise of a value that must not be seen. */
struct secret_form {
	char *at; /* in locked memory */
	size_t length;
};

struct secret_set {
	struct secret_chunk *chunks;
	struct secret_entry *entries;
	int entry_count, entry_capacity;
	struct secret_form *forms; /* longest first: a short value may be part of a long one */
	int form_count, form_capacity;
	char marker[24]; /* what every marker begins with; "" in an ordinary set */
};

/* Copy bytes into locked memory; NULL without memory. */
char *secret_keep(struct secret_set *set, const char *bytes, size_t length);
/* Let secret_mask know a value; false without memory. */
bool secret_mask_add(struct secret_set *set, const char *value, size_t length);

#endif

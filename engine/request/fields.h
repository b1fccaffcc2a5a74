/* The item's columns that a plan's templates use, and finding all of them in
 * one walk over an item.
 *
 * A name is a member of the item; where there is none of exactly that name, a
 * dotted name descends into nested objects: "address.city". */
#ifndef SLUICE_REQUEST_FIELDS_H
#define SLUICE_REQUEST_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/json.h"

struct fields;

struct fields *fields_new(void); /* NULL without memory */
void fields_free(struct fields *fields);

/* The index of a name, joining it where it is new; -1 without memory.  Not
 * while another thread scans. */
int fields_add(struct fields *fields, const char *name, size_t length);
int fields_count(const struct fields *fields);

/* Fill values[0 … count-1] from a checked JSON object; at == NULL: not there. */
void fields_scan(const struct fields *fields, struct json_span input, struct json_span *values);

/* One name by itself. */
bool fields_find(struct json_span input, const char *name, size_t length, struct json_span *value);

#endif

/* A running 128-bit hash (XXH3) of content: tells whether bytes are the same
 * as before.  Not against forgery.  It gives 5 GB/s and more, so content can be
 * hashed where a file's size or time would have to be trusted. */
#ifndef SLUICE_INTAKE_DIGEST_H
#define SLUICE_INTAKE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest;

struct digest *digest_new(void); /* of no bytes yet; NULL: no memory */
void digest_free(struct digest *digest);
void digest_add(struct digest *digest, const char *bytes, size_t length);
/* Of the bytes up to now; more may follow. */
void digest_value(const struct digest *digest, uint64_t value[2]);
bool digest_equal(const uint64_t a[2], const uint64_t b[2]);

#endif

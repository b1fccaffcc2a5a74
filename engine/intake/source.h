/* Where items come from: a regular file, which can be read again, or a pipe
 * (FIFO, terminal, socket), which is held back in memory up to the limits of a
 * peek and can be read again only if it ended within them. */
#ifndef SLUICE_INTAKE_SOURCE_H
#define SLUICE_INTAKE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"

#define SOURCE_CHUNK (256u << 10) /* bytes a read */

struct source;

/* `path` "-": fd 0, from where it stands.  A pipe is peeked into: this waits up
 * to INGEST_PEEK_MS for its end.  `name` is for messages.  *stop (may be NULL)
 * set from outside makes this and the reads return STATUS_CLOSED. */
enum status source_open(const char *path, const char *name, const atomic_bool *stop,
                        struct source **source, struct error *error);
void source_close(struct source *source); /* NULL is allowed */

/* Can it be read again from any offset (source_read_at)? */
bool source_rereadable(const struct source *source);
/* What a pipe gave within the peek; empty for a file. */
const struct buffer *source_peeked(const struct source *source);

/* Read at an offset; *got 0: the end. */
enum status source_read_at(struct source *source, uint64_t offset, char *bytes, size_t capacity,
                           size_t *got, struct error *error);
/* Read on, from the start of what was peeked; *got 0: the end.  Waits for bytes
 * up to wait_ms (then STATUS_TIMEOUT, *error untouched), or for ever with -1. */
enum status source_read(struct source *source, int wait_ms, char *bytes, size_t capacity,
                        size_t *got, struct error *error);

#endif

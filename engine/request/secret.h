/* Secrets: read at start, kept in locked memory, never stored, shown or logged.
 *
 * A template may hold ${env:NAME} and ${file:PATH} (a file's trailing newline
 * is dropped).  Literal credentials given on the command line or in a job file
 * (values of Authorization, Cookie, Proxy-Authorization and of headers, query
 * and form members whose names say key, token, secret, password, auth or
 * signature, where they hold no ${…} or {{…}}; user:password@ in a URL or
 * proxy; in a JSON body or one like a form members of such names, or values
 * that begin as keys and tokens of well-known services do) are moved into a secret_set under ${given:PATH} and only that
 * reference is kept.  A job whose given secrets are not at hand (`sluice
 * serve` after `sluice run -H 'Authorization: …'`) cannot run until the
 * command that gave them is run again. */
#ifndef SLUICE_REQUEST_SECRET_H
#define SLUICE_REQUEST_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"

struct secret_set;

struct secret_set *secret_set_new(void);
void secret_set_free(struct secret_set *set); /* wipes it; NULL is allowed */

/* Remember the value of `reference` ("given:request.headers.Authorization"). */
enum status secret_set_put(struct secret_set *set, const char *reference, const char *value,
                           size_t length);

/* Replace every ${env:…}, ${file:…}, ${given:…} of `text` and append it to
 * `out`; each value used joins the set, so that secret_mask knows it.
 * `$${` stands for a literal `${`.  STATUS_USAGE names the reference that
 * cannot be resolved. */
enum status secret_expand(struct secret_set *set, const char *text, struct buffer *out,
                          struct error *error);

/* Does the text hold a reference? */
bool secret_referenced(const char *text);

/* Put three stars in the place of every known secret value, however it is written:
 * as it is, percent-encoded, with JSON or HTML escapes for any of its characters,
 * with up to three of these one inside the other, and in base64, of itself or of
 * something that holds it ("user:secret").  Values that touch become one mask, one
 * of less than three bytes as many stars; *length is what is left, with a NUL
 * behind it if that is less.  A value of less than 4 bytes is masked as it is, where
 * it stands between other things than letters and digits: anywhere else it would
 * mask half of any text.  Thread-safe for readers once no more values are added.
 * True if anything was masked; all of it where memory is lacking. */
bool secret_mask(const struct secret_set *set, char *bytes, size_t *length);

/* The same for a text that was cut: what begins like a secret at its end, too. */
bool secret_mask_cut(const struct secret_set *set, char *bytes, size_t *length);

/* No value that is written without escapes in escapes is longer than this: 64 KiB,
 * each byte as \u00xx. */
#define SECRET_WRITTEN_MAX ((size_t)7 * 65536)

/* Merge: the values of `from` join `into`. */
enum status secret_set_merge(struct secret_set *into, const struct secret_set *from);

/* Is a header or query member of this name sensitive? */
bool secret_name(const char *name);

#endif

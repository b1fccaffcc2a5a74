/* Why an item failed, brought into a form that groups: the variable parts of
 * a message (numbers, ids, quoted values, addresses, times) become
 * placeholders, so that ten thousand failures are a handful of causes. */
#ifndef SLUICE_POLICY_CAUSE_H
#define SLUICE_POLICY_CAUSE_H

#include <stddef.h>
#include <stdint.h>

#define CAUSE_MESSAGE_MAX 200 /* bytes, UTF-8 */

/* Normalise: numbers, with what joins them (1.5, 10.0.0.1:80, 2026-01-02,
 * 03:04:05), hex ids (>= 8 hex digits with a digit, UUIDs) and long ids mixed
 * of letters and digits -> "#"; mail addresses -> "#@#"; quoted parts -> '…';
 * blanks folded, control characters dropped, cut at CAUSE_MESSAGE_MAX on a
 * character boundary.  out holds CAUSE_MESSAGE_MAX + 1. */
void cause_normalise(const char *message, size_t length, char *out);

/* A stable id of (class, status, code, normalised message) within a job:
 * 64-bit, never 0. */
uint64_t cause_hash(const char *class_name, int http_status, const char *code,
                    const char *normalised);

/* A message for a person out of a response body that no rule speaks for: the
 * first of the usual JSON members (message, msg, error_description, error,
 * detail, title, errors[0] and kin, also one inside the other), else a markup
 * body's title, else a text body's first line, else "".  Blanks are folded and
 * control characters dropped.  out gets at most out_size - 1 bytes of valid
 * UTF-8. */
void cause_message(const char *body, size_t length, char *out, size_t out_size);

#endif

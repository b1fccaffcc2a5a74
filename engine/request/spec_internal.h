/* What the spec_*.c files share. */
#ifndef SLUICE_REQUEST_SPEC_INTERNAL_H
#define SLUICE_REQUEST_SPEC_INTERNAL_H

#include "engine/base/buffer.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"

#define SPEC_PATH_MAX 256

/* spec_keys.c: the table of all keys.  Names, types and ranges of everything in
 * the job file; after it the getters below cannot meet a wrong type. */
enum status spec_check_keys(struct json_span root, struct error *error);
/* The value at a dotted path; false: absent or null. */
bool spec_find(struct json_span root, const char *path, struct json_span *value);
/* A checked number; `fallback` where it is absent. */
double spec_number(struct json_span root, const char *path, double fallback);
bool spec_flag(struct json_span root, const char *path, bool fallback);
/* Seconds as ms. */
int64_t spec_seconds_ms(struct json_span root, const char *path, double fallback_s);
/* A copy of a string (or of a number's or flag's text); *out stays as it is
 * where the path is absent.  NUL bytes are refused. */
enum status spec_text(struct json_span root, const char *path, char **out, struct error *error);
/* The same of a value that is at hand; `path` is for messages. */
enum status spec_text_of(struct json_span value, const char *path, char **out,
                         struct error *error);

/* spec_check.c: rules about names and values that a type cannot say. */
enum status spec_check_name(const char *name, struct error *error);
enum status spec_check_request(const struct spec *spec, struct error *error);

/* spec_literal.c: move literal credentials out of the strings. */
enum status spec_hide_literals(struct spec *spec, struct secret_set *literal, struct error *error);

/* The place of a word in a list; -1: not in it. */
int spec_word_index(const char *word, const char *const *words, int count);

/* spec_limits.c: store, limits, retry, halt, canary. */
enum status spec_read_limits(struct spec *spec, struct json_span root, struct error *error);

/* spec_verify.c */
enum status spec_read_verify(struct spec *spec, struct json_span root, struct error *error);

/* spec_print.c */
enum status spec_print(struct spec *spec, struct error *error);

/* spec_rules.c: rules, ok_if, extract. */
enum status spec_read_rules(struct spec *spec, struct json_span root, struct error *error);
enum status spec_read_map(struct json_span root, const char *path, struct name_value **list,
                          int *count, struct error *error);
/* spec_headers.c: "headers", and its way out again. */
enum status spec_read_headers(struct spec *spec, struct json_span root, struct error *error);
/* {"reset":{"name":"x-foo","unit":"ms"}}, "" where nothing is overridden. */
void spec_print_headers(const struct spec *spec, struct buffer *out);
void header_overrides_free(struct header_overrides *overrides);
void name_values_free(struct name_value *list, int count);

/* Put text[at … at+length) into the set as given:PLACE and a reference to it in
 * its place.  `meaning`: its value where that is not what is written; or NULL. */
enum status spec_hide_part(char **text, size_t at, size_t length, const char *place,
                           const char *meaning, struct secret_set *literal, struct error *error);
/* Nothing in text[0 … length) that comes from elsewhere? */
bool spec_is_literal(const char *text, size_t length);
/* name=value&… of a text from `at` on, up to '#': names that speak of secrets. */
enum status spec_hide_pairs(char **text, size_t at, const char *path, struct secret_set *literal,
                            struct error *error);
/* The same for the body, JSON or text. */
enum status spec_hide_body(struct spec *spec, struct secret_set *literal, struct error *error);

#endif

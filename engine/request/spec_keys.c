/* The job file's keys, in one table. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/spec_internal.h"

#define DAY_S 86400.0
#define YEAR_S (366 * DAY_S)

enum kind {
	KEY_TEXT,
	KEY_INTEGER,
	KEY_NUMBER,
	KEY_FLAG,
	KEY_OBJECT,         /* its members stand in the table */
	KEY_FLAG_OR_OBJECT,
	KEY_TEXT_OR_OBJECT,
	KEY_MAP,            /* members of any name, their values texts, numbers or flags */
	KEY_RULES,          /* a list of objects; members stand in the table under "[]" */
	KEY_ANY,
	KEY_LATER,          /* known, and not there yet */
};

static const struct key {
	const char *path;
	enum kind kind;
	double min, max;
} keys[] = {
    {"name", KEY_TEXT, 0, 0},
    {"items", KEY_TEXT, 0, 0},
    {"format", KEY_TEXT, 0, 0},
    {"key", KEY_TEXT, 0, 0},
    {"limit", KEY_INTEGER, 0, 1e12},
    {"request", KEY_OBJECT, 0, 0},
    {"request.method", KEY_TEXT, 0, 0},
    {"request.url", KEY_TEXT, 0, 0},
    {"request.query", KEY_MAP, 0, 0},
    {"request.headers", KEY_MAP, 0, 0},
    {"request.json", KEY_ANY, 0, 0},
    {"request.body", KEY_TEXT, 0, 0},
    {"request.form", KEY_MAP, 0, 0},
    {"request.timeout_s", KEY_NUMBER, 0.001, DAY_S},
    {"request.connect_timeout_s", KEY_NUMBER, 0.001, DAY_S},
    {"request.follow_redirects", KEY_FLAG, 0, 0},
    {"request.proxy", KEY_TEXT, 0, 0},
    {"request.cacert", KEY_TEXT, 0, 0},
    {"request.cert", KEY_TEXT, 0, 0},
    {"request.key_file", KEY_TEXT, 0, 0},
    {"idempotency", KEY_FLAG_OR_OBJECT, 0, 0},
    {"idempotency.header", KEY_TEXT, 0, 0},
    {"idempotency.max_age_s", KEY_NUMBER, 1, YEAR_S},
    {"ok_if", KEY_TEXT, 0, 0},
    {"rules", KEY_RULES, 0, 0},
    {"rules[].if", KEY_TEXT, 0, 0},
    {"rules[].then", KEY_TEXT, 0, 0},
    {"rules[].code", KEY_TEXT, 0, 0},
    {"rules[].message", KEY_TEXT, 0, 0},
    {"extract", KEY_MAP, 0, 0},
    {"store", KEY_OBJECT, 0, 0},
    {"store.body", KEY_TEXT, 0, 0},
    {"store.body_bytes_max", KEY_INTEGER, 0, 64 << 20},
    {"limits", KEY_OBJECT, 0, 0},
    {"limits.concurrency", KEY_INTEGER, 1, 100000},
    {"limits.rate", KEY_TEXT, 0, 0},
    {"limits.burst", KEY_INTEGER, 1, 1000000},
    {"limits.adapt", KEY_FLAG, 0, 0},
    {"limits.share", KEY_TEXT, 0, 0},
    {"retry", KEY_OBJECT, 0, 0},
    {"retry.max", KEY_INTEGER, 0, 1000},
    {"retry.delay_s", KEY_NUMBER, 0, DAY_S},
    {"retry.delay_max_s", KEY_NUMBER, 0, DAY_S},
    {"retry.time_max_s", KEY_NUMBER, 0, YEAR_S},
    {"headers", KEY_OBJECT, 0, 0},
    {"headers.retry_after", KEY_TEXT_OR_OBJECT, 0, 0},
    {"headers.retry_after.name", KEY_TEXT, 0, 0},
    {"headers.retry_after.unit", KEY_TEXT, 0, 0},
    {"headers.reset", KEY_TEXT_OR_OBJECT, 0, 0},
    {"headers.reset.name", KEY_TEXT, 0, 0},
    {"headers.reset.unit", KEY_TEXT, 0, 0},
    {"headers.remaining", KEY_TEXT_OR_OBJECT, 0, 0},
    {"headers.remaining.name", KEY_TEXT, 0, 0},
    {"headers.limit", KEY_TEXT_OR_OBJECT, 0, 0},
    {"headers.limit.name", KEY_TEXT, 0, 0},
    {"dead_letter", KEY_LATER, 0, 0},
    {"halt", KEY_OBJECT, 0, 0},
    {"halt.failed", KEY_INTEGER, 1, 1e12},
    {"halt.failed_percent", KEY_NUMBER, 0.001, 100},
    {"halt.min_items", KEY_INTEGER, 1, 1e12},
    {"canary", KEY_INTEGER, 1, 1e12},
    {"alerts", KEY_LATER, 0, 0},
    {"cluster", KEY_LATER, 0, 0},
    {"shard", KEY_LATER, 0, 0},
    {"shard_by", KEY_LATER, 0, 0},
    {"verify", KEY_OBJECT, 0, 0},
    {"verify.url", KEY_TEXT, 0, 0},
    {"verify.done_if", KEY_TEXT, 0, 0},
};
#define KEYS ((int)(sizeof(keys) / sizeof(keys[0])))

static const struct key *find_key(const char *path)
{
	for (int i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].path, path) == 0)
			return &keys[i];
	}
	return NULL;
}

/* ---- what was meant? --------------------------------------------------- */

#define WORD_MAX 32

/* Levenshtein's distance; words that are too long are far from everything. */
static int distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	int row[WORD_MAX + 1];

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		int diagonal = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_length];
}

static const char *last_word(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* The nearest key, those of the same object preferred; NULL: none is near. */
static const char *nearest(const char *path)
{
	const char *word = last_word(path), *best = NULL;
	int near = 2 * (int)(strlen(word) / 3 + 1) + 1;

	for (int i = 0; i < KEYS; i++) {
		size_t parent = (size_t)(last_word(keys[i].path) - keys[i].path);
		bool sibling = parent == (size_t)(word - path) && memcmp(path, keys[i].path, parent) == 0;
		int far = 2 * distance(word, last_word(keys[i].path)) + !sibling;

		if (keys[i].kind != KEY_LATER && far < near) {
			near = far;
			best = keys[i].path;
		}
	}
	return best;
}

static enum status refuse_unknown(const char *path, struct error *error)
{
	const char *meant = nearest(path);

	if (meant)
		return error_set(error, STATUS_USAGE, "%s: no such key (did you mean %s?)", path, meant);
	return error_set(error, STATUS_USAGE, "%s: no such key", path);
}

/* ---- types ------------------------------------------------------------- */

static double number_of(struct json_span value)
{
	char digits[64];

	if (value.length >= sizeof(digits))
		return NAN;
	memcpy(digits, value.at, value.length);
	digits[value.length] = '\0';
	return strtod(digits, NULL);
}

static enum status check_number(const struct key *key, struct json_span value, struct error *error)
{
	double number = number_of(value);

	if (key->kind == KEY_INTEGER && number != floor(number))
		return error_set(error, STATUS_USAGE, "%s: must be a whole number", key->path);
	if (!(number >= key->min && number <= key->max))
		return error_set(error, STATUS_USAGE, "%s: must be from %.15g to %.15g", key->path,
		                 key->min, key->max);
	return STATUS_OK;
}

static enum status expect(const char *path, bool good, const char *what, struct json_span value,
                          struct error *error)
{
	static const char *const types[] = {"nothing",  "null",   "false", "true",
	                                    "a number", "a text", "a list", "an object"};

	if (good)
		return STATUS_OK;
	return error_set(error, STATUS_USAGE, "%s: must be %s, not %s", path, what,
	                 types[json_type(value)]);
}

static enum status check_map(const char *path, struct json_span map, struct error *error)
{
	struct json_cursor cursor = json_walk(map);
	enum status status = STATUS_OK;
	struct json_span name, value;

	while (status == STATUS_OK && json_next(&cursor, &name, &value)) {
		enum json_type type = json_type(value);
		char place[SPEC_PATH_MAX];

		snprintf(place, sizeof(place), "%.120s.%.*s", path,
		         (int)(name.length < 100 ? name.length - 2 : 98), name.at + 1);
		status = expect(place, type >= JSON_FALSE && type <= JSON_STRING, "a text", value, error);
	}
	return status;
}

static enum status check_object(const char *path, const char *table_path, struct json_span object,
                                struct error *error);

static enum status check_rules(const char *path, struct json_span list, struct error *error)
{
	struct json_cursor cursor = json_walk(list);
	enum status status = STATUS_OK;
	struct json_span name, value;
	char place[SPEC_PATH_MAX];

	for (int i = 0; status == STATUS_OK && json_next(&cursor, &name, &value); i++) {
		snprintf(place, sizeof(place), "%.120s[%d]", path, i);
		status = expect(place, json_type(value) == JSON_OBJECT, "an object", value, error);
		if (status == STATUS_OK)
			status = check_object(place, "rules[]", value, error);
	}
	return status;
}

static enum status check_value(const char *path, const struct key *key, struct json_span value,
                               struct error *error)
{
	enum json_type type = json_type(value);
	bool flag = type == JSON_TRUE || type == JSON_FALSE;
	enum status status;

	switch (key->kind) {
	case KEY_TEXT:
		return expect(path, type == JSON_STRING, "a text", value, error);
	case KEY_INTEGER:
	case KEY_NUMBER:
		status = expect(path, type == JSON_NUMBER, "a number", value, error);
		return status == STATUS_OK ? check_number(key, value, error) : status;
	case KEY_FLAG:
		return expect(path, flag, "true or false", value, error);
	case KEY_FLAG_OR_OBJECT:
	case KEY_TEXT_OR_OBJECT:
		if (key->kind == KEY_FLAG_OR_OBJECT ? flag : type == JSON_STRING)
			return STATUS_OK;
		/* fall through */
	case KEY_OBJECT:
		status = expect(path, type == JSON_OBJECT, "an object", value, error);
		return status == STATUS_OK ? check_object(path, path, value, error) : status;
	case KEY_MAP:
		status = expect(path, type == JSON_OBJECT, "an object", value, error);
		return status == STATUS_OK ? check_map(path, value, error) : status;
	case KEY_RULES:
		status = expect(path, type == JSON_ARRAY, "a list", value, error);
		return status == STATUS_OK ? check_rules(path, value, error) : status;
	case KEY_LATER:
		return error_set(error, STATUS_USAGE, "%s is not supported yet", path);
	default:
		return STATUS_OK;
	}
}

static enum status refuse_source(struct json_span items, struct error *error)
{
	struct json_cursor cursor = json_walk(items);
	struct json_span name, value;

	if (!json_next(&cursor, &name, &value))
		name = (struct json_span){"\"{}\"", 4};
	return error_set(error, STATUS_USAGE, "items: %.*s is not supported yet; name a file",
	                 (int)(name.length < 40 ? name.length - 2 : 38), name.at + 1);
}

/* `table_path` is `path` with list indices left out. */
static enum status check_object(const char *path, const char *table_path, struct json_span object,
                                struct error *error)
{
	struct json_cursor cursor = json_walk(object);
	enum status status = STATUS_OK;
	struct json_span name, value;

	while (status == STATUS_OK && json_next(&cursor, &name, &value)) {
		char place[SPEC_PATH_MAX], entry[SPEC_PATH_MAX];
		const char *dot = *path ? "." : "";
		int length = (int)(name.length < 100 ? name.length - 2 : 98);
		const struct key *key;

		snprintf(place, sizeof(place), "%.120s%s%.*s", path, dot, length, name.at + 1);
		snprintf(entry, sizeof(entry), "%.120s%s%.*s", table_path, dot, length, name.at + 1);
		key = find_key(entry);
		if (!key || memchr(name.at, '.', name.length))
			return refuse_unknown(place, error);
		if (json_type(value) == JSON_NULL && key->kind != KEY_ANY && key->kind != KEY_LATER)
			continue; /* as if it were not there */
		if (strcmp(entry, "items") == 0 && json_type(value) == JSON_OBJECT)
			return refuse_source(value, error);
		status = check_value(place, key, value, error);
	}
	return status;
}

enum status spec_check_keys(struct json_span root, struct error *error)
{
	if (json_type(root) != JSON_OBJECT)
		return error_set(error, STATUS_USAGE, "a job file is a JSON object");
	return check_object("", "", root, error);
}

/* ---- getting values ---------------------------------------------------- */

bool spec_find(struct json_span root, const char *path, struct json_span *value)
{
	struct json_span at = root;

	for (;;) {
		size_t length = strcspn(path, ".");

		if (!json_member(at, path, length, &at))
			return false;
		if (path[length] == '\0')
			break;
		path += length + 1;
	}
	*value = at;
	return json_type(at) != JSON_NULL || strcmp(path, "json") == 0;
}

double spec_number(struct json_span root, const char *path, double fallback)
{
	struct json_span value;

	return spec_find(root, path, &value) ? number_of(value) : fallback;
}

bool spec_flag(struct json_span root, const char *path, bool fallback)
{
	struct json_span value;

	return spec_find(root, path, &value) ? json_type(value) == JSON_TRUE : fallback;
}

int64_t spec_seconds_ms(struct json_span root, const char *path, double fallback_s)
{
	return (int64_t)llround(1000 * spec_number(root, path, fallback_s));
}

enum status spec_text_of(struct json_span value, const char *path, char **out,
                         struct error *error)
{
	struct buffer text = {0};
	char *copy;

	if (json_type(value) == JSON_STRING)
		json_string_decode(value, &text);
	else
		buffer_append(&text, value.at, value.length);
	if (text.length > 0 && memchr(text.data, '\0', text.length)) {
		buffer_free(&text);
		return error_set(error, STATUS_USAGE, "%s: holds a NUL byte", path);
	}
	copy = buffer_take(&text);
	if (!copy)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	free(*out);
	*out = copy;
	return STATUS_OK;
}

enum status spec_text(struct json_span root, const char *path, char **out, struct error *error)
{
	struct json_span value;

	return spec_find(root, path, &value) ? spec_text_of(value, path, out, error) : STATUS_OK;
}

#include "engine/request/jsonpath.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/jsonc.h"

#define TEXT_BYTES_MAX (64 << 20)
#define PATH_LENGTH_MAX 1024
#define KEEP_BYTES_MAX ((size_t)1 << 20)

struct jsonpath {
	sqlite3 *db;
	sqlite3_stmt *get; /* SELECT ?1 -> ?2 */
	/* The body that was asked about last, and whether it is JSON: rules ask for
	 * several paths of one body. */
	struct buffer body;
	bool known, valid;
	struct json_span root;
	struct json_span held; /* the caller's, not copied; NULL: none */
};

/* SQLite makes a tree of ten times the text's size: of large ones one at a time. */
static pthread_mutex_t large_mutex = PTHREAD_MUTEX_INITIALIZER;

void jsonpath_free(struct jsonpath *jsonpath)
{
	if (!jsonpath)
		return;
	sqlite3_finalize(jsonpath->get);
	sqlite3_close(jsonpath->db);
	buffer_free(&jsonpath->body);
	free(jsonpath);
}

struct jsonpath *jsonpath_new(void)
{
	struct jsonpath *jsonpath = calloc(1, sizeof(*jsonpath));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX |
	            SQLITE_OPEN_PRIVATECACHE;

	if (!jsonpath)
		return NULL;
	if (sqlite3_open_v2(":memory:", &jsonpath->db, flags, NULL) != SQLITE_OK)
		goto failed;
	sqlite3_limit(jsonpath->db, SQLITE_LIMIT_LENGTH, TEXT_BYTES_MAX);
	sqlite3_db_config(jsonpath->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(jsonpath->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (sqlite3_prepare_v3(jsonpath->db, "SELECT ?1 -> ?2", -1, SQLITE_PREPARE_PERSISTENT,
	                       &jsonpath->get, NULL) != SQLITE_OK)
		goto failed;
	return jsonpath;
failed:
	jsonpath_free(jsonpath);
	return NULL;
}

/* Ask SQLite.  *status: SQLITE_ROW where it understood; true: there is a value. */
static bool ask(struct jsonpath *jsonpath, struct json_span json, const char *path,
                struct buffer *out, int *status)
{
	const void *text = NULL;

	sqlite3_bind_text64(jsonpath->get, 1, json.at, json.length, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_text(jsonpath->get, 2, path, -1, SQLITE_STATIC);
	if (json.length > KEEP_BYTES_MAX)
		pthread_mutex_lock(&large_mutex);
	*status = sqlite3_step(jsonpath->get);
	if (*status == SQLITE_ROW)
		text = sqlite3_column_text(jsonpath->get, 0);
	if (text && out)
		buffer_append(out, text, (size_t)sqlite3_column_bytes(jsonpath->get, 0));
	sqlite3_reset(jsonpath->get);
	sqlite3_clear_bindings(jsonpath->get);
	if (json.length > KEEP_BYTES_MAX)
		pthread_mutex_unlock(&large_mutex);
	return text != NULL;
}

/* The step that begins here: .name ."na.me" [3] [#] [#-1]; 0: none does. */
static size_t step_length(const char *path)
{
	const char *at = path + 1, *end;

	if (*path == '.' && *at == '"') {
		end = strchr(at + 1, '"');
		return end ? (size_t)(end + 1 - path) : 0;
	}
	if (*path == '.')
		return strcspn(at, ".[") > 0 ? 1 + strcspn(at, ".[") : 0;
	if (*path != '[')
		return 0;
	if (*at == '#')
		at += at[1] == '-' ? 2 : 1;
	end = at + strspn(at, "0123456789");
	return *end == ']' && (end > at || at[-1] == '#') ? (size_t)(end + 1 - path) : 0;
}

bool jsonpath_check(struct jsonpath *jsonpath, const char *path)
{
	struct json_span empty = {"{}", 2};
	const char *at = path + 1;
	int status;

	if (path[0] != '$' || strlen(path) > PATH_LENGTH_MAX || !utf8_check(path, strlen(path), NULL))
		return false;
	/* SQLite looks only as far as there is something. */
	while (*at) {
		size_t step = step_length(at);

		if (step == 0)
			return false;
		at += step;
	}
	ask(jsonpath, empty, path, NULL, &status);
	return status == SQLITE_ROW;
}

void jsonpath_hold(struct jsonpath *jsonpath, const char *body, size_t length)
{
	buffer_reset(&jsonpath->body, KEEP_BYTES_MAX);
	jsonpath->held = (struct json_span){body, length};
	jsonpath->known = false;
}

void jsonpath_release(struct jsonpath *jsonpath)
{
	jsonpath->held = (struct json_span){NULL, 0};
	jsonpath->known = false;
}

/* Keep a copy of the body and check it, unless it is held, or it is the one from before. */
static bool take_body(struct jsonpath *jsonpath, const char *body, size_t length)
{
	if (jsonpath->held.at && jsonpath->held.at == body && jsonpath->held.length == length) {
		if (!jsonpath->known)
			jsonpath->valid = length <= TEXT_BYTES_MAX &&
			                  json_trim(body, length, &jsonpath->root, NULL);
		jsonpath->known = true;
		return jsonpath->valid;
	}
	jsonpath->held = (struct json_span){NULL, 0};
	if (jsonpath->known && jsonpath->body.length == length &&
	    (length == 0 || memcmp(jsonpath->body.data, body, length) == 0))
		return jsonpath->valid;
	buffer_reset(&jsonpath->body, KEEP_BYTES_MAX);
	jsonpath->body.failed = false;
	jsonpath->known = false;
	if (length > TEXT_BYTES_MAX)
		return false;
	buffer_append(&jsonpath->body, body, length);
	if (jsonpath->body.failed)
		return false;
	jsonpath->known = true;
	jsonpath->valid = json_trim(jsonpath->body.data, length, &jsonpath->root, NULL);
	return jsonpath->valid;
}

/* One step of a plain path: .name or [3]; NULL: the path is not that plain. */
static const char *take_step(const char *path, const char **name, size_t *name_length, long *index)
{
	size_t length;

	if (*path == '.') {
		length = strcspn(path + 1, ".[]\"'\\#$*? \t\n\r");
		*name = path + 1;
		*name_length = length;
		path += 1 + length;
		return length > 0 && (*path == '\0' || *path == '.' || *path == '[') ? path : NULL;
	}
	length = *path == '[' ? strspn(path + 1, "0123456789") : 0;
	if (length == 0 || length > 9 || path[1 + length] != ']')
		return NULL;
	*name = NULL;
	*index = strtol(path + 1, NULL, 10);
	return path + length + 2;
}

static bool element(struct json_span list, long index, struct json_span *value)
{
	struct json_cursor cursor = json_walk(list);
	struct json_span name;

	if (json_type(list) != JSON_ARRAY)
		return false;
	while (json_next(&cursor, &name, value)) {
		if (index-- == 0)
			return true;
	}
	return false;
}

enum answer { THERE, NOT_THERE, NOT_PLAIN };

/* Plain paths (nearly all of them) need no second parse. */
static enum answer follow(struct json_span value, const char *path, struct json_span *found)
{
	bool there = true;

	for (path++; *path;) {
		const char *name;
		size_t length = 0;
		long index = 0;

		path = take_step(path, &name, &length, &index);
		if (!path)
			return NOT_PLAIN;
		if (there)
			there = name ? json_member(value, name, length, &value) : element(value, index, &value);
	}
	*found = value;
	return there ? THERE : NOT_THERE;
}

bool jsonpath_get(struct jsonpath *jsonpath, const char *body, size_t length, const char *path,
                  struct buffer *out)
{
	struct json_span value;
	int status;

	if (path[0] != '$' || !take_body(jsonpath, body, length))
		return false;
	switch (follow(jsonpath->root, path, &value)) {
	case NOT_THERE:
		return false;
	case NOT_PLAIN:
		return ask(jsonpath, jsonpath->root, path, out, &status);
	default:
		break;
	}
	jsonc_minify(value, out); /* as SQLite writes objects and lists */
	return true;
}

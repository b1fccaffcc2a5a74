#include "engine/request/jobfile.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/request/jsonc.h"
#include "engine/request/secret_reference.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)

struct jobfile {
	cJSON *root; /* an object; numbers and request.json are raw nodes */
};

struct jobfile *jobfile_new(void)
{
	struct jobfile *jobfile = calloc(1, sizeof(*jobfile));

	if (!jobfile)
		return NULL;
	jobfile->root = cJSON_CreateObject();
	if (!jobfile->root) {
		free(jobfile);
		return NULL;
	}
	return jobfile;
}

/* Credentials may stand in it. */
static void wipe(cJSON *node)
{
	for (; node; node = node->next) {
		if (node->valuestring)
			explicit_bzero(node->valuestring, strlen(node->valuestring));
		wipe(node->child);
	}
}

void jobfile_free(struct jobfile *jobfile)
{
	if (!jobfile)
		return;
	wipe(jobfile->root);
	cJSON_Delete(jobfile->root);
	free(jobfile);
}

/* ---- reading ----------------------------------------------------------- */

static cJSON *raw_node(struct json_span value)
{
	char *text = strndup(value.at, value.length);
	cJSON *node = text ? cJSON_CreateRaw(text) : NULL;

	if (text)
		explicit_bzero(text, value.length);
	free(text);
	return node;
}

/* A quoted string's text; NULL with the error set. */
static char *text_of(struct json_span string, struct error *error)
{
	struct buffer text = {0};
	char *taken;

	json_string_decode(string, &text);
	if (text.length > 0 && memchr(text.data, '\0', text.length)) {
		secret_buffer_free(&text);
		error_set(error, STATUS_USAGE, "a text holds a NUL byte");
		return NULL;
	}
	taken = buffer_take(&text);
	if (!taken)
		error_set(error, STATUS_NO_MEMORY, "out of memory");
	return taken;
}

static cJSON *build(struct json_span value, const char *path, struct error *error);

static bool build_members(cJSON *node, struct json_span value, const char *path,
                          struct error *error)
{
	struct json_cursor cursor = json_walk(value);
	struct json_span name, member;

	while (json_next(&cursor, &name, &member)) {
		char *text = cursor.object ? text_of(name, error) : NULL;
		/* Only the way to request.json matters. */
		bool request = text && !*path && strcmp(text, "request") == 0;
		bool json = text && strcmp(path, "request") == 0 && strcmp(text, "json") == 0;
		cJSON *child = NULL;

		if (cursor.object && !text)
			return false;
		child = json ? raw_node(member) : build(member, request ? "request" : "-", error);
		if (child && text)
			cJSON_AddItemToObject(node, text, child);
		else if (child)
			cJSON_AddItemToArray(node, child);
		free(text);
		if (!child)
			return false;
	}
	return true;
}

/* The tree of a checked JSON value; NULL with the error set. */
static cJSON *build(struct json_span value, const char *path, struct error *error)
{
	enum json_type type = json_type(value);
	cJSON *node = NULL;
	char *text;

	error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (type == JSON_OBJECT)
		node = cJSON_CreateObject();
	else if (type == JSON_ARRAY)
		node = cJSON_CreateArray();
	if (node) {
		if (build_members(node, value, path, error))
			return node;
		cJSON_Delete(node);
		return NULL;
	}
	if (type != JSON_STRING)
		return raw_node(value);
	text = text_of(value, error);
	if (text) {
		node = cJSON_CreateString(text);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	return node;
}

static enum status read_file(const char *path, struct buffer *out, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 0;

	while (fd >= 0 && out->length <= FILE_BYTES_MAX && buffer_reserve(out, 65536)) {
		got = read(fd, out->data + out->length, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		out->length += (size_t)got;
	}
	if (got < 0)
		error_set(error, STATUS_USAGE, "cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return STATUS_USAGE;
	if (out->failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (out->length > FILE_BYTES_MAX)
		return error_set(error, STATUS_USAGE, "is larger than 4 MiB");
	return STATUS_OK;
}

enum status jobfile_read(const char *path, struct jobfile **jobfile, struct error *error)
{
	struct buffer text = {0}, plain = {0};
	struct jobfile *made = jobfile_new();
	struct json_span root;
	enum status status;
	struct error fault;
	cJSON *tree;

	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = read_file(path, &text, &fault);
	if (status == STATUS_OK)
		status = jsonc_read(text.data ? text.data : "", text.length, &plain, &root, &fault);
	if (status == STATUS_OK && json_type(root) != JSON_OBJECT)
		status = error_set(&fault, STATUS_USAGE, "a job file is a JSON object");
	if (status == STATUS_OK)
		status = jsonc_check_names(root, "request.json", &fault);
	if (status == STATUS_OK) {
		tree = build(root, "", &fault);
		if (tree) {
			cJSON_Delete(made->root);
			made->root = tree;
		} else {
			status = fault.status;
		}
	}
	secret_buffer_free(&text);
	secret_buffer_free(&plain);
	if (status != STATUS_OK) {
		jobfile_free(made);
		return error_set(error, status, "%s: %s", path, fault.text);
	}
	*jobfile = made;
	return STATUS_OK;
}

/* ---- changing ---------------------------------------------------------- */

static cJSON *child_of(const cJSON *object, const char *name, bool any_case)
{
	cJSON *child;

	cJSON_ArrayForEach(child, object)
	{
		if ((any_case ? strcasecmp : strcmp)(child->string, name) == 0)
			return child;
	}
	return NULL;
}

/* Put `value` (taken over in any case) under a name of an object. */
static enum status put_child(cJSON *object, const char *name, bool any_case, cJSON *value)
{
	cJSON *old = child_of(object, name, any_case);

	if (!value)
		return STATUS_NO_MEMORY;
	if (old)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, old));
	if (cJSON_AddItemToObject(object, name, value))
		return STATUS_OK;
	cJSON_Delete(value);
	return STATUS_NO_MEMORY;
}

/* The object that holds a dotted path's last name (made, where `make`); *name
 * becomes that last name.  NULL: it is not there, or no memory. */
static cJSON *parent_of(const struct jobfile *jobfile, const char *path, bool make,
                        const char **name)
{
	cJSON *object = jobfile->root;
	const char *dot;

	for (; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
		char *step = strndup(path, (size_t)(dot - path));
		cJSON *child = step ? child_of(object, step, false) : NULL;

		if (step && make && !cJSON_IsObject(child)) {
			child = cJSON_CreateObject();
			if (put_child(object, step, false, child) != STATUS_OK)
				child = NULL;
		}
		free(step);
		if (!cJSON_IsObject(child))
			return NULL;
		object = child;
	}
	*name = path;
	return object;
}

/* Takes `value` over. */
static enum status set(struct jobfile *jobfile, const char *path, cJSON *value)
{
	const char *name;
	cJSON *parent = value ? parent_of(jobfile, path, true, &name) : NULL;

	if (parent)
		return put_child(parent, name, false, value);
	cJSON_Delete(value);
	return STATUS_NO_MEMORY;
}

enum status jobfile_set_text(struct jobfile *jobfile, const char *path, const char *text)
{
	return set(jobfile, path, cJSON_CreateString(text));
}

enum status jobfile_set_int(struct jobfile *jobfile, const char *path, int64_t value)
{
	struct buffer text = {0};
	enum status status = STATUS_NO_MEMORY;

	buffer_int64(&text, value);
	if (!text.failed)
		status = set(jobfile, path, cJSON_CreateRaw(text.data));
	buffer_free(&text);
	return status;
}

enum status jobfile_set_number(struct jobfile *jobfile, const char *path, double value)
{
	return set(jobfile, path, cJSON_CreateNumber(value));
}

enum status jobfile_set_bool(struct jobfile *jobfile, const char *path, bool value)
{
	return set(jobfile, path, cJSON_CreateBool(value));
}

enum status jobfile_set_json(struct jobfile *jobfile, const char *path, const char *json,
                             struct error *error)
{
	struct json_fault fault;
	struct json_span value;
	enum status status;

	if (!json_trim(json, strlen(json), &value, &fault))
		return error_set(error, STATUS_USAGE, "%s: not JSON at byte %zu: %s", path,
		                 fault.offset + 1, fault.reason);
	status = set(jobfile, path, raw_node(value));
	return status == STATUS_OK ? status : error_set(error, status, "out of memory");
}

enum status jobfile_set_member(struct jobfile *jobfile, const char *path, const char *name,
                               const char *text)
{
	bool headers = strcmp(path, "request.headers") == 0;
	const char *last;
	cJSON *parent = parent_of(jobfile, path, true, &last), *object;

	if (!parent)
		return STATUS_NO_MEMORY;
	object = child_of(parent, last, false);
	if (!cJSON_IsObject(object)) {
		object = cJSON_CreateObject();
		if (put_child(parent, last, false, object) != STATUS_OK)
			return STATUS_NO_MEMORY;
	}
	return put_child(object, name, headers, cJSON_CreateString(text));
}

void jobfile_remove(struct jobfile *jobfile, const char *path)
{
	const char *name;
	cJSON *parent = parent_of(jobfile, path, false, &name);
	cJSON *child = parent ? child_of(parent, name, false) : NULL;

	if (child)
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, child));
}

bool jobfile_has(const struct jobfile *jobfile, const char *path)
{
	const char *name;
	cJSON *parent = parent_of(jobfile, path, false, &name);
	const cJSON *child = parent ? child_of(parent, name, false) : NULL;

	return child && !cJSON_IsNull(child);
}

const char *jobfile_text(const struct jobfile *jobfile, const char *path)
{
	const char *name;
	cJSON *parent = parent_of(jobfile, path, false, &name);

	return parent ? cJSON_GetStringValue(child_of(parent, name, false)) : NULL;
}

enum status jobfile_print(const struct jobfile *jobfile, struct buffer *out)
{
	char *text = cJSON_PrintUnformatted(jobfile->root);

	if (!text)
		return STATUS_NO_MEMORY;
	buffer_text(out, text);
	explicit_bzero(text, strlen(text));
	cJSON_free(text);
	return out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

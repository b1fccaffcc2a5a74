/* curl's -d and --json, as templates. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "engine/base/json.h"
#include "engine/cli/run_target.h"

#define BODY_BYTES_MAX (16u << 20)
#define FORM_TYPE "application/x-www-form-urlencoded"

/* ---- @FILE ------------------------------------------------------------------ */

static enum status file_append(const char *path, struct buffer *out, struct error *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	char piece[65536];
	ssize_t n;

	if (file < 0)
		return error_set(error, STATUS_USAGE, "cannot read %s: %s", path, strerror(errno));
	while ((n = read(file, piece, sizeof(piece))) != 0 && out->length <= BODY_BYTES_MAX) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		buffer_append(out, piece, (size_t)n);
	}
	int failed = n < 0 ? errno : 0;
	close(file);
	if (failed)
		return error_set(error, STATUS_USAGE, "cannot read %s: %s", path, strerror(failed));
	if (out->length > BODY_BYTES_MAX)
		return error_set(error, STATUS_USAGE, "%s: more than 16 MiB for a body", path);
	if (out->length && memchr(out->data, '\0', out->length))
		return error_set(error, STATUS_USAGE, "%s: holds a NUL byte", path);
	return out->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static void drop_line_breaks(struct buffer *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->length; i++) {
		if (text->data[i] != '\n' && text->data[i] != '\r')
			text->data[kept++] = text->data[i];
	}
	text->length = kept;
	if (text->data)
		text->data[kept] = '\0';
}

/* An option's value: as given, or a file's content; -d drops a file's line breaks, as curl does. */
static enum status value_read(const struct option_use *use, struct buffer *out, struct error *error)
{
	enum status status = STATUS_OK;

	if (use->text[0] != '@') {
		buffer_text(out, use->text);
	} else {
		status = file_append(use->text + 1, out, error);
		if (status == STATUS_OK && use->id == OPTION_DATA)
			drop_line_breaks(out);
	}
	if (status == STATUS_OK && out->failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	return status;
}

/* ---- fields in a form ------------------------------------------------------- */

/* Behind a field's name: at ':' , '|' or the closing braces. */
static const char *name_end(const char *at)
{
	if (*at == '"') {
		for (at++; *at && *at != '"'; at++) {
			if (*at == '\\' && at[1])
				at++;
		}
		return *at ? at + 1 : at;
	}
	while (*at && *at != ':' && *at != '|' && !(at[0] == '}' && at[1] == '}'))
		at++;
	return at;
}

void run_target_form_fields(const char *text, struct buffer *out)
{
	while (*text) {
		size_t braces = strspn(text, "{");
		if (braces == 0) {
			size_t plain = strcspn(text, "{");
			buffer_append(out, text, plain);
			text += plain;
			continue;
		}
		buffer_append(out, text, braces);
		text += braces;
		/* Fours stand for two literal braces; of what is left, two open a field. */
		if (braces % 4 < 2)
			continue;
		const char *end = name_end(text);
		const char *next = end + strspn(end, " \t\r\n");
		buffer_append(out, text, (size_t)(end - text));
		if (*next && *next != ':')
			buffer_text(out, ":url");
		text = end;
	}
}

/* ---- the body ------------------------------------------------------------------ */

static const char *content_type(const struct arguments *arguments, const struct jobfile *jobfile)
{
	for (int i = 0; i < arguments->use_count; i++) {
		const char *text = arguments->uses[i].text;
		if (arguments->uses[i].id == OPTION_HEADER &&
		    strncasecmp(text, "Content-Type:", 13) == 0)
			return text + 13 + strspn(text + 13, " \t");
	}
	return jobfile_text(jobfile, "request.headers.Content-Type");
}

static bool is_json_document(const struct buffer *text)
{
	struct json_span value;

	if (!text->data || !json_trim(text->data, text->length, &value, NULL))
		return false;
	return json_type(value) == JSON_OBJECT || json_type(value) == JSON_ARRAY;
}

static enum status lay_json(struct jobfile *jobfile, const char *text, struct error *error)
{
	enum status status = jobfile_set_json(jobfile, "request.json", text, error);

	if (status == STATUS_USAGE)
		return error_prefix(error, "--json");
	return status;
}

static enum status lay_data(const struct arguments *arguments, struct jobfile *jobfile,
                            const struct buffer *data, struct error *error)
{
	const char *type = content_type(arguments, jobfile);
	bool json_type_given = type && strcasestr(type, "json");
	bool form = type ? strncasecmp(type, FORM_TYPE, strlen(FORM_TYPE)) == 0 : true;
	struct buffer fields = {0};
	enum status status;

	if ((!type || json_type_given) && is_json_document(data))
		return lay_json(jobfile, data->data, error);
	/* A form never begins so, and JSON that is none would be sent as a broken form. */
	if (!type && data->length > 1 &&
	    (data->data[0] == '[' || (data->data[0] == '{' && data->data[1] != '{')))
		return error_set(
			error, STATUS_USAGE,
			"--data: begins like JSON and is not: mend it (a field stands in "
			"quotes, \"{{name}}\" or \"{{age:json}}\"), or give a Content-Type");
	if (form)
		run_target_form_fields(data->data ? data->data : "", &fields);
	else
		buffer_text(&fields, data->data ? data->data : "");
	status = fields.failed ? STATUS_NO_MEMORY
	                       : jobfile_set_text(jobfile, "request.body",
	                                          fields.data ? fields.data : "");
	if (status == STATUS_OK && !type)
		status = jobfile_set_member(jobfile, "request.headers", "Content-Type", FORM_TYPE);
	buffer_free(&fields);
	return status ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static bool header_given(const struct arguments *arguments, const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < arguments->use_count; i++) {
		const struct option_use *use = &arguments->uses[i];
		if (use->id == OPTION_HEADER && strncasecmp(use->text, name, length) == 0 &&
		    use->text[length] == ':')
			return true;
	}
	return false;
}

/* What --json stands for besides the body. */
static enum status lay_json_headers(const struct arguments *arguments, struct jobfile *jobfile)
{
	enum status status = STATUS_OK;

	if (!header_given(arguments, "Content-Type"))
		status = jobfile_set_member(jobfile, "request.headers", "Content-Type",
		                            "application/json");
	if (status == STATUS_OK && !header_given(arguments, "Accept"))
		status = jobfile_set_member(jobfile, "request.headers", "Accept",
		                            "application/json");
	return status;
}

/* The values of -d, joined by &. */
static enum status data_join(const struct arguments *arguments, struct buffer *out,
                             struct error *error)
{
	bool first = true;

	for (int i = 0; i < arguments->use_count; i++) {
		struct buffer value = {0};
		if (arguments->uses[i].id != OPTION_DATA)
			continue;
		enum status status = value_read(&arguments->uses[i], &value, error);
		if (!first)
			buffer_char(out, '&');
		first = false;
		buffer_append(out, value.data ? value.data : "", value.length);
		buffer_free(&value);
		if (status)
			return status;
	}
	return out->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

/* Flags win over the file: its body is put away as a whole, whatever its kind. */
static void body_clear(struct jobfile *jobfile)
{
	jobfile_remove(jobfile, "request.json");
	jobfile_remove(jobfile, "request.body");
	jobfile_remove(jobfile, "request.form");
}

enum status run_target_body(const struct arguments *arguments, struct jobfile *jobfile,
                            struct error *error)
{
	const struct option_use *json = arguments_use(arguments, OPTION_JSON_BODY);
	bool data = arguments_has(arguments, OPTION_DATA);
	struct buffer text = {0};
	enum status status;

	if (!json && !data)
		return STATUS_OK;
	body_clear(jobfile);
	if (json) {
		status = value_read(json, &text, error);
		if (status == STATUS_OK)
			status = lay_json(jobfile, text.data ? text.data : "", error);
		if (status == STATUS_OK && lay_json_headers(arguments, jobfile))
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	} else {
		status = data_join(arguments, &text, error);
		if (status == STATUS_OK)
			status = lay_data(arguments, jobfile, &text, error);
	}
	if (status == STATUS_OK && !arguments_has(arguments, OPTION_REQUEST) &&
	    !jobfile_text(jobfile, "request.method") &&
	    jobfile_set_text(jobfile, "request.method", "POST"))
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	buffer_free(&text);
	return status;
}

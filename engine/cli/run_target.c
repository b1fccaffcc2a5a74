#include "engine/cli/run_target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static enum status out_of_memory(struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static bool is_url(const char *target)
{
	return strstr(target, "://") != NULL;
}

/* ---- paths ----------------------------------------------------------------- */

/* A relative path, seen from a folder ("" the current one), made absolute:
 * `serve` may take the job up elsewhere. */
static enum status path_from(struct jobfile *jobfile, const char *key, const char *folder,
                             struct error *error)
{
	const char *text = jobfile_text(jobfile, key);
	char current[PATH_MAX], path[PATH_MAX * 2];

	if (!text || !*text || *text == '/' || strstr(text, "${"))
		return STATUS_OK;
	if (!getcwd(current, sizeof(current)))
		return error_set(error, STATUS_IO, "no current folder: %s", strerror(errno));
	if (folder[0] == '/')
		snprintf(path, sizeof(path), "%s%s", folder, text);
	else
		snprintf(path, sizeof(path), "%s/%s%s", current, folder, text);
	return jobfile_set_text(jobfile, key, path) ? out_of_memory(error) : STATUS_OK;
}

static enum status certificates_from(struct jobfile *jobfile, const char *folder,
                                     struct error *error)
{
	static const char *const keys[] = {"request.cacert", "request.cert", "request.key_file"};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < 3 && status == STATUS_OK; i++)
		status = path_from(jobfile, keys[i], folder, error);
	return status;
}

/* Paths in a job file are relative to it. */
static enum status paths_of_file(struct jobfile *jobfile, const char *file, struct error *error)
{
	const char *slash = strrchr(file, '/');
	const char *items = jobfile_text(jobfile, "items");
	char folder[PATH_MAX], path[PATH_MAX * 2];

	if (!slash)
		return certificates_from(jobfile, "", error);
	if (snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file + 1), file) >=
	    (int)sizeof(folder))
		return error_set(error, STATUS_USAGE, "the job file's path is too long");
	if (items && *items && *items != '/' && strcmp(items, "-") != 0) {
		/* Not made absolute: messages name it as the user would. */
		snprintf(path, sizeof(path), "%s%s", folder, items);
		if (jobfile_set_text(jobfile, "items", path))
			return out_of_memory(error);
	}
	return certificates_from(jobfile, folder, error);
}

/* ---- options ----------------------------------------------------------------- */

/* 'Name: value' as curl has it; "Name:" leaves out a header that is sent by default. */
static enum status lay_header(struct jobfile *jobfile, const char *text, struct error *error)
{
	const char *colon = strchr(text, ':');
	char *name;
	enum status status;

	if (!colon || colon == text)
		return error_set(error, STATUS_USAGE,
		                 "--header: '%.60s' is not of the form 'Name: value'", text);
	name = strndup(text, (size_t)(colon - text));
	if (!name)
		return out_of_memory(error);
	colon++;
	status = jobfile_set_member(jobfile, "request.headers", name, colon + strspn(colon, " \t"));
	free(name);
	return status ? out_of_memory(error) : STATUS_OK;
}

static enum status lay_extract(struct jobfile *jobfile, const char *text, struct error *error)
{
	const char *equals = strchr(text, '=');
	char *name;
	enum status status;

	if (!equals || equals == text)
		return error_set(error, STATUS_USAGE,
		                 "--extract: '%.60s' is not of the form NAME=PATH", text);
	name = strndup(text, (size_t)(equals - text));
	if (!name)
		return out_of_memory(error);
	status = jobfile_set_member(jobfile, "extract", name, equals + 1);
	free(name);
	return status ? out_of_memory(error) : STATUS_OK;
}

/* fail=20: so many; fail=5%: so large a share. */
static enum status lay_halt(struct jobfile *jobfile, const char *text, struct error *error)
{
	double value = 0;
	char *end = NULL;
	enum status status;

	if (strncmp(text, "fail=", 5) == 0 && text[5] >= '0' && text[5] <= '9')
		value = strtod(text + 5, &end);
	if (end && strcmp(end, "%") == 0 && value > 0 && value <= 100) {
		jobfile_remove(jobfile, "halt.failed");
		status = jobfile_set_number(jobfile, "halt.failed_percent", value);
	} else if (end && *end == '\0' && value >= 1 && value <= 1e12 &&
	           value == (double)(int64_t)value) {
		jobfile_remove(jobfile, "halt.failed_percent");
		status = jobfile_set_int(jobfile, "halt.failed", (int64_t)value);
	} else {
		return error_set(error, STATUS_USAGE,
		                 "--halt: '%.60s' is neither fail=N nor fail=P%%", text);
	}
	return status ? out_of_memory(error) : STATUS_OK;
}

static enum status lay_idempotency(struct jobfile *jobfile, const char *header)
{
	if (!header && jobfile_text(jobfile, "idempotency.header"))
		return STATUS_OK;
	return jobfile_set_text(jobfile, "idempotency.header", header ? header : "Idempotency-Key");
}

static enum status lay_option(struct jobfile *jobfile, const struct option_use *use,
                              struct error *error)
{
	const struct option *option = &option_table[use->id];
	enum status status = STATUS_OK;

	switch (use->id) {
	case OPTION_HEADER:
		return lay_header(jobfile, use->text, error);
	case OPTION_EXTRACT:
		return lay_extract(jobfile, use->text, error);
	case OPTION_HALT:
		return lay_halt(jobfile, use->text, error);
	case OPTION_DATA:
	case OPTION_JSON_BODY:
		return STATUS_OK; /* run_target_body() */
	case OPTION_IDEMPOTENCY_KEY:
		status = lay_idempotency(jobfile, use->text);
		break;
	case OPTION_NO_ADAPT:
	case OPTION_LOCATION:
		status = jobfile_set_bool(jobfile, option->path, use->id == OPTION_LOCATION);
		break;
	default:
		if (!option->path)
			return STATUS_OK;
		if (option->value == VALUE_INTEGER)
			status = jobfile_set_int(jobfile, option->path, use->number);
		else if (option->value == VALUE_SECONDS)
			status = jobfile_set_number(jobfile, option->path,
			                            (double)use->number / 1000);
		else
			status = jobfile_set_text(jobfile, option->path, use->text);
	}
	return status ? out_of_memory(error) : STATUS_OK;
}

/* The same header twice would silently be one. */
static enum status headers_check(const struct arguments *arguments, struct error *error)
{
	for (int i = 0; i < arguments->use_count; i++) {
		for (int j = 0; j < i; j++) {
			const struct option_use *a = &arguments->uses[i], *b = &arguments->uses[j];
			if (a->id != OPTION_HEADER || b->id != OPTION_HEADER)
				continue;
			size_t length = strcspn(a->text, ":");
			if (length == strcspn(b->text, ":") &&
			    strncasecmp(a->text, b->text, length) == 0)
				return error_set(error, STATUS_USAGE,
				                 "--header: %.*s is given twice", (int)length,
				                 a->text);
		}
	}
	return STATUS_OK;
}

static enum status lay_options(const struct arguments *arguments, struct jobfile *jobfile,
                               struct error *error)
{
	enum status status = headers_check(arguments, error);

	for (int i = 0; i < arguments->use_count && status == STATUS_OK; i++)
		status = lay_option(jobfile, &arguments->uses[i], error);
	if (status == STATUS_OK)
		status = certificates_from(jobfile, "", error);
	return status ? status : run_target_body(arguments, jobfile, error);
}

/* ---- the name -------------------------------------------------------------------- */

/* "data/users.csv" -> "users" */
static char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *start = slash ? slash + 1 : path;
	const char *dot = strrchr(start, '.');

	return strndup(start, dot && dot != start ? (size_t)(dot - start) : strlen(start));
}

/* "https://user@api.example.com:8443/x" -> "api.example.com" */
static char *host_name(const char *url)
{
	const char *start = strstr(url, "://");
	size_t length;

	start = start ? start + 3 : url;
	length = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', length);
	if (at) {
		length -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	return strndup(start, *start == '[' ? length : strcspn(start, ":/?#"));
}

/* A name of digits alone would stand for a job's id: 2024.csv makes "job-2024". */
static enum status set_name(struct jobfile *jobfile, const char *name)
{
	struct buffer text = {0};
	enum status status = STATUS_NO_MEMORY;

	buffer_printf(&text, "%s%s", name[strspn(name, "0123456789")] ? "" : "job-", name);
	if (!text.failed)
		status = jobfile_set_text(jobfile, "name", text.data);
	buffer_free(&text);
	return status;
}

static enum status lay_name(struct jobfile *jobfile, struct error *error)
{
	const char *items = jobfile_text(jobfile, "items");
	const char *url = jobfile_text(jobfile, "request.url");
	char *name = NULL;
	enum status status;

	if (jobfile_has(jobfile, "name"))
		return STATUS_OK; /* of a wrong type, too: spec_parse says so */
	if (items && strcmp(items, "-") != 0)
		name = base_name(items);
	else if (url)
		name = host_name(url);
	if (!name || !*name) {
		free(name);
		return STATUS_OK; /* spec_parse or we will miss something else first */
	}
	status = set_name(jobfile, name);
	free(name);
	return status ? out_of_memory(error) : STATUS_OK;
}

/* ---- all of it --------------------------------------------------------------------- */

bool run_target_name_flag(const struct arguments *arguments, struct error *error)
{
	size_t length = strcspn(error->text, ":");
	char rest[sizeof(error->text)];

	for (int i = arguments->use_count - 1; i >= 0; i--) {
		const struct option *option = &option_table[arguments->uses[i].id];
		if (!option->path || strlen(option->path) != length ||
		    memcmp(option->path, error->text, length) != 0)
			continue;
		snprintf(rest, sizeof(rest), "%s", error->text + length);
		error_set(error, error->status, "--%s%s", option->name, rest);
		return true;
	}
	return false;
}

static enum status parse(const struct arguments *arguments, const struct jobfile *jobfile,
                         struct run_target *target, struct error *error)
{
	struct buffer text = {0};
	enum status status = STATUS_NO_MEMORY;

	target->given = secret_set_new();
	if (!target->given || jobfile_print(jobfile, &text) || text.failed)
		error_set(error, status, "out of memory");
	else
		status = spec_parse(text.data, text.length, target->given, &target->spec, error);
	if (text.data)
		explicit_bzero(text.data, text.capacity); /* credentials stood in it */
	buffer_free(&text);
	if (status == STATUS_USAGE && !run_target_name_flag(arguments, error) &&
	    !is_url(arguments->operands[0]))
		error_prefix(error, "%s", arguments->operands[0]);
	return status;
}

static bool ends_with_one_of(const char *text, const char *const endings[])
{
	size_t length = strlen(text);

	for (; *endings; endings++) {
		size_t n = strlen(*endings);
		if (length >= n && strcasecmp(text + length - n, *endings) == 0)
			return true;
	}
	return false;
}

/* A job file that cannot be read was perhaps not meant as one. */
static enum status target_fault(const char *operand, struct error *error)
{
	static const char *const job_files[] = {".json", ".jsonc", NULL};
	static const char *const items[] = {".csv",   ".tsv", ".ndjson",
	                                    ".jsonl", ".txt", NULL};
	char said[sizeof(error->text)];

	if (ends_with_one_of(operand, job_files))
		return error->status;
	if (ends_with_one_of(operand, items))
		return error_set(error, STATUS_USAGE,
		                 "%s: TARGET is a URL or a job file; items are given with -i %s",
		                 operand, operand);
	snprintf(said, sizeof(said), "%s", error->text);
	return error_set(error, error->status,
	                 "%.300s (TARGET is a job file, or a URL that contains ://)", said);
}

enum status run_target_read(const struct arguments *arguments, struct run_target *target,
                            struct error *error)
{
	const char *operand = arguments->operands[0];
	struct run_target read = {0};
	struct jobfile *jobfile = NULL;
	enum status status = STATUS_OK;

	if (!is_url(operand)) {
		status = jobfile_read(operand, &jobfile, error);
		if (status)
			status = target_fault(operand, error);
		if (status == STATUS_OK)
			status = paths_of_file(jobfile, operand, error);
	} else if (!(jobfile = jobfile_new()) ||
	           jobfile_set_text(jobfile, "request.url", operand)) {
		status = out_of_memory(error);
	}
	if (status == STATUS_OK)
		status = lay_options(arguments, jobfile, error);
	if (status == STATUS_OK)
		status = lay_name(jobfile, error);
	if (status == STATUS_OK)
		status = parse(arguments, jobfile, &read, error);
	if (status == STATUS_OK && !read.spec->items)
		status = error_set(error, STATUS_USAGE,
		                   "no items: give -i FILE, or -i - for standard input");
	if (status == STATUS_OK && !read.spec->name)
		status = error_set(error, STATUS_USAGE, "the job has no name: give --name NAME");
	jobfile_free(jobfile);
	if (status)
		run_target_free(&read);
	else
		*target = read;
	return status;
}

void run_target_free(struct run_target *target)
{
	spec_free(target->spec);
	secret_set_free(target->given);
	*target = (struct run_target){0};
}

/* A JSON array, cut into its elements as the bytes come.  Only as much of the
 * grammar is known here as finds an element's end (strings, escapes, depth);
 * json_trim then judges each element. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/reader_internal.h"

enum array_state {
	ARRAY_BEGIN,  /* before '[' */
	ARRAY_FIRST,  /* behind '[': an element or ']' */
	ARRAY_NEXT,   /* behind ',': an element */
	ARRAY_WITHIN, /* in an element */
	ARRAY_BEHIND, /* behind an element: ',' or ']' */
	ARRAY_END,    /* behind ']' */
};

struct array_reader {
	enum array_state state;

	/* The element being read. */
	int64_t line, column; /* where it begins */
	bool container;       /* object or array */
	bool in_string, escaped;
	uint64_t depth;       /* brackets open in it */
	struct buffer held;   /* its bytes of earlier chunks */
	bool too_long;        /* held has READER_RAW_MAX bytes of it, the rest is passed over */
};

static void *array_make(void)
{
	return calloc(1, sizeof(struct array_reader));
}

static void array_free(void *parsing)
{
	struct array_reader *array = parsing;

	buffer_free(&array->held);
	free(array);
}

static void place_pass(int64_t *line, int64_t *column, const char *bytes, size_t length)
{
	const char *end = bytes + length, *lf;

	while ((lf = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		++*line;
		*column = 1;
		bytes = lf + 1;
	}
	*column += reader_characters(bytes, (size_t)(end - bytes));
}

static void here_pass(struct reader *reader, const char *bytes, size_t length)
{
	reader->here.offset += length;
	place_pass(&reader->here.line, &reader->here.column, bytes, length);
}

/* The array itself is broken, at reader->here: what follows cannot be told. */
static enum status array_broken(const struct reader *reader, const char *why, struct error *error)
{
	const struct reader_place *here = &reader->here;

	if (here->row == 0)
		return error_set(error, STATUS_USAGE, "%s: line %" PRId64 ", column %" PRId64 ": %s",
		                 reader->name, here->line, here->column, why);
	return error_set(error, STATUS_USAGE,
	                 "%s: behind row %" PRId64 ", line %" PRId64 ", column %" PRId64 ": %s",
	                 reader->name, here->row, here->line, here->column, why);
}

/* ---- elements -------------------------------------------------------- */

static enum status element_bad(struct reader *reader, struct json_span raw, const char *at,
                               struct error *fault, struct error *error)
{
	const struct array_reader *array = reader->parsing;

	reader_fault_place(reader, fault, array->line, at);
	return reader_bad(reader, fault, raw, error);
}

static enum status element_judge(struct reader *reader, struct json_span element,
                                 struct error *error)
{
	const struct array_reader *array = reader->parsing;
	struct json_fault json_fault;
	struct json_span value;
	struct error fault;
	char at[96];
	int64_t line = array->line, column = array->column;
	bool sound = json_trim(element.at, element.length, &value, &json_fault);

	if (sound && json_type(value) != JSON_OBJECT) {
		error_set(&fault, STATUS_USAGE, "a JSON object is expected");
		return element_bad(reader, element, "", &fault, error);
	}
	value = sound ? reader_unwrap(value) : value;
	if (sound && reader_object_check(&reader->names, element, value, &json_fault))
		return reader_good(reader, value, array->line, error);
	if (json_fault.reason == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	place_pass(&line, &column, element.at, json_fault.offset);
	if (line == array->line)
		snprintf(at, sizeof(at), ", column %" PRId64, column);
	else
		snprintf(at, sizeof(at), ", at line %" PRId64 ", column %" PRId64, line, column);
	reader_json_fault(element, &json_fault, &fault);
	return element_bad(reader, element, at, &fault, error);
}

/* The element is over, at reader->here; `rest` is its part in this chunk. */
static enum status element_take(struct reader *reader, struct json_span rest, struct error *error)
{
	struct array_reader *array = reader->parsing;
	struct json_span element = rest;
	struct error fault;
	enum status status;

	if (array->held.length > 0)
		element = (struct json_span){ array->held.data, array->held.length };
	if (array->too_long) {
		error_set(&fault, STATUS_USAGE, "longer than %u MiB", READER_ROW_MAX >> 20);
		status = element_bad(reader, element, "", &fault, error);
	} else {
		status = element_judge(reader, element, error);
	}
	array->state = ARRAY_BEHIND;
	array->too_long = false;
	buffer_reset(&array->held, READER_KEEP_MAX);
	return status;
}

static void element_hold(struct array_reader *array, const char *bytes, size_t length)
{
	if (array->too_long)
		return;
	if (array->held.length + length <= READER_ROW_MAX) {
		buffer_append(&array->held, bytes, length);
		return;
	}
	array->too_long = true;
	if (array->held.length < READER_RAW_MAX) /* then there are more bytes than that */
		buffer_append(&array->held, bytes, READER_RAW_MAX);
	if (array->held.failed)
		return;
	array->held.length = READER_RAW_MAX;
	array->held.data[READER_RAW_MAX] = '\0';
}

static void element_begin(struct reader *reader, char c)
{
	struct array_reader *array = reader->parsing;

	array->state = ARRAY_WITHIN;
	array->line = reader->here.line;
	array->column = reader->here.column;
	array->container = c == '{' || c == '[';
	array->in_string = array->escaped = false;
	array->depth = 0;
}

/* Where the string that `at` is within goes on behind: its closing quote, or `end`. */
static const char *string_pass(struct array_reader *array, const char *at, const char *end)
{
	for (; at < end; at++) {
		if (array->escaped) {
			array->escaped = false;
		} else if (*at == '\\') {
			array->escaped = true;
		} else if (*at == '"') {
			array->in_string = false;
			return at + 1;
		}
	}
	return end;
}

/* The element's end in this chunk.  False: it goes on behind `end`. */
static bool element_find_end(struct array_reader *array, const char *at, const char *end,
                             const char **stop)
{
	while (at < end) {
		char c;

		if (array->in_string) {
			at = string_pass(array, at, end);
			continue;
		}
		c = *at++;
		switch (c) {
		case '"':
			array->in_string = true;
			break;
		case '{':
		case '[':
			array->depth++;
			break;
		case '}':
		case ']':
			/* A scalar is ended by the array's own bracket. */
			if (array->depth == 0 || (--array->depth == 0 && array->container)) {
				*stop = array->container ? at : at - 1;
				return true;
			}
			break;
		case ',':
			if (array->depth == 0) {
				*stop = at - 1;
				return true;
			}
			break;
		default:
			break;
		}
	}
	*stop = end;
	return false;
}

/* Pass over the part of an element in [at, end); *next is where it ends. */
static enum status element_pass(struct reader *reader, const char *at, const char *end,
                                const char **next, struct error *error)
{
	struct array_reader *array = reader->parsing;
	const char *stop;
	bool over = element_find_end(array, at, end, &stop);
	size_t length = (size_t)(stop - at);

	*next = stop;
	if (!over || array->held.length > 0 || length > READER_ROW_MAX)
		element_hold(array, at, length);
	if (array->held.failed)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	here_pass(reader, at, length);
	if (!over)
		return STATUS_OK;
	return element_take(reader, (struct json_span){ at, length }, error);
}

/* ---- between the elements -------------------------------------------- */

/* One byte that is no white space. *element: an element begins with it. */
static enum status array_step(struct reader *reader, char c, bool *element, struct error *error)
{
	struct array_reader *array = reader->parsing;

	switch (array->state) {
	case ARRAY_BEGIN:
		if (c != '[')
			return array_broken(reader, "a JSON array is expected to begin with '['",
			                    error);
		array->state = ARRAY_FIRST;
		return STATUS_OK;
	case ARRAY_FIRST:
		if (c == ']') {
			array->state = ARRAY_END;
			return STATUS_OK;
		}
		/* fall through */
	case ARRAY_NEXT:
		if (c == ']' || c == ',' || c == '}')
			return array_broken(reader, "an object is missing here", error);
		*element = true;
		return STATUS_OK;
	case ARRAY_BEHIND:
		if (c != ',' && c != ']')
			return array_broken(reader, "',' or ']' is expected here", error);
		array->state = c == ',' ? ARRAY_NEXT : ARRAY_END;
		return STATUS_OK;
	case ARRAY_WITHIN:
	case ARRAY_END:
		break;
	}
	return array_broken(reader, "text behind the end of the array", error);
}

static enum status array_feed(struct reader *reader, const char *bytes, size_t length,
                              struct error *error)
{
	struct array_reader *array = reader->parsing;
	const char *at = bytes, *end = bytes + length;
	enum status status = STATUS_OK;

	while (at < end && status == STATUS_OK) {
		bool element = false;

		if (array->state == ARRAY_WITHIN) {
			status = element_pass(reader, at, end, &at, error);
			continue;
		}
		if (*at != ' ' && *at != '\t' && *at != '\n' && *at != '\r')
			status = array_step(reader, *at, &element, error);
		if (element)
			element_begin(reader, *at);
		else
			here_pass(reader, at++, 1);
	}
	return status;
}

static enum status array_end(struct reader *reader, struct error *error)
{
	const struct array_reader *array = reader->parsing;

	if (array->state == ARRAY_END)
		return STATUS_OK;
	if (array->state == ARRAY_BEGIN)
		return array_broken(reader, "a JSON array is expected, but there is nothing", error);
	return array_broken(reader, "it ends before the array does (']' is missing)", error);
}

static enum status array_resume(struct reader *reader, struct json_span columns,
                                struct error *error)
{
	struct array_reader *array = reader->parsing;

	(void)columns;
	(void)error;
	array->state = ARRAY_BEHIND;
	return STATUS_OK;
}

const struct reader_parser reader_parser_json = {
	.name = "json",
	.format = FORMAT_JSON,
	.make = array_make,
	.free = array_free,
	.feed = array_feed,
	.end = array_end,
	.resume = array_resume,
};

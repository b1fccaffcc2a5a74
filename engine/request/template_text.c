/* Constant text, encoded here, once, with its secrets in. */
#include <string.h>

#include "engine/request/encode.h"
#include "engine/request/secret_reference.h"
#include "engine/request/template_internal.h"

enum status compiler_no_memory(struct compiler *compiler)
{
	return error_set(compiler->error, STATUS_NO_MEMORY, "out of memory");
}

enum status compiler_refuse(struct compiler *compiler, const char *fault)
{
	return error_set(compiler->error, STATUS_USAGE, "%s: %s", compiler->template->path, fault);
}

static void put_url(struct compiler *compiler, const char *bytes, size_t length)
{
	if (memchr(bytes, '?', length))
		compiler->in_query = true;
	if (compiler->head_done)
		encode_url_rest(&compiler->text, bytes, length);
	else /* end_head() encodes what may be encoded */
		buffer_append(&compiler->text, bytes, length);
}

/* Constant bytes, encoded for the place. */
static enum status put_constant(struct compiler *compiler, const char *bytes, size_t length)
{
	if (length == 0)
		return STATUS_OK;
	switch (compiler->template->place) {
	case PLACE_URL:
		if (!compiler->cut)
			put_url(compiler, bytes, length);
		break;
	case PLACE_QUERY:
		encode_percent(&compiler->text, bytes, length);
		break;
	case PLACE_JSON:
		buffer_json_inner(&compiler->text, bytes, length);
		break;
	case PLACE_HEADER:
		if (memchr(bytes, '\n', length) || memchr(bytes, '\r', length) ||
		    memchr(bytes, '\0', length))
			return compiler_refuse(compiler, "a header's value cannot hold a line break or a NUL byte");
		/* fall through */
	default:
		buffer_append(&compiler->text, bytes, length);
		break;
	}
	return STATUS_OK;
}

/* The constant text between references. */
static enum status put_plain(struct compiler *compiler, const char *text, size_t length)
{
	const char *fragment = NULL;
	enum status status;

	if (compiler->template->place == PLACE_URL)
		fragment = memchr(text, '#', length);
	if (fragment)
		length = (size_t)(fragment - text);
	status = put_constant(compiler, text, length);
	compiler->cut |= fragment != NULL;
	return status;
}

/* ${given:…} came out of a URL and goes back as it was. */
static enum secret_coding coding_of(const struct compiler *compiler, const char *reference)
{
	switch (compiler->template->place) {
	case PLACE_URL:
		return compiler->in_query && strncmp(reference, "given:", 6) != 0 ? CODING_PERCENT
		                                                                  : CODING_URL;
	case PLACE_QUERY:
		return CODING_PERCENT;
	case PLACE_JSON:
		return CODING_JSON;
	default:
		return CODING_NONE;
	}
}

/* A secret's value, or a marker that says how it would be written. */
static enum status put_secret(struct compiler *compiler, const struct secret_piece *piece)
{
	enum secret_coding coding = coding_of(compiler, piece->at);
	struct buffer marker = {0};
	enum status status;
	const char *value;
	size_t length;

	status = secret_value(compiler->secrets, piece->at, piece->length, &value, &length,
	                      compiler->error);
	if (status != STATUS_OK)
		return error_prefix(compiler->error, "%s", compiler->template->path);
	if (secret_set_has_markers(compiler->secrets)) {
		secret_marker_put(&marker, value, length, coding);
		status = marker.failed ? compiler_no_memory(compiler)
		                       : put_constant(compiler, marker.data, marker.length);
		buffer_free(&marker);
	} else if (compiler->template->place == PLACE_URL && coding == CODING_PERCENT) {
		if (!compiler->cut)
			encode_percent(&compiler->text, value, length);
	} else {
		status = put_constant(compiler, value, length);
	}
	return status;
}

enum status compiler_put_text(struct compiler *compiler, const char *text, size_t length)
{
	enum status status = STATUS_OK;
	struct secret_piece piece;
	size_t at = 0;

	if (!compiler->secrets)
		return put_plain(compiler, text, length);
	while (status == STATUS_OK && secret_next(text, length, &at, &piece))
		status = piece.reference ? put_secret(compiler, &piece)
		                         : put_plain(compiler, piece.at, piece.length);
	return status;
}

/* What a compiled template is made of: template_compile.c makes it, with
 * template_text.c; template.c renders it. */
#ifndef SLUICE_REQUEST_TEMPLATE_INTERNAL_H
#define SLUICE_REQUEST_TEMPLATE_INTERNAL_H

#include "engine/request/template.h"

enum part_source {
	PART_TEXT, /* constant, as it is sent */
	PART_FIELD,
	PART_ITEM,
	PART_SEQ,
	PART_KEY,
	PART_IDEMPOTENCY_KEY,
	PART_JOB,
};

enum part_mode { MODE_PLACE, MODE_RAW, MODE_URL, MODE_JSON, MODE_BASE64, MODE_NUMBER };

struct part {
	enum part_source source;
	enum part_mode mode;
	bool whole;           /* PLACE_JSON: stands for a whole JSON value, quotes and all */
	char *text;           /* PART_TEXT: the bytes; else the name */
	size_t length;
	int index;            /* PART_FIELD: in the shared fields; -1: there are none */
	bool has_fallback;
	char *fallback;       /* as it is sent */
	size_t fallback_length;
};

struct template {
	enum template_place place;
	char *path; /* for messages: "request.url" */
	struct part *parts;
	int part_count, part_capacity;
	bool constant;
	bool checks_path; /* PLACE_URL: fields stand in it, so path segments are looked at */
};

/* What a part stands for. */
struct part_value {
	bool json;      /* JSON text; else plain bytes */
	const char *at;
	size_t length;
};

/* Append a value in the part's mode, fit for the place.  NULL, or what is wrong
 * with it: "holds a line break". */
const char *part_put(const struct part *part, enum template_place place, struct part_value value,
                     struct template_scratch *scratch, struct buffer *out);

/* A template in the making. */
struct compiler {
	struct template *template;
	struct secret_set *secrets;
	struct fields *fields;
	struct error *error;
	struct buffer text; /* constant bytes that are not a part yet */
	/* PLACE_URL */
	bool head_done; /* scheme and authority were checked; text is as sent */
	bool in_query;  /* after the '?' */
	bool cut;       /* after the '#' */
};
/* template_text.c */
enum status compiler_no_memory(struct compiler *compiler);
enum status compiler_refuse(struct compiler *compiler, const char *fault); /* STATUS_USAGE */
/* Constant text with secret references in it. */
enum status compiler_put_text(struct compiler *compiler, const char *text, size_t length);

/* template_lex.c: what stands between {{ and }}. */
struct expression {
	enum part_source source;
	enum part_mode mode;
	struct buffer name;
	bool has_fallback;
	bool fallback_json; /* the default is JSON text */
	struct buffer fallback;
};
/* The next {{ of a text, heeding the escape {{{{.  Plain bytes up to it (with
 * escapes undone) are appended to `plain`.  Returns the first byte after the
 * {{, or NULL where there is none any more. */
const char *expression_find(const char *at, const char *end, struct buffer *plain);
/* Read an expression that begins at `at`; returns the first byte after its }},
 * or NULL with *error set (without a path). */
const char *expression_read(const char *at, const char *end, struct expression *expression,
                            struct error *error);
void expression_free(struct expression *expression);

/* template_url.c: check the constant beginning of a URL (scheme, authority) and
 * append it as it is sent, with a '/' for an empty path.  `more`: a field
 * follows.  NULL or what is wrong. */
const char *url_head(const char *text, size_t length, bool more, struct buffer *out);
/* Is a path segment of this absolute URL "." or ".." (also percent-encoded)? */
bool url_has_dot_segment(const char *url, size_t length);

/* What is wrong with "host", "host:port" or "[::1]:port" as to its port; NULL: nothing. */
const char *url_port_fault(const char *host, size_t length);

#endif

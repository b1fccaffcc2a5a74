/* What the files of a plan share. */
#ifndef SLUICE_REQUEST_PLAN_INTERNAL_H
#define SLUICE_REQUEST_PLAN_INTERNAL_H

#include "engine/request/fields.h"
#include "engine/request/plan.h"
#include "engine/request/secret_reference.h"

struct plan_member {
	struct template *name, *value;
};

struct plan_header {
	char *name;
	struct template *value;
};

struct plan {
	/* all immutable */
	struct spec *own; /* a copy of the job's spec; NULL in a plan that only checks one */
	struct spec spec; /* own (or the caller's), with `proxy` in place of its proxy */
	char *proxy;      /* spec.request.proxy, its secrets in; NULL */
	struct secret_set *secrets;
	unsigned char job_uuid[16];
	char *job_name;
	struct fields *fields;
	struct template *url;
	struct plan_member *query, *form;
	int query_count, form_count;
	struct buffer constant_headers; /* rendered; those without fields */
	int constant_header_count;
	struct plan_header *headers;    /* the others */
	int header_count;
	struct template *body;          /* BODY_JSON, BODY_TEXT */
	struct plan *question;          /* asks what became of an unknown item; NULL */
	bool needs_idempotency_key;
	bool needs_key;
};

/* Append "Name: value\0" (or "Name:\0" where the value is empty). */
enum status plan_put_header(const char *name, const struct template *value,
                            const struct template_item *item, struct buffer *out,
                            struct error *error);

/* plan_shell.c: a command for a POSIX shell, and what has to be done before it so
 * that its secrets are at hand and written as the request has them. */
struct shell {
	const struct secret_set *markers;
	struct buffer command;
	unsigned codings;     /* a bit for each enum secret_coding in it */
	struct buffer needed; /* a byte for each reference of the set that is no variable: is it in it? */
};
/* Append a word to the command, quoted; a marker becomes what its secret is to a shell. */
void shell_word(struct shell *shell, const char *text, size_t length);
/* All of it; false without memory. */
bool shell_script(const struct shell *shell, struct buffer *out);
void shell_free(struct shell *shell);

/* Is what the request needs on this machine there and sound: the proxy's URL,
 * the files of certificates and keys?  STATUS_USAGE names the place and the file. */
enum status plan_check_local(const struct spec *spec, struct error *error);

#endif

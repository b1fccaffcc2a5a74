/* The commands, and what those that talk to the API share. */
#ifndef SLUICE_CLI_COMMAND_H
#define SLUICE_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/cli/api.h"
#include "engine/cli/database.h"
#include "engine/cli/options.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_ITEMS_FAILED = 3,
	EXIT_HALTED = 5,
	EXIT_INTERRUPTED = 7,
	EXIT_OWNED = 8,
};

/* Say what went wrong; the exit code that fits. */
int fail_with(const struct error *error);
/* The same, for a mistake in the command line: with a hint at --help. */
int fail_usage(const char *command, const struct error *error);

/* ---- commands: parsed arguments in, exit code out ------------------------ */

int command_run(const struct arguments *arguments, int word_count, char *const words[]);
int command_check(const struct arguments *arguments);
int command_serve(const struct arguments *arguments);
int command_ls(const struct arguments *arguments);
int command_status(const struct arguments *arguments);
int command_items(const struct arguments *arguments);
int command_show(const struct arguments *arguments);
int command_groups(const struct arguments *arguments);
int command_export(const struct arguments *arguments);
int command_act(const struct arguments *arguments);     /* retry, skip, resolve */
int command_control(const struct arguments *arguments); /* pause, resume, cancel, set, rm */
int command_db(const struct arguments *arguments);
int command_explain(const struct arguments *arguments);
int command_completion(const struct arguments *arguments);

/* ---- a talk with the API --------------------------------------------------- */

struct talk {
	const struct arguments *arguments;
	struct database database;
	struct api *api;
	struct buffer answer; /* the last answer; `document` lies in it */
	struct json_span document;
	struct error error;
	bool json;       /* --json */
	bool color;      /* on stdout */
	const char *job; /* the first operand, where the command has one */
};

/* Find the database and a way to its API.  Not OK: talk->error says why. */
enum status talk_open(struct talk *talk, const struct arguments *arguments);
void talk_close(struct talk *talk);
/* A call's path: /jobs/JOB and what follows; NOT_FOUND for what cannot be a job's name. */
enum status talk_job_path(struct talk *talk, struct api_call *call, const char *after);
/* Call; the answer is in talk->document. */
enum status talk_call(struct talk *talk, const struct api_call *call);
/* Say talk->error and close: the exit code. */
int talk_fail(struct talk *talk);
/* Print text (freed) on stdout and close: the exit code. */
int talk_print(struct talk *talk, struct buffer *text);

/* A listing in pages. */
#define PLACE_BYTES 48 /* of an answer's "next" */
struct listing {
	const char *member; /* the array in the answer: "items" */
	const char *cursor; /* the query parameter that takes the answer's "next" */
	int64_t from;       /* its first value; 0: none */
	int64_t limit;      /* elements at most */
};
/* Walk its elements.  next: where to go on, "" at the end. */
enum status talk_pages(struct talk *talk, struct api_call *call, const struct listing *listing,
                       void (*visit)(void *context, struct json_span element), void *context,
                       char next[PLACE_BYTES]);
/* The same as one JSON document, as if the API had given it in one page. */
enum status talk_pages_json(struct talk *talk, struct api_call *call, const struct listing *listing,
                            struct buffer *out);

/* How this program was called: what is suggested must work where it is typed.
 * "sluice", or the path it was called by. */
void program_called(const char *argv0);
void program_suggest(struct buffer *out);
/* " --db FILE" where commands that we suggest must name it, for a shell. */
void database_suggest(const struct database *database, struct buffer *out);

/* "2026-01-02 03:04:05", local time; nothing for 0. */
void time_text(struct buffer *out, int64_t wall_ms);
/* What went wrong with an item or in a group, in words: "404 not found",
 * "code 1001: no such user", "connect: refused".  `cause` has class, code and
 * message; http_status 0: it is shown elsewhere. */
void cause_text(struct buffer *out, struct json_span cause, int64_t http_status);

#endif

#include "engine/cli/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/base/random.h"

#define LISTEN_DEFAULT "127.0.0.1:8420"
#define TOKEN_BYTES 128
#define TOKEN_RANDOM_BYTES 16
/* A listing command holds the database for a moment: that is not an owner. */
#define OWNED_RETRIES 10
#define OWNED_RETRY_MS 100

/* ---- the token -------------------------------------------------------------------- */

static void token_random(char token[TOKEN_BYTES])
{
	unsigned char bytes[TOKEN_RANDOM_BYTES];

	random_secure(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
}

/* One that somebody chose ends with the SLUICE_TOKEN that named it. */
static bool token_is_random(const char *token)
{
	return strlen(token) == 2 * TOKEN_RANDOM_BYTES &&
	       strspn(token, "0123456789abcdef") == 2 * TOKEN_RANDOM_BYTES;
}

/* SLUICE_TOKEN, else the random one of the last owner (a page that is open stays
 * so), else a new one. */
static enum status token_choose(struct engine *engine, char token[TOKEN_BYTES], bool *chosen,
                                struct error *error)
{
	const char *given = getenv("SLUICE_TOKEN");

	*chosen = given && *given;
	if (*chosen) {
		if (strlen(given) >= TOKEN_BYTES)
			return error_set(error, STATUS_USAGE,
			                 "SLUICE_TOKEN: more than %d characters", TOKEN_BYTES - 1);
		snprintf(token, TOKEN_BYTES, "%s", given);
	} else if (!engine_last_token(engine, token) || !token_is_random(token)) {
		token_random(token);
	}
	return STATUS_OK;
}

/* "127.0.0.1:8420", "[::1]:0", "localhost:80" */
static bool is_loopback(const char *listen)
{
	return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]:", 6) == 0 ||
	       strncmp(listen, "localhost:", 10) == 0;
}

static enum status server_begin(struct session *session, const struct arguments *arguments,
                                struct error *error)
{
	const char *listen = arguments_text(arguments, OPTION_LISTEN, NULL);
	char token[TOKEN_BYTES];
	bool chosen;
	struct server_options options = {
		.engine = session->engine,
		.listen = listen ? listen : LISTEN_DEFAULT,
		.fall_back = !listen,
		.token = token,
		.base_path = arguments_text(arguments, OPTION_BASE_PATH, NULL),
		.label = arguments_text(arguments, OPTION_LABEL, NULL),
		.read_only = arguments_has(arguments, OPTION_READ_ONLY),
	};
	enum status status = token_choose(session->engine, token, &chosen, error);

	if (status == STATUS_OK && listen && !chosen && !is_loopback(listen))
		status = error_set(error, STATUS_USAGE,
		                   "--listen %s can be reached from elsewhere: "
		                   "choose a token and give it in SLUICE_TOKEN",
		                   listen);
	if (status == STATUS_OK) {
		status = server_start(&options, &session->server, error);
		if (status == STATUS_USAGE && chosen && strncmp(error->text, "token", 5) == 0)
			error_prefix(error, "SLUICE_TOKEN");
	}
	if (status == STATUS_OK)
		status = engine_announce(session->engine, server_address(session->server), token,
		                         error);
	explicit_bzero(token, sizeof(token));
	return status;
}

/* ---- the engine --------------------------------------------------------------------- */

static enum status owned_error(const struct database *database, struct error *error)
{
	struct engine_owner owner;

	if (engine_owner(database->path, &owner, NULL))
		return error->status;
	explicit_bzero(owner.token, sizeof(owner.token));
	if (owner.address[0])
		return error_set(error, STATUS_OWNED,
		                 "%s is in use by process %ld, whose page is at http://%s",
		                 database->path, owner.pid, owner.address);
	return error_set(error, STATUS_OWNED, "%s is in use by process %ld", database->path,
	                 owner.pid);
}

static enum status engine_begin(struct session *session, const struct arguments *arguments,
                                int concurrency, struct error *error)
{
	struct engine_options options = {
		.db_path = session->database.path,
		.mode = ENGINE_RUN,
		.threads = (int)arguments_number(arguments, OPTION_THREADS, 0),
		.concurrency = concurrency,
	};
	struct timespec pause = {0, OWNED_RETRY_MS * NS_PER_MS};
	enum status status;

	for (int tries = 0;; tries++) {
		struct engine_owner owner;
		status = engine_open(&options, &session->engine, error);
		if (status != STATUS_OWNED)
			return status;
		/* One with a page stays. */
		bool stays = engine_owner(session->database.path, &owner, NULL) == STATUS_OK &&
		             owner.address[0];
		if (stays || tries == OWNED_RETRIES)
			return owned_error(&session->database, error);
		nanosleep(&pause, NULL);
	}
}

enum status session_open(struct session *session, const struct arguments *arguments,
                         int concurrency, struct error *error)
{
	enum status status = database_find(arguments, &session->database, error);

	if (status == STATUS_OK)
		status = database_make_folders(&session->database, error);
	if (status == STATUS_OK)
		status = engine_begin(session, arguments, concurrency, error);
	if (status == STATUS_OK)
		status = stopper_start(session->engine, &session->stopper, error);
	if (status == STATUS_OK)
		status = api_inside(session->engine, &session->api, error);
	if (status == STATUS_OK && !arguments_has(arguments, OPTION_NO_UI))
		status = server_begin(session, arguments, error);
	if (status)
		session_close(session);
	return status;
}

void session_close(struct session *session)
{
	if (session->engine && !(session->stopper && stopper_drained(session->stopper)))
		engine_drain(session->engine);
	server_stop(session->server);
	stopper_free(session->stopper);
	api_close(session->api);
	engine_close(session->engine);
	session->server = NULL;
	session->stopper = NULL;
	session->api = NULL;
	session->engine = NULL;
}

/* upstream: an HTTP/1.1 server that does as it is told, for tests, the demo and
 * measurements.  It listens on 127.0.0.1, prints its port and, on a second
 * line, the port of its control pages (which answer on both), and ends on
 * SIGTERM or with its parent. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/upstream/server.h"

struct options {
	int port;
	const char *port_file, *log;
	pid_t parent_pid;
};

static void print_name(const char *name)
{
	printf("  --%s VALUE\n", name);
}

static void usage(void)
{
	printf("usage: upstream [--port N] [--port-file FILE] [--log FILE] [--parent-pid PID] [SETTINGS]\n"
	       "Settings (also: POST /__control?name=value&name=value):\n");
	settings_names(print_name);
}

static bool parse_option(struct options *options, struct settings *settings, const char *name,
                         const char *value)
{
	if (strcmp(name, "port") == 0)
		options->port = atoi(value);
	else if (strcmp(name, "port-file") == 0)
		options->port_file = value;
	else if (strcmp(name, "log") == 0)
		options->log = value;
	else if (strcmp(name, "parent-pid") == 0)
		options->parent_pid = (pid_t)atoi(value);
	else
		return settings_set(settings, name, value);
	return true;
}

/* "--name value" and "--name=value"; a bare "--down" or "--keepalive-kill" is 1. */
static bool parse_arguments(int argc, char **argv, struct options *options, struct settings *settings)
{
	for (int i = 1; i < argc; i++) {
		char name[64];
		const char *text = argv[i], *equals = strchr(text, '='), *value;
		size_t length = equals ? (size_t)(equals - text) : strlen(text);

		if (strncmp(text, "--", 2) != 0 || length - 2 >= sizeof name) {
			fprintf(stderr, "upstream: what is '%s'?\n", text);
			return false;
		}
		memcpy(name, text + 2, length - 2);
		name[length - 2] = '\0';
		if (equals)
			value = equals + 1;
		else if (i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
			value = argv[++i];
		else
			value = "1";
		if (!parse_option(options, settings, name, value)) {
			fprintf(stderr, "upstream: bad option --%s '%s'\n", name, value);
			return false;
		}
	}
	return true;
}

static bool announce(const struct options *options, int port, int control)
{
	FILE *file;
	char temporary[4096];

	printf("%d\n%d\n", port, control);
	fflush(stdout);
	if (!options->port_file)
		return true;
	/* Renamed into place, so that whoever waits for the file reads it whole. */
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", options->port_file) >= sizeof temporary)
		return false;
	file = fopen(temporary, "w");
	if (!file)
		return false;
	fprintf(file, "%d\n%d\n", port, control);
	return fclose(file) == 0 && rename(temporary, options->port_file) == 0;
}

static bool follow_parent(struct server *server, pid_t parent)
{
	server->parent = -1;
	if (!parent)
		return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0;
	server->parent = pidfd_open(parent, 0);
	return server->parent >= 0;
}

static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	static struct script script;
	static struct server server;
	struct options options = {0};
	int control = 0;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage();
		return 0;
	}
	settings_init(&script.settings);
	if (!parse_arguments(argc, argv, &options, &script.settings))
		return 2;
	script.tokens = (double)script.settings.burst;
	script.tokens_at_ns = monotonic_ns();
	script.random = (uint64_t)script.settings.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	raise_descriptors();
	server.script = &script;
	server.signals = catch_signals();
	if (server.signals < 0 || !ledger_open(&script.ledger, options.log) ||
	    !follow_parent(&server, options.parent_pid) ||
	    (server.holder = server_bind(options.port, &server.port)) < 0 ||
	    (server.control = server_bind(0, &control)) < 0 ||
	    !server_open(&server) || !announce(&options, server.port, control) || !server_run(&server)) {
		fprintf(stderr, "upstream: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

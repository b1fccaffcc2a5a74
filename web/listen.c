#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t address_size(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static bool port_parse(const char *text, uint16_t *port)
{
	char *end;
	long value;

	if (strspn(text, "0123456789") != strlen(text) || strlen(text) < 1 || strlen(text) > 5)
		return false;
	value = strtol(text, &end, 10);
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

static bool host_parse(char *host, uint16_t port, union address *address)
{
	bool local = strcmp(host, "localhost") == 0;
	size_t length = strlen(host);

	memset(address, 0, sizeof(*address));
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons(port);
		return inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1;
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = htons(port);
	return inet_pton(AF_INET, local ? "127.0.0.1" : host, &address->v4.sin_addr) == 1;
}

static bool address_parse(const char *text, union address *address)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	uint16_t port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host)
	    || !port_parse(colon + 1, &port))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	return host_parse(host, port, address);
}

static void port_set(union address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

/* A socket that listens, or -1 with errno. */
static int socket_listening(const union address *address)
{
	int fd, on = 1, cause;

	fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* On Linux this lets a restart take the port over from connections in
	 * TIME_WAIT; it does not let two listen at once. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &address->any, address_size(address)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	cause = errno;
	close(fd);
	errno = cause;
	return -1;
}

static void address_print(const union address *address, char *out, size_t out_size)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
		snprintf(out, out_size, "[%s]:%u", host, ntohs(address->v6.sin6_port));
	} else {
		inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
		snprintf(out, out_size, "%s:%u", host, ntohs(address->v4.sin_port));
	}
}

/* What a person on this machine would open instead of 0.0.0.0. */
static union address address_reachable(const union address *address)
{
	union address reachable = *address;

	if (address->any.sa_family == AF_INET6) {
		if (IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr))
			reachable.v6.sin6_addr = in6addr_loopback;
	} else if (address->v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
		reachable.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return reachable;
}

static bool address_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

static void listener_describe(struct listener *listener, const union address *bound)
{
	union address reachable = address_reachable(bound);

	address_print(bound, listener->address, sizeof(listener->address));
	address_print(&reachable, listener->reachable, sizeof(listener->reachable));
	listener->loopback = address_loopback(bound);
	listener->port = ntohs(bound->any.sa_family == AF_INET6 ? bound->v6.sin6_port
	                                                        : bound->v4.sin_port);
}

enum status listen_open(const char *text, bool fall_back, struct listener *listener,
                        struct error *error)
{
	union address address;
	socklen_t size = sizeof(address);
	int fd;

	if (!address_parse(text, &address))
		return error_set(error, STATUS_USAGE,
		                 "listen: '%s' is not ADDRESS:PORT (127.0.0.1:8420, [::1]:8420)",
		                 text);
	fd = socket_listening(&address);
	if (fd < 0 && errno == EADDRINUSE && fall_back) {
		port_set(&address, 0);
		fd = socket_listening(&address);
	}
	if (fd < 0)
		return error_set(error, STATUS_IO, "cannot listen on %s: %s", text,
		                 strerror(errno));
	if (getsockname(fd, &address.any, &size) != 0) {
		enum status status = error_set(error, STATUS_IO, "cannot listen on %s: %s", text,
		                               strerror(errno));

		close(fd);
		return status;
	}
	listener->fd = fd;
	listener_describe(listener, &address);
	return STATUS_OK;
}

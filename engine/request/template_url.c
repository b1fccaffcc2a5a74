/* What must hold for a URL whose later parts come from items. */
#include <string.h>
#include <strings.h>

#include "engine/request/encode.h"
#include "engine/request/template_internal.h"

/* Bytes up to the first of `stops`, or all. */
static size_t until(const char *text, size_t length, const char *stops)
{
	size_t i = 0;

	while (i < length && (text[i] == '\0' || !strchr(stops, text[i])))
		i++;
	return i;
}

const char *url_port_fault(const char *host, size_t length)
{
	const char *end = host + length, *colon;
	const char *bracket = length > 0 && *host == '[' ? memchr(host, ']', length) : NULL;
	long port = 0;

	if (length > 0 && *host == '[' && (!bracket || (bracket + 1 < end && bracket[1] != ':')))
		return "holds an address in brackets that is none";
	colon = bracket ? bracket + 1 : memchr(host, ':', length);
	if (!colon || colon >= end || colon + 1 == end)
		return NULL;
	if (end - colon > 20 && memcmp(colon + 1, "SX", 2) == 0)
		return NULL; /* a secret's marker: what it is is seen when it is at hand */
	for (const char *digit = colon + 1; digit < end; digit++) {
		if (*digit < '0' || *digit > '9')
			return "names a port that is no number";
		port = port * 10 + (*digit - '0');
		if (port > 65535)
			return "names a port beyond 65535";
	}
	return port == 0 ? "names port 0, which nothing listens on" : NULL;
}

static const char *check_authority(const char *text, size_t length)
{
	const char *at = memrchr(text, '@', length);
	const char *host = at ? at + 1 : text;
	size_t host_length = length - (size_t)(host - text);

	if (host_length == 0 || *host == ':')
		return "names no host";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= ' ' || c == 0x7f || strchr("\"<>\\^`{|}", c))
			return "holds a character that cannot stand in a host";
	}
	if (at && memchr(text, '@', (size_t)(at - text)))
		return "holds two '@' (write %40 in a password)";
	return url_port_fault(host, host_length);
}

const char *url_head(const char *text, size_t length, bool more, struct buffer *out)
{
	size_t scheme = 0, authority, rest;
	const char *fault;

	if (length >= 7 && strncasecmp(text, "http://", 7) == 0)
		scheme = 7;
	else if (length >= 8 && strncasecmp(text, "https://", 8) == 0)
		scheme = 8;
	else
		return "must begin with http:// or https:// (a field cannot stand there)";
	authority = until(text + scheme, length - scheme, "/?#");
	rest = scheme + authority;
	if (more && rest == length)
		return "a field cannot stand in the host or directly after it (write https://host/{{field}})";
	fault = check_authority(text + scheme, authority);
	if (fault)
		return fault;
	buffer_append(out, text, rest);
	if (rest == length || text[rest] != '/')
		buffer_char(out, '/');
	encode_url_rest(out, text + rest, length - rest);
	return NULL;
}

/* One '.' of a segment: its length, 0 where there is none. */
static size_t dot_at(const char *text, size_t length)
{
	if (length >= 1 && text[0] == '.')
		return 1;
	if (length >= 3 && text[0] == '%' && text[1] == '2' && (text[2] | 0x20) == 'e')
		return 3;
	return 0;
}

bool url_has_dot_segment(const char *url, size_t length)
{
	size_t path = until(url, length, "/");
	const char *at, *end;

	if (length - path < 2) /* "//" before the authority */
		return false;
	path += 2;
	path += until(url + path, length - path, "/?");
	at = url + path;
	end = at + until(at, length - path, "?");
	while (at < end) {
		size_t segment = 0, dots = 0, step;

		at++; /* the '/' */
		while ((step = dot_at(at + segment, (size_t)(end - at) - segment)) > 0) {
			segment += step;
			dots++;
		}
		if ((dots == 1 || dots == 2) && (at + segment == end || at[segment] == '/'))
			return true;
		at += until(at, (size_t)(end - at), "/");
	}
	return false;
}

/* What a request needs on this machine: found out before the first is sent,
 * rather than once for every item. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "engine/request/plan_internal.h"
#include "engine/request/template_internal.h"

/* A key that wants a password is refused; else OpenSSL asks at the terminal. */
static int no_password(char *out, int size, int writing, void *context)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)context;
	return 0;
}

static FILE *open_pem(const char *place, const char *path, struct error *error)
{
	struct stat info;
	FILE *file = NULL;

	/* It is read again for each connection: a pipe would be empty by then. */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		error_set(error, STATUS_USAGE, "%s: '%s' is no file", place, path);
		return NULL;
	}
	file = fopen(path, "re");
	if (!file)
		error_set(error, STATUS_USAGE, "%s: '%s' cannot be read: %s", place, path,
		          strerror(errno));
	return file;
}

static enum status read_certificate(const char *place, const char *path, X509 **certificate,
                                    struct error *error)
{
	FILE *file = open_pem(place, path, error);

	if (!file)
		return STATUS_USAGE;
	*certificate = PEM_read_X509(file, NULL, no_password, NULL);
	fclose(file);
	ERR_clear_error();
	return *certificate ? STATUS_OK
	                    : error_set(error, STATUS_USAGE, "%s: '%s' holds no certificate (PEM)",
	                                place, path);
}

static enum status read_key(const char *place, const char *path, EVP_PKEY **key,
                            struct error *error)
{
	FILE *file = open_pem(place, path, error);

	if (!file)
		return STATUS_USAGE;
	*key = PEM_read_PrivateKey(file, NULL, no_password, NULL);
	fclose(file);
	ERR_clear_error();
	return *key ? STATUS_OK
	            : error_set(error, STATUS_USAGE,
	                        "%s: '%s' holds no private key (PEM, without a password)", place, path);
}

/* The certificate's file holds the key where no other is named. */
static enum status check_client(const struct spec *spec, struct error *error)
{
	const char *cert = spec->request.cert, *key_file = spec->request.key_file;
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;
	enum status status = STATUS_OK;

	if (cert)
		status = read_certificate("request.cert", cert, &certificate, error);
	if (status == STATUS_OK && key_file)
		status = read_key("request.key_file", key_file, &key, error);
	else if (status == STATUS_OK && cert)
		status = read_key("request.cert", cert, &key, error);
	if (status == STATUS_OK && certificate && key &&
	    X509_check_private_key(certificate, key) != 1)
		status = error_set(error, STATUS_USAGE, "%s: '%s' is not the key of '%s'",
		                   key_file ? "request.key_file" : "request.cert",
		                   key_file ? key_file : cert, cert);
	ERR_clear_error();
	X509_free(certificate);
	EVP_PKEY_free(key);
	return status;
}

/* Its text may hold a password: it is not repeated. */
static enum status check_proxy(const char *proxy, struct error *error)
{
	static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5",
	                                      "socks5h"};
	const char *sign = strstr(proxy, "://"), *host = sign ? sign + 3 : proxy, *fault;
	size_t length = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', length);
	bool known = !sign;

	for (size_t i = 0; !known && i < sizeof(schemes) / sizeof(schemes[0]); i++)
		known = strlen(schemes[i]) == (size_t)(sign - proxy) &&
		        strncasecmp(proxy, schemes[i], strlen(schemes[i])) == 0;
	if (!known)
		return error_set(error, STATUS_USAGE,
		                 "request.proxy: must begin with http://, https://, socks4://, socks4a://, "
		                 "socks5:// or socks5h://");
	if (at) {
		length -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	if (length == 0 || *host == ':')
		return error_set(error, STATUS_USAGE, "request.proxy: names no host");
	if (strcspn(host, " \t\"<>\\^`{|}") < length)
		return error_set(error, STATUS_USAGE,
		                 "request.proxy: holds a character that cannot stand in a host");
	fault = url_port_fault(host, length);
	return fault ? error_set(error, STATUS_USAGE, "request.proxy: %s", fault) : STATUS_OK;
}

enum status plan_check_local(const struct spec *spec, struct error *error)
{
	X509 *authority = NULL;
	enum status status = STATUS_OK;

	if (spec->request.proxy)
		status = check_proxy(spec->request.proxy, error);
	if (status == STATUS_OK && spec->request.cacert)
		status = read_certificate("request.cacert", spec->request.cacert, &authority, error);
	X509_free(authority);
	return status == STATUS_OK ? check_client(spec, error) : status;
}

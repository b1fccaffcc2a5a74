/* Mistakes of this machine's own are found before anything is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "engine/request/plan.h"

static char folder[] = "/tmp/sluice-plan-XXXXXX";

static FILE *open_in_folder(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

/* A key, and a certificate of it where one is wanted. */
static void make_pair(const char *key_name, const char *certificate_name)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *certificate = X509_new();
	FILE *file = open_in_folder(key_name);

	assert_non_null(key);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	if (certificate_name) {
		file = open_in_folder(certificate_name);
		X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
		X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
		X509_set_pubkey(certificate, key);
		assert_true(X509_sign(certificate, key, NULL) > 0);
		assert_int_equal(PEM_write_X509(file, certificate), 1);
		fclose(file);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int make_files(void **state)
{
	FILE *file;

	(void)state;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	make_pair("key.pem", "cert.pem");
	make_pair("other.pem", NULL);
	file = open_in_folder("text");
	fputs("no certificate at all\n", file);
	return fclose(file);
}

static int remove_files(void **state)
{
	static const char *const names[] = {"key.pem", "cert.pem", "other.pem", "text"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	return chdir("/") != 0 || rmdir(folder) != 0;
}

static enum status try(const char *url, const char *members, struct error *error)
{
	static const unsigned char uuid[16] = {1};
	struct secret_set *secrets = secret_set_new(), *given = secret_set_new();
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	char text[512];
	enum status status;

	snprintf(text, sizeof(text), "{\"name\":\"t\",\"request\":{\"url\":\"%s\"%s}}", url, members);
	status = spec_parse(text, strlen(text), given, &spec, error);
	assert_int_equal(secret_set_merge(secrets, given), STATUS_OK);
	if (status == STATUS_OK)
		status = plan_make(spec, "t", uuid, secrets, &plan, error);
	plan_free(plan);
	spec_free(spec);
	secret_set_free(given);
	secret_set_free(secrets);
	return status;
}

static void test_local(void **state)
{
	static const struct {
		const char *url, *members, *says; /* NULL: nothing is wrong */
	} table[] = {
	    {"http://h:80/", "", NULL},
	    {"http://h:65535/", "", NULL},
	    {"http://h:/", "", NULL},
	    {"http://[::1]:8080/", "", NULL},
	    {"http://[::1]/", "", NULL},
	    {"http://${env:SLUICE_TEST_HOST}/", "", NULL},
	    {"http://h:${env:SLUICE_TEST_PORT}/", "", NULL},
	    {"http://h:${env:SLUICE_TEST_HOST}/", "", "request.url: names a port that is no number"},
	    {"http://h:0/", "", "request.url: names port 0"},
	    {"http://h:65536/", "", "request.url: names a port beyond 65535"},
	    {"http://h:99999999999999999999/", "", "request.url: names a port beyond 65535"},
	    {"http://h:8a/", "", "request.url: names a port that is no number"},
	    {"http://h:1:2/", "", "request.url: names a port that is no number"},
	    {"http://[::1/", "", "request.url: holds an address in brackets"},
	    {"http://[::1]x/", "", "request.url: holds an address in brackets"},
	    {"ftp://h/", "", "request.url: must begin with http:// or https://"},
	    {"http://h/", ",\"proxy\":\"p:3128\"", NULL},
	    {"http://h/", ",\"proxy\":\"http://u:pass@p:3128\"", NULL},
	    {"http://h/", ",\"proxy\":\"socks5h://[::1]:1080/\"", NULL},
	    {"http://h/", ",\"proxy\":\"ftp://u:pass@p\"", "request.proxy: must begin with"},
	    {"http://h/", ",\"proxy\":\"http://\"", "request.proxy: names no host"},
	    {"http://h/", ",\"proxy\":\"http://:80\"", "request.proxy: names no host"},
	    {"http://h/", ",\"proxy\":\"http://p:0\"", "request.proxy: names port 0"},
	    {"http://h/", ",\"proxy\":\"http://p q\"", "request.proxy: holds a character"},
	    {"http://h/", ",\"cacert\":\"cert.pem\"", NULL},
	    {"http://h/", ",\"cacert\":\"missing\"", "request.cacert: 'missing' cannot be read"},
	    {"http://h/", ",\"cacert\":\".\"", "request.cacert: '.' is no file"},
	    {"http://h/", ",\"cacert\":\"text\"", "request.cacert: 'text' holds no certificate"},
	    {"http://h/", ",\"cacert\":\"key.pem\"", "request.cacert: 'key.pem' holds no certificate"},
	    {"http://h/", ",\"cert\":\"cert.pem\",\"key_file\":\"key.pem\"", NULL},
	    {"http://h/", ",\"cert\":\"cert.pem\"", "request.cert: 'cert.pem' holds no private key"},
	    {"http://h/", ",\"cert\":\"cert.pem\",\"key_file\":\"text\"",
	     "request.key_file: 'text' holds no private key"},
	    {"http://h/", ",\"cert\":\"cert.pem\",\"key_file\":\"other.pem\"",
	     "request.key_file: 'other.pem' is not the key of 'cert.pem'"},
	};

	(void)state;
	setenv("SLUICE_TEST_HOST", "h", 1);
	setenv("SLUICE_TEST_PORT", "8080", 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct error error = {0};
		enum status status = try(table[i].url, table[i].members, &error);

		if (status != (table[i].says ? STATUS_USAGE : STATUS_OK))
			fail_msg("%s%s: %s: %s", table[i].url, table[i].members, status_name(status),
			         error.text);
		if (table[i].says && strncmp(error.text, table[i].says, strlen(table[i].says)) != 0)
			fail_msg("'%s' does not begin with '%s'", error.text, table[i].says);
		assert_null(strstr(error.text, "pass@"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_local)};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}

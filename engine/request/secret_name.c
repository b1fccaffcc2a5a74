/* Knowing by its name what is a secret. */
#include <ctype.h>
#include <string.h>

#include "engine/request/secret.h"

/* The name in lower case, its words parted by '-': "X-Api_Key", "accessKey"
 * -> "-x-api-key-", "-access-key-". */
static void words_of(const char *name, char *out, size_t size)
{
	size_t length = 0;

	out[length++] = '-';
	for (const char *at = name; *at && length + 3 < size; at++) {
		unsigned char c = (unsigned char)*at;

		if (!isalnum(c)) {
			if (out[length - 1] != '-')
				out[length++] = '-';
			continue;
		}
		if (isupper(c) && at > name && islower((unsigned char)at[-1]))
			out[length++] = '-';
		out[length++] = (char)tolower(c);
	}
	if (out[length - 1] != '-')
		out[length++] = '-';
	out[length] = '\0';
}

static bool holds_any(const char *words, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(words, list[i]))
			return true;
	}
	return false;
}

bool secret_name(const char *name)
{
	/* With hyphens: whole words; a hyphen at the end only: a word's end. */
	static const char *const secret[] = {
	    "authorization", "authentication", "-auth-", "-oauth-", "cookie", "secret", "password",
	    "passwd", "passphrase", "-pwd-", "-pass-", "credential", "signature", "-sign-", "-sig-",
	    "token-", "key-", "session-id-", "sessionid-", "sessid-",
	};
	/* Keys and tokens that open no door. */
	static const char *const harmless[] = {
	    "idempotency", "idempotent", "dedup", "-public-", "-sort-", "-order-", "-partition-",
	    "-cache-", "-routing-", "-primary-", "-foreign-", "-row-", "-page-", "pagetoken-", "-next-",
	    "-continuation-", "-sync-", "-cursor-", "-object-", "-message-", "-surrogate-", "monkey-",
	    "turkey-", "hotkey-", "cancel-",
	};
	char words[256];

	words_of(name, words, sizeof(words));
	return holds_any(words, secret, sizeof(secret) / sizeof(secret[0])) &&
	       !holds_any(words, harmless, sizeof(harmless) / sizeof(harmless[0]));
}

/* Keeping values out of what leaves the process, and knowing by its name what
 * is a value of that kind. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/encode.h"
#include "engine/request/secret_internal.h"

static bool add_form(struct secret_set *set, const char *bytes, size_t length)
{
	int place = 0;
	char *kept;

	if (length < SECRET_MASK_MIN)
		return true;
	for (int i = 0; i < set->form_count; i++) {
		if (set->forms[i].length == length && memcmp(set->forms[i].at, bytes, length) == 0)
			return true;
	}
	if (set->form_count == set->form_capacity) {
		int capacity = set->form_capacity ? 2 * set->form_capacity : 16;
		struct secret_form *forms = realloc(set->forms, (size_t)capacity * sizeof(*forms));

		if (!forms)
			return false;
		set->forms = forms;
		set->form_capacity = capacity;
	}
	kept = secret_keep(set, bytes, length);
	if (!kept)
		return false;
	while (place < set->form_count && set->forms[place].length >= length)
		place++;
	memmove(&set->forms[place + 1], &set->forms[place],
	        (size_t)(set->form_count - place) * sizeof(*set->forms));
	set->forms[place] = (struct secret_form){kept, length};
	set->form_count++;
	return true;
}

bool secret_mask_add(struct secret_set *set, const char *value, size_t length)
{
	struct buffer form = {0};
	bool ok;

	if (length < SECRET_MASK_MIN)
		return true;
	ok = add_form(set, value, length);
	encode_percent(&form, value, length);
	ok = ok && !form.failed && add_form(set, form.data, form.length);
	form.length = 0;
	buffer_json_inner(&form, value, length);
	ok = ok && !form.failed && add_form(set, form.data, form.length);
	form.length = 0;
	encode_base64(&form, value, length);
	while (form.length > 0 && form.data[form.length - 1] == '=')
		form.length--; /* some leave the padding out */
	ok = ok && !form.failed && add_form(set, form.data, form.length);
	secret_buffer_free(&form);
	return ok;
}

bool secret_mask(const struct secret_set *set, char *bytes, size_t length)
{
	bool masked = false;

	for (int i = 0; length > 0 && i < set->form_count; i++) {
		const struct secret_form *form = &set->forms[i];
		char *end = bytes + length, *at = bytes;

		while ((at = memmem(at, (size_t)(end - at), form->at, form->length))) {
			memset(at, '*', form->length);
			at += form->length;
			masked = true;
		}
	}
	return masked;
}

/* ---- names ------------------------------------------------------------- */

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

#include "engine/run/window.h"

#include <stdlib.h>
#include <string.h>

void window_init(struct window *window, int64_t settled_upto)
{
	memset(window, 0, sizeof(*window));
	window->low = window->high = settled_upto;
	window->base = settled_upto & ~63LL;
}

void window_free(struct window *window)
{
	free(window->bits);
	window->bits = NULL;
	window->words = 0;
}

/* Drop whole words below low. */
static void slide(struct window *window)
{
	int64_t drop = ((window->low & ~63LL) - window->base) / 64;

	if (drop <= 0)
		return;
	if (drop > window->words)
		drop = window->words;
	memmove(window->bits, window->bits + drop, (size_t)(window->words - drop) * 8);
	memset(window->bits + (window->words - drop), 0, (size_t)drop * 8);
	window->base += drop * 64;
	if (window->words == 0)
		window->base = window->low & ~63LL;
}

bool window_extend(struct window *window, int64_t high)
{
	int64_t need, grown;
	uint64_t *bits;

	if (high <= window->high)
		return true;
	if ((high - window->base) / 64 + 1 > window->words)
		slide(window);
	need = (high - window->base) / 64 + 1;
	if (need > window->words) {
		grown = window->words * 2 > need ? window->words * 2 : need + 16;
		bits = realloc(window->bits, (size_t)grown * 8);
		if (bits == NULL)
			return false;
		memset(bits + window->words, 0, (size_t)(grown - window->words) * 8);
		window->bits = bits;
		window->words = grown;
	}
	window->high = high;
	return true;
}

void window_settle(struct window *window, int64_t seq)
{
	int64_t bit = seq - window->base;

	if (seq <= window->low || seq > window->high)
		return;
	window->bits[bit / 64] |= 1ULL << (bit % 64);
	while (window->low < window->high) {
		bit = window->low + 1 - window->base;
		if ((window->bits[bit / 64] >> (bit % 64) & 1) == 0)
			break;
		window->low++;
	}
}

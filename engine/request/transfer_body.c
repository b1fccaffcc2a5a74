#include "engine/request/transfer_body.h"

#include <stdatomic.h>
#include <stdlib.h>

/* One figure for all threads: each draws from it and gives back. */
static atomic_size_t room_taken;

size_t exchange_body_room(void)
{
	return BODY_ROOM - atomic_load(&room_taken);
}

static bool room_take(struct exchange *exchange, size_t bytes)
{
	size_t taken = atomic_load_explicit(&room_taken, memory_order_relaxed);
	do {
		if (bytes > BODY_ROOM - taken)
			return false;
	} while (!atomic_compare_exchange_weak(&room_taken, &taken, taken + bytes));
	exchange->body_room += bytes;
	return true;
}

/* What a body of this much memory owes. */
static size_t room_owed(size_t capacity)
{
	return capacity > BODY_BYTES_FREE ? capacity - BODY_BYTES_FREE : 0;
}

static void room_settle(struct exchange *exchange)
{
	size_t owed = room_owed(exchange->response.body.capacity);
	if (exchange->body_room <= owed)
		return;
	atomic_fetch_sub(&room_taken, exchange->body_room - owed);
	exchange->body_room = owed;
}

/* Room for `extra` bytes more; it grows as a buffer does, by doubling. */
static bool make_room(struct exchange *exchange, size_t extra)
{
	struct buffer *body = &exchange->response.body;
	size_t needed = body->length + extra + 1, capacity = BODY_BYTES_FREE;
	if (needed <= capacity || needed <= body->capacity)
		return true;
	while (capacity < needed)
		capacity *= 2;
	return room_owed(capacity) <= exchange->body_room ||
	       room_take(exchange, room_owed(capacity) - exchange->body_room);
}

bool body_take(struct exchange *exchange, const char *bytes, size_t length)
{
	struct response *response = &exchange->response;
	bool wanted = plan_spec(exchange->plan)->reads_body;
	int64_t held_max = exchange->body_bytes_max;
	if (wanted && held_max < BODY_BYTES_JUDGED_MAX)
		held_max = BODY_BYTES_JUDGED_MAX;
	size_t keep = length, left = (size_t)held_max - response->body.length;
	response->body_bytes += (int64_t)length;
	if (response->body_end != BODY_WHOLE)
		keep = 0;
	else if (keep > left)
		keep = left;
	if (keep > 0 && !make_room(exchange, keep)) {
		keep = 0;
		response->body_end = wanted ? BODY_NO_ROOM : BODY_CAPPED;
	} else if (keep < length && response->body_end == BODY_WHOLE) {
		response->body_end = wanted ? BODY_TOO_LARGE : BODY_CAPPED;
	}
	buffer_append(&response->body, bytes, keep);
	response->truncated = response->body_end != BODY_WHOLE;
	if (response->body.failed || (wanted && response->truncated))
		return false;
	return response->body_bytes - (int64_t)response->body.length <= BODY_BYTES_IGNORED_MAX;
}

void body_drop(struct exchange *exchange, size_t keep_max)
{
	buffer_reset(&exchange->response.body, keep_max);
	if (keep_max == 0)
		buffer_free(&exchange->response.body);
	room_settle(exchange);
}

void exchange_cut_body(struct exchange *exchange, size_t bytes)
{
	struct buffer *body = &exchange->response.body;
	if (body->length > bytes) {
		body->length = bytes;
		body->data[bytes] = '\0';
		exchange->response.truncated = true;
	}
	if (body->capacity > BODY_BYTES_FREE && body->capacity / 2 > body->length) {
		size_t capacity = body->length + 1;
		char *data = realloc(body->data, capacity);
		if (data) {
			body->data = data;
			body->capacity = capacity;
		}
	}
	room_settle(exchange);
}

/* Large bodies: what is held of them, and the room they share. */
#include "tests/unit/transfer_stage.h"

#define MIB (1L << 20)

static void begin(struct stage *stage, struct exchange *exchange, struct made_plan *made, long size)
{
	char path[32];

	snprintf(path, sizeof(path), "/big/%ld", size);
	request_set(exchange, made, "GET", stage->server->port, path);
	exchange->body_bytes_max = MIB;
	perform(stage, exchange);
	assert_int_equal(exchange->response.transport, TRANSPORT_OK);
	assert_int_equal(exchange->response.http_status, 200);
}

/* Rules see beyond what is stored; where nobody reads it, it is only counted. */
static void test_what_is_held(void **state)
{
	static const struct {
		const char *more;
		long came, held;
		enum body_end end;
	} table[] = {
	    {"\"method\": \"GET\"}, \"ok_if\": \"$.a == 1\", \"store\": {", 3 * MIB, 3 * MIB, BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"extract\": {\"a\": \"$.a\"}, \"store\": {", 3 * MIB, 3 * MIB, BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"rules\": [{\"if\": \"body ~ 'x'\", \"then\": \"done\"}], \"store\": {", 3 * MIB, 3 * MIB,
	     BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"rules\": [{\"if\": \"status == 1\", \"then\": \"fail\", \"code\": \"$.a\"}], \"store\": {",
	     3 * MIB, 3 * MIB, BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"rules\": [{\"if\": \"status == 1\", \"then\": \"done\"}], \"store\": {", 3 * MIB, MIB,
	     BODY_CAPPED},
	    {"", 3 * MIB, MIB, BODY_CAPPED},
	    {"", MIB, MIB, BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"ok_if\": \"$.a == 1\", \"store\": {", BODY_BYTES_JUDGED_MAX, BODY_BYTES_JUDGED_MAX,
	     BODY_WHOLE},
	    {"\"method\": \"GET\"}, \"ok_if\": \"$.a == 1\", \"store\": {", 1000000 * MIB, BODY_BYTES_JUDGED_MAX,
	     BODY_TOO_LARGE},
	};
	struct stage *stage = *state;
	struct exchange exchange = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct made_plan made = plan_of(table[i].more);
		const struct response *response = &exchange.response;

		begin(stage, &exchange, &made, table[i].came);
		assert_int_equal(response->body.length, table[i].held);
		assert_int_equal(response->body_end, table[i].end);
		assert_int_equal(response->truncated, table[i].end != BODY_WHOLE);
		if (table[i].end != BODY_TOO_LARGE)
			assert_int_equal(response->body_bytes, table[i].came);
		assert_true(exchange_body_room() < BODY_ROOM);
		exchange_cut_body(&exchange, 10);
		assert_int_equal(response->body.length, 10);
		assert_true(response->truncated);
		assert_int_equal(exchange_body_room(), BODY_ROOM);
		plan_drop(&made);
	}
	exchange_free(&exchange);
}

/* What is asked for beyond the room of all together is refused, not taken. */
static void test_shared_room(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"method\":\"GET\"}, \"ok_if\": \"$.a == 1\", \"store\": {");
	struct made_plan unread = plan_of("");
	struct exchange held[8] = {{0}}, other = {0};
	int whole = 0;

	while (whole < 8) {
		begin(stage, &held[whole], &made, 33 * MIB);
		if (held[whole].response.body_end != BODY_WHOLE)
			break;
		whole++;
	}
	assert_in_range(whole, 2, 7);
	assert_int_equal(held[whole].response.body_end, BODY_NO_ROOM);
	assert_true(held[whole].response.truncated);
	/* A small one has its place, and one that nobody reads is a whole answer. */
	begin(stage, &other, &made, 60000);
	assert_int_equal(other.response.body_end, BODY_WHOLE);
	begin(stage, &other, &unread, 33 * MIB);
	assert_int_equal(other.response.body_end, BODY_CAPPED);
	assert_int_equal(other.response.body_bytes, 33 * MIB);
	exchange_free(&held[0]);
	memset(&held[0], 0, sizeof(held[0]));
	exchange_reset(&held[whole], 65536);
	begin(stage, &held[0], &made, 33 * MIB);
	assert_int_equal(held[0].response.body_end, BODY_WHOLE);
	for (int i = 0; i < 8; i++)
		exchange_free(&held[i]);
	exchange_free(&other);
	assert_int_equal(exchange_body_room(), BODY_ROOM);
	plan_drop(&made);
	plan_drop(&unread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_is_held, stage_open, stage_close),
	    cmocka_unit_test_setup_teardown(test_shared_room, stage_open, stage_close),
	};
	transfer_global_init(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

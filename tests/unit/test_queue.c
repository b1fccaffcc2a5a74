#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/queue.h"

struct item {
	struct queue_node node; /* first, so that a node is its item */
	int producer, number;
};

static struct item *new_item(int producer, int number)
{
	struct item *item = calloc(1, sizeof(*item));

	assert_non_null(item);
	item->producer = producer;
	item->number = number;
	return item;
}

static void add_new(struct queue_list *list, int producer, int number)
{
	queue_list_add(list, &new_item(producer, number)->node);
}

static int free_all(struct queue_list *list)
{
	int count = 0;

	while (list->head) {
		struct queue_node *node = list->head;

		list->head = node->next;
		free(node);
		count++;
	}
	*list = (struct queue_list){0};
	return count;
}

static void test_order_and_take_all(void **state)
{
	struct queue *queue = queue_new(10);
	struct queue_list list = {0}, out = {0};
	int number = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		add_new(&list, 0, i);
	assert_true(queue_push(queue, &list));
	assert_null(list.head);
	assert_int_equal(list.count, 0);
	add_new(&list, 0, 3);
	assert_true(queue_push(queue, &list));
	assert_int_equal(queue_length(queue), 4);
	assert_int_equal(queue_take(queue, &out, 0), 4);
	assert_int_equal(out.count, 4);
	for (struct queue_node *node = out.head; node; node = node->next)
		assert_int_equal(((struct item *)node)->number, number++);
	assert_int_equal(number, 4);
	free_all(&out);
	assert_int_equal(queue_take(queue, &out, 0), 0);
	assert_int_equal(queue_take(queue, &out, clock_mono_ns() + NS_PER_MS), 0);
	assert_true(queue_push(queue, &list)); /* an empty list is nothing */
	queue_free(queue);
	queue_free(NULL);
}

static void test_close(void **state)
{
	struct queue *queue = queue_new(1);
	struct queue_list list = {0}, out = {0};

	(void)state;
	add_new(&list, 0, 0);
	assert_true(queue_push(queue, &list));
	queue_close(queue);
	add_new(&list, 0, 1);
	assert_false(queue_push(queue, &list));
	assert_false(queue_push_urgent(queue, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(queue_take(queue, &out, CLOCK_NEVER), 1);
	assert_int_equal(queue_take(queue, &out, CLOCK_NEVER), 0);
	assert_int_equal(free_all(&out), 1);
	assert_int_equal(free_all(&list), 1);
	queue_free(queue);
}

static void test_poke_is_not_lost(void **state)
{
	struct queue *queue = queue_new(1);
	struct queue_list out = {0};

	(void)state;
	queue_poke(queue);
	assert_int_equal(queue_take(queue, &out, CLOCK_NEVER), 0);
	assert_int_equal(queue_take(queue, &out, clock_mono_ns() + NS_PER_MS), 0);
	queue_free(queue);
}

static void test_fewer_than_asked_for_do_not_wake(void **state)
{
	struct queue *queue = queue_new(8);
	struct queue_list list = {0}, out = {0};
	int64_t started = clock_mono_ns();

	(void)state;
	add_new(&list, 0, 0);
	add_new(&list, 0, 1);
	assert_true(queue_push(queue, &list));
	/* Two of three: all the time, then what there is. */
	assert_int_equal(queue_take_many(queue, &out, 3, started + 20 * NS_PER_MS), 2);
	assert_true(clock_mono_ns() - started >= 20 * NS_PER_MS);
	add_new(&list, 0, 2);
	add_new(&list, 0, 3);
	assert_true(queue_push(queue, &list));
	assert_int_equal(queue_take_many(queue, &out, 2, CLOCK_NEVER), 2);
	add_new(&list, 0, 4);
	assert_true(queue_push_urgent(queue, &list)); /* it waits for nobody */
	assert_int_equal(queue_take_many(queue, &out, 8, CLOCK_NEVER), 1);
	queue_poke(queue);
	assert_int_equal(queue_take_many(queue, &out, 8, CLOCK_NEVER), 0);
	add_new(&list, 0, 5);
	assert_true(queue_push(queue, &list));
	queue_close(queue);
	assert_int_equal(queue_take_many(queue, &out, 8, CLOCK_NEVER), 1);
	assert_int_equal(free_all(&out), 6);
	queue_free(queue);
}

struct pusher {
	struct queue *queue;
	struct queue_list list;
	bool pushed;
};

static void *push_one(void *argument)
{
	struct pusher *pusher = argument;

	pusher->pushed = queue_push(pusher->queue, &pusher->list);
	return NULL;
}

static void test_bound_blocks(void **state)
{
	struct queue *queue = queue_new(2);
	struct pusher pusher = {queue, {0}, false};
	struct queue_list list = {0}, out = {0};
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 5; i++) /* longer than the bound: goes in whole */
		add_new(&list, 0, i);
	assert_true(queue_push(queue, &list));
	add_new(&pusher.list, 1, 0);
	pthread_create(&thread, NULL, push_one, &pusher);
	usleep(20000);
	assert_int_equal(queue_length(queue), 5);
	add_new(&list, 0, 5);
	assert_true(queue_push_urgent(queue, &list)); /* does not heed the bound */
	assert_int_equal(queue_take(queue, &out, 0), 6);
	pthread_join(thread, NULL);
	assert_true(pusher.pushed);
	assert_int_equal(queue_take(queue, &out, 0), 1);
	assert_int_equal(free_all(&out), 7);

	/* Closing frees a blocked producer, who keeps its list. */
	add_new(&list, 0, 0);
	add_new(&list, 0, 1);
	assert_true(queue_push(queue, &list));
	add_new(&pusher.list, 1, 1);
	pthread_create(&thread, NULL, push_one, &pusher);
	usleep(20000);
	queue_close(queue);
	pthread_join(thread, NULL);
	assert_false(pusher.pushed);
	assert_int_equal(free_all(&pusher.list), 1);
	assert_int_equal(queue_take(queue, &out, 0), 2);
	free_all(&out);
	queue_free(queue);
}

enum { PRODUCERS = 4, EACH = 5000 };

struct producer {
	struct queue *queue;
	int id;
};

static void *produce(void *argument)
{
	struct producer *producer = argument;

	for (int number = 0; number < EACH;) {
		struct queue_list list = {0};

		for (int i = 0; i <= producer->id && number < EACH; i++)
			add_new(&list, producer->id, number++);
		if (!queue_push(producer->queue, &list))
			abort();
	}
	return NULL;
}

/* Nothing is lost or doubled, and each producer's order holds. */
static void test_many_producers(void **state)
{
	struct queue *queue = queue_new(16);
	struct producer producers[PRODUCERS];
	pthread_t threads[PRODUCERS];
	int next[PRODUCERS] = {0}, total = 0;

	(void)state;
	for (int i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){queue, i};
		pthread_create(&threads[i], NULL, produce, &producers[i]);
	}
	while (total < PRODUCERS * EACH) {
		struct queue_list out = {0};
		int taken = queue_take(queue, &out, CLOCK_NEVER);

		assert_int_equal(taken, out.count);
		for (struct queue_node *node = out.head; node; node = node->next) {
			struct item *item = (struct item *)node;

			assert_int_equal(item->number, next[item->producer]++);
		}
		total += free_all(&out);
	}
	for (int i = 0; i < PRODUCERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(next[i], EACH);
	}
	assert_int_equal(queue_length(queue), 0);
	queue_free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_and_take_all),
	    cmocka_unit_test(test_close),
	    cmocka_unit_test(test_fewer_than_asked_for_do_not_wake),
	    cmocka_unit_test(test_poke_is_not_lost),
	    cmocka_unit_test(test_bound_blocks),
	    cmocka_unit_test(test_many_producers),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}

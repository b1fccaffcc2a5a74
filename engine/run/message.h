/* What can lie in the writer's queue. */
#ifndef SLUICE_RUN_MESSAGE_H
#define SLUICE_RUN_MESSAGE_H

#include "engine/base/queue.h"

enum message_kind { MESSAGE_RESULT, MESSAGE_COMMAND };

struct message {
	struct queue_node node; /* first: a node is its message */
	enum message_kind kind;
};

#endif

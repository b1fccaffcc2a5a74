/* --help and shell completion, written out of the option table. */
#ifndef SLUICE_CLI_HELP_H
#define SLUICE_CLI_HELP_H

#include <stdbool.h>

#include "engine/base/buffer.h"
#include "engine/cli/options.h"

#define HELP_WIDTH 80 /* no line is wider */

/* `sluice --help` */
void help_overview(struct buffer *out);
/* `sluice COMMAND --help` */
void help_command(struct buffer *out, enum command_id command);

/* A completion script for "bash", "zsh" or "fish"; false: no such shell. */
bool completion_script(struct buffer *out, const char *shell);

#endif

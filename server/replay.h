/* cbsmock replay FILE: a recording played again, by this program itself. */
#ifndef CBSMOCK_REPLAY_H
#define CBSMOCK_REPLAY_H

/* argv[0] is the subcommand's own name. Exit status: 0 fine, 1 something is answered otherwise now and --check is given, 2 it cannot be
 * played. */
int replay_command(int argc, char **argv);

#endif

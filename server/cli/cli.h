/* The subcommands that talk to a running server, for people without an SDK. Each returns the exit status: 0 fine, 1 the server
 * answered with an error, 2 bad usage or no server. */
#ifndef CBSMOCK_CLI_CLI_H
#define CBSMOCK_CLI_CLI_H

/* argv[0] is the subcommand's own name. */
int cli_call(int argc, char **argv);   /* cbsmock call CreateSnapshot DiskId=disk-lzrg2pwi … */
int cli_health(int argc, char **argv); /* cbsmock health */

#endif

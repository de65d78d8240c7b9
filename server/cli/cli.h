/* The subcommands that talk to a running server, for people without an SDK. Each returns the exit status. */
#ifndef CBSMOCK_CLI_CLI_H
#define CBSMOCK_CLI_CLI_H

enum {
	STATUS_OK,
	STATUS_REFUSED, /* the server answered with an error */
	STATUS_FAILED,  /* bad usage, or no server */
};

/* argv[0] is the subcommand's own name. */
int cli_call(int argc, char **argv);     /* cbsmock call CreateSnapshot DiskId=disk-lzrg2pwi … */
int cli_health(int argc, char **argv);   /* cbsmock health */
int cli_env(int argc, char **argv);      /* eval "$(cbsmock env)" */
int cli_sandbox(int argc, char **argv);  /* cbsmock sandbox create ci-1 … */
int cli_clock(int argc, char **argv);    /* cbsmock clock advance 5s … */
int cli_faults(int argc, char **argv);   /* cbsmock faults add action=CreateSnapshot --error RequestLimitExceeded … */
int cli_requests(int argc, char **argv); /* cbsmock requests list … */
int cli_verify(int argc, char **argv);   /* cbsmock verify action=CreateSnapshot --exactly 1 */
int cli_state(int argc, char **argv);    /* cbsmock state export … */
int cli_errors(int argc, char **argv);   /* cbsmock errors arrange InvalidDisk.Busy … */
int cli_diagnose(int argc, char **argv); /* cbsmock diagnose request.txt */
int cli_recording(int argc, char **argv);/* cbsmock recording start … */
int cli_reset(int argc, char **argv);    /* cbsmock reset */
int cli_config(int argc, char **argv);   /* cbsmock config set rate-limit=off … */
int cli_stop(int argc, char **argv);     /* cbsmock stop */

#endif

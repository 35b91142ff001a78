/* app/main — the program: hands the real system to the command line.
 *
 * A closed pipe and a full quota must come back as failed writes, with a message and an exit code, not as a signal that ends us.
 */
#include "cli/cli.h"
#include "env/env.h"

#include <signal.h>

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    return cli_run(env_system(), argc, argv);
}

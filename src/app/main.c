/* app/main — the program: hands the real system to the command line. */
#include "cli/cli.h"
#include "env/env.h"

int main(int argc, char **argv)
{
    return cli_run(env_system(), argc, argv);
}

/* load — a load generator for the API: cases of the demonstration city arrive, are trialled and confirmed; figures out.
 *
 * Who uses it: `yijie load` (operators), `yijie bench server`. Arrival is an open loop: case n is due at begin + n / rate whatever the server does, and its trial's latency
 * counts from that moment, also while it waits for a free place (no coordinated omission). With rate 0 each place takes the next case at once: saturation.
 * Invariants: every case that was begun is counted once, as confirmed, requoted, refused, busy or failed; `acknowledged` names a case only
 * when the server has answered its confirmation with 201.
 */
#ifndef YIJIE_LOAD_H
#define YIJIE_LOAD_H

#include "base/base.h"
#include "city/city.h"
#include "env/env.h"

struct load_options {
    const struct env *env;
    struct str base, unix_socket, authorization; /* as http_client_options */
    struct city city;
    uint64_t run;            /* names the bills: another run, other bills */
    uint32_t lines;          /* of each bill; 0: as the kind of visit has them */
    bool covered;
    uint32_t rate_per_s;     /* cases; 0: saturation */
    uint32_t seconds, places; /* places: cases in flight, at most LOAD_PLACES_MAX; 0: 64 */
    uint64_t case_max;       /* stop after so many; 0: no such end */
    uint32_t warm_seconds;   /* at the beginning: not in the figures */
    void (*acknowledged)(void *user, struct str id); /* on the client's thread; may be NULL */
    void (*progress)(void *user, uint64_t done_ms, uint64_t total_ms, uint64_t confirmed);
    void *user;
};
enum { LOAD_PLACES_MAX = 2'048, LOAD_ERRORS_MAX = 16 };

struct load_latency {
    uint64_t count, p50_us, p90_us, p99_us, p999_us, max_us;
};
struct load_report {
    uint64_t begun, confirmed, requoted, refused, busy, failed;
    uint64_t elapsed_ns;     /* of the counted part */
    uint64_t counted;        /* confirmed in the counted part */
    struct load_latency trial, confirm;
    struct load_error {      /* the first of each kind that was no success */
        int status;
        uint64_t count;
        char code[48];       /* stable code of the problem document, or of the failure */
    } errors[LOAD_ERRORS_MAX];
    uint32_t error_count;
};
/* Runs to the end. Fails when the client cannot be opened; an unreachable server shows as failed cases. */
struct status load_run(struct arena *a, const struct load_options *o, struct load_report *ret);
uint64_t load_cases_per_s(const struct load_report *r); /* counted ÷ elapsed, rounded down */

#endif

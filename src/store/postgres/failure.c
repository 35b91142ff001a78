/* failure — what the server's words mean to a caller.
 *
 * Who uses it: all files of this folder. Invariant: no failure quotes a value of a row (personal data); it names the statement, the state's
 * code, and constraint and table where the server tells them. Source: PostgreSQL, appendix A "Error Codes".
 */
#include <string.h>

#include "store/postgres/postgres_internal.h"

/* The first row whose prefix fits. `quotes`: the message may quote values. */
static const struct {
    const char *prefix;
    enum store_error error;
    bool quotes;
} meanings[] = {
    {"08", STORE_LOST, false},       /* connection exceptions */
    {"22021", STORE_BAD_TEXT, true},
    {"22", STORE_STATEMENT, true}, /* data exceptions quote the data */
    {"23", STORE_CONSTRAINT, true},
    {"25006", STORE_READ_ONLY, false},
    {"25P03", STORE_LOST, false}, /* idle in transaction for too long */
    {"40", STORE_CONFLICT, false},  /* deadlock, serialization */
    {"42501", STORE_DENIED, false},
    {"53100", STORE_DISK_FULL, false},
    {"53", STORE_TIMEOUT, false}, /* out of memory, connections, … : load */
    {"55P03", STORE_CONFLICT, false}, /* a lock was not to be had in time */
    {"57014", STORE_TIMEOUT, false},  /* statement_timeout */
    {"57P", STORE_LOST, false},
    {"58", STORE_IO, true},
    {"XX001", STORE_CORRUPT, false},
    {"XX002", STORE_CORRUPT, false},
    {"42", STORE_STATEMENT, false},
    {"", STORE_STATEMENT, true},
};

struct str postgres_first_line(struct arena *a, const char *message) {
    size_t n = message ? strcspn(message, "\n") : 0;
    struct str line = arena_str(a, (struct str){message ? message : "", n});
    return line.p && utf8_check(line) ? line : STR("");
}

bool postgres_status_is(struct status s, enum store_error which) {
    static const struct {
        const char *code;
    } errors[] = {
#define STORE_ERROR(id, code, zh, en, hint_zh, hint_en) [STORE_##id] = {code},
#include "store/errors.def"
#undef STORE_ERROR
    };
    return s.err && strcmp(s.err->code, errors[which].code) == 0;
}

struct status postgres_unknown(struct arena *a, struct str detail) {
    static const struct error plain[] = {
#define STORE_ERROR(id, code_, zh_, en_, hint_zh_, hint_en_) \
    {.code = (code_), .place = STR_INIT("commit"), .zh = STR_INIT(zh_), .en = STR_INIT(en_), .hint_zh = STR_INIT(hint_zh_), .hint_en = STR_INIT(hint_en_)},
#include "store/errors.def"
#undef STORE_ERROR
    };
    struct status st = store_fail(a, STORE_OUTCOME_UNKNOWN, STR("commit"), detail);
    return postgres_status_is(st, STORE_OUTCOME_UNKNOWN) ? st : (struct status){&plain[STORE_OUTCOME_UNKNOWN]};
}

struct status postgres_lost(struct postgres_connection *c, struct arena *a, const char *what) {
    struct str line = c->link ? postgres_first_line(a, PQerrorMessage(c->link)) : STR("");
    postgres_drop(c);
    return store_fail(a, STORE_LOST, str_from(what), line);
}

static struct str detail_of(struct arena *a, const PGresult *res, const char *state, bool quotes) {
    const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME), *table = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
    if (!quotes) {
        struct str message = postgres_first_line(a, PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
        return arena_printf(a, "[%s] %.*s", state, STR_FMT(message));
    }
    if (constraint && table) return arena_printf(a, "[%s] %s, %s", state, table, constraint);
    return arena_printf(a, "[%s]%s%s", state, table ? " " : "", table ? table : "");
}

/* "cached plan must not change result type": the schema moved on; or a prepared statement is gone, since a pooler gave us another session. */
static bool plan_outdated(const PGresult *res, const char *state) {
    const char *file = PQresultErrorField(res, PG_DIAG_SOURCE_FILE);
    return strncmp(state, "26", 2) == 0 || (strcmp(state, "0A000") == 0 && file && strstr(file, "plancache"));
}

struct status postgres_failure(struct postgres_connection *c, struct arena *a, const char *what, const PGresult *res) {
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *severity = res ? PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED) : NULL;
    if (!state) return postgres_lost(c, a, what);
    uint32_t at = 0;
    while (strncmp(state, meanings[at].prefix, strlen(meanings[at].prefix)) != 0) at++;
    enum store_error error = meanings[at].error;
    struct str detail = detail_of(a, res, state, meanings[at].quotes);
    bool ends = severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
    if (error == STORE_READ_ONLY && c->base.mode != STORE_READ) ends = true; /* it has become a standby: look for the new first server */
    if (error == STORE_TIMEOUT && c->base.mode == STORE_READ) error = STORE_READ_SLOW;
    if (plan_outdated(res, state)) { /* connecting anew is the shortest way to prepare all anew */
        error = STORE_CONFLICT;
        postgres_drop(c);
    } else if (ends || error == STORE_LOST) {
        error = STORE_LOST;
        postgres_drop(c);
    }
    return store_fail(a, error, str_from(what), detail);
}

/* statements of the room: well formed, distributed by cover, shard or key where they are hot, and accepted by the schema of the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases/life/life.h"
#include "cases/proof/proof.h"
#include "cases/tests/town.h"

static const struct store_statements *const tables[] = {&cases_statements, &life_statements, &proof_table_statements, &proof_statements};

static void well_formed(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 24);
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct status s = store_statements_check(&a, tables[i]);
        if (s.err) fail_msg("%.*s: %.*s", STR_FMT(s.err->place), STR_FMT(s.err->en));
    }
    arena_done(&a);
}

static void known_to_the_schema(void **state)
{
    (void)state;
    struct town t;
    town_begin(&t);
    town_close(&t);
    const struct store_options so = {.env = &t.env.env, .where = t.options.where};
    struct store *store = NULL;
    struct store_connection *c = NULL;
    assert_false(status_failed(store_open(&t.arena, &so, &store)));
    assert_false(status_failed(store_connect(store, STORE_OWNER, &t.arena, &c)));
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        const struct status s = store_statements_prepare(c, &t.arena, tables[i]);
        if (s.err) fail_msg("%.*s: %.*s", STR_FMT(s.err->place), STR_FMT(s.err->en));
    }
    store_disconnect(c);
    store_close(store);
    town_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(well_formed), cmocka_unit_test(known_to_the_schema)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

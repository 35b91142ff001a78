/* fuzz_change — any bytes as an import: JSON, JSON lines, CSV, and one change; what is accepted is decided and folded without harm.
 *
 * Invariants: no crash; a finding has both languages; findings are counted; what was decided folds, and deciding it once more makes no event where the change is of
 * the world (a change that stands already).
 */
#include <string.h>

#include "registry/registry.h"

enum { BYTES = 64 << 20, CHANGES_MAX = 20 };

static struct status random_none(const struct env *e, struct arena *a, void *bytes, size_t n) {
    (void)e;
    (void)a;
    memset(bytes, 7, n);
    return STATUS_OK;
}

static void findings_check(const struct registry_import *got) {
    uint32_t n = 0;
    for (const struct error *e = got->errors; e; e = e->next, n++) CHECK(e->zh.n > 0 && e->en.n > 0 && utf8_check(e->zh) && utf8_check(e->en));
    CHECK(n <= REGISTRY_IMPORT_ERRORS && n <= got->error_count);
}

/* Changes of the world need no keys: the whole way in memory, each twice. */
static void world_run(struct arena *a, const struct registry_import *got) {
    struct env e = *env_system();
    struct registry_set *s = NULL;
    struct registry_world *w = NULL;
    e.random_fill = random_none;
    if (status_failed(registry_set_new(a, NULL, &s)) || status_failed(registry_world_empty(a, &w))) return;
    int64_t seq = 0;
    for (uint32_t i = 0; i < got->count && i < CHANGES_MAX; i++) {
        static const char *const world[] = {"institution", "payer", "region", "plan", "list", "chain", "catalogue", "key"};
        bool of_world = false;
        for (size_t k = 0; k < COUNT_OF(world); k++) of_world = of_world || strcmp(world[k], registry_change_name(got->changes[i])) == 0;
        struct str id, presented;
        if (!of_world) continue;
        if (registry_change_makes_key(got->changes[i]) && status_failed(registry_key_fill(&e, a, got->changes[i], &id, &presented))) continue;
        for (int round = 0; round < 2; round++) {
            struct journal_event *events = NULL;
            uint32_t count = 0;
            const struct error *refusal = NULL;
            bool mine = false;
            while (!registry_change_needs(s, w, got->changes[i]))
                if (status_failed(registry_set_load(s, NULL, a))) goto out;
            if (status_failed(registry_change_decide(s, w, &e, a, 0, got->changes[i], &events, &count, &refusal))) goto out;
            CHECK(round == 0 || count == 0 || refusal);
            for (uint32_t k = 0; k < count; k++) {
                events[k].seq = seq++;
                CHECK(registry_fold_needs(s, &events[k]));
                if (status_failed(registry_fold(s, &events[k], &mine))) goto out;
                CHECK(mine);
            }
        }
    }
out:
    registry_world_release(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct arena a;
    struct registry_import got = {0};
    const struct json *tree;
    struct registry_change *ch;
    struct str text = {(const char *)bytes, n};
    arena_init(&a, BYTES);
    if (!status_failed(registry_import_json(&a, text, &got))) {
        findings_check(&got);
        world_run(&a, &got);
    }
    if (!status_failed(registry_import_csv(&a, text, STR(""), &got))) {
        findings_check(&got);
        world_run(&a, &got);
    }
    if (!status_failed(registry_import_csv(&a, text, STR("person"), &got))) findings_check(&got);
    if (!status_failed(json_parse(&a, text, &tree)) && status_failed(registry_change_parse(&a, tree, &ch))) CHECK(true);
    arena_done(&a);
    return 0;
}

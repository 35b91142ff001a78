/* fuzz_state — any bytes as a state file: refused with a worded failure, or accepted and the same when written and read again.
 *
 * Oracle: what was accepted and written is read back to the same bytes; no counter and no bill is lost or invented.
 */
#include "settle/settle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 512 * 1024 * 1024, OUT_BYTES_MAX = 64 * 1024 * 1024 };

static struct str written(struct arena *a, const struct settle_state *s) {
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    CHECK(!status_failed(settle_state_write(s, a, &out)));
    struct str copy = arena_str(a, buf_view(&out));
    CHECK(copy.p != NULL);
    buf_done(&out);
    return copy;
}

static void round_trip_check(struct arena *a, const struct settle_state *s) {
    struct settle_state again;
    const struct str text = written(a, s);
    CHECK(!status_failed(settle_state_init(&again, a)));
    CHECK(!status_failed(settle_state_parse(&again, text)));
    CHECK(again.counters.used == s->counters.used && again.bill_count == s->bill_count);
    for (uint32_t i = 0; i < s->counters.slot_count; i++) {
        const struct plan_counter *c = &s->counters.slots[i];
        if (c->hash != 0) CHECK(plan_counters_get(&again.counters, &c->key) == c->value);
    }
    CHECK(str_eq(text, written(a, &again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    struct settle_state s;
    CHECK(!status_failed(settle_state_init(&s, &a)));
    struct status status = settle_state_parse(&s, (struct str){(const char *)data, size});
    if (status_failed(status)) {
        const struct error *e = status.err;
        CHECK(e->code != NULL && e->zh.n > 0 && e->en.n > 0 && utf8_check(e->place) && utf8_check(e->zh) && utf8_check(e->en));
    } else {
        round_trip_check(&a, &s);
    }
    arena_done(&a);
    return 0;
}

/* fuzz_bill — any bytes as a bill: refused with worded findings, or accepted and consistent.
 *
 * Oracle for an accepted bill: each line's parts sum to its amount, nothing is below zero after netting, net sums equal the
 * total, what funds and hospital bear is within it; and written out and read again it is the same bill (same bytes again).
 */
#include "bill/bill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 512 * 1024 * 1024, OUT_BYTES_MAX = 64 * 1024 * 1024 };

static void findings_check(const struct error *e) {
    uint32_t count = 0;
    for (; e; e = e->next) {
        CHECK(e->code != NULL);
        CHECK(utf8_check(e->place) && utf8_check(e->zh) && utf8_check(e->en));
        CHECK(e->zh.n > 0 && e->en.n > 0 && e->hint_zh.n > 0 && e->hint_en.n > 0);
        count++;
    }
    CHECK(count <= LIMIT_BILL_FINDINGS);
}

static void bill_check(const struct bill *b) {
    int64_t sums[BUCKET_GIVEN_COUNT] = {0}, total = 0;
    for (uint32_t i = 0; i < b->lines.count; i++) {
        int64_t amount = 0;
        for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
            amount += b->lines.given[k][i];
            CHECK(b->lines.net[k][i] >= 0);
            sums[k] += b->lines.net[k][i];
        }
        CHECK(amount == b->lines.amount[i]);
        CHECK(b->lines.net_qty_e4[i] >= 0);
    }
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) {
        CHECK(sums[k] == b->net_sum[k]);
        total += sums[k];
    }
    CHECK(total == b->total && total <= LIMIT_AMOUNT_MINOR);
    CHECK(b->statutory.fund_sum + b->statutory.hospital_part + b->statutory.account <= total);
    CHECK(b->lines.count > 0 && b->currency != NULL && b->from.v <= b->to.v);
}

static struct str written(struct arena *a, const struct bill *b) {
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    struct json_writer w;
    json_writer_init(&w, &out, false);
    bill_write(b, &w);
    CHECK(!out.failed);
    struct str copy = arena_str(a, buf_view(&out));
    CHECK(copy.p != NULL);
    buf_done(&out);
    return copy;
}

static void round_trip_check(struct arena *a, const struct bill *b) {
    struct str once = written(a, b);
    if (once.n > LIMIT_JSON_BYTES) return; /* defaults written out may pass the limit of a file */
    const struct bill *again = NULL;
    CHECK(!status_failed(bill_parse(a, once, &again)));
    bill_check(again);
    for (int k = 0; k < BUCKET_GIVEN_COUNT; k++) CHECK(b->net_sum[k] == again->net_sum[k]);
    CHECK(b->total == again->total && b->statutory.fund_sum == again->statutory.fund_sum);
    CHECK(b->lines.count == again->lines.count && b->policy_count == again->policy_count && b->fact_count == again->fact_count);
    CHECK(str_eq(b->ext_raw, again->ext_raw));
    CHECK(str_eq(once, written(a, again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    const struct bill *b = NULL;
    struct status s = bill_parse(&a, (struct str){(const char *)data, size}, &b);
    findings_check(s.err);
    CHECK(status_failed(s) == (b == NULL));
    if (b) {
        findings_check(b->warnings);
        bill_check(b);
        round_trip_check(&a, b);
    }
    arena_done(&a);
    return 0;
}

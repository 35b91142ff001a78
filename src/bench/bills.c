/* bench/bills — bills made from a seed, read through the same door as every bill.
 *
 * Who uses it: the benchmarks. A line costs up to two thousand yuan; two in five are class A, two class B with a tenth to be paid first, one class C.
 */
#include "bench/work.h"

/* splitmix64: the same bills on every machine. */
static uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void line_add(struct buf *b, uint32_t i, const struct bench_bill_options *o, uint64_t *state) {
    static const char *const kinds[] = {"drug", "drug", "drug", "exam", "lab", "bed", "consumable", "operation", "drug", "implant"};
    char code[BENCH_CODE_BYTES + 1];
    bench_code((uint32_t)(random_next(state) % o->code_count), code);
    /* 甲: in scope; 乙: a tenth first; 丙: all own */
    uint64_t amount = 1'000 + random_next(state) % 200'000, pick = random_next(state) % 5;
    uint64_t own = pick == 4 ? amount : 0, first = pick == 2 || pick == 3 ? amount / 10 : 0;
    const char *kind = o->drugs_only ? "drug" : kinds[i % COUNT_OF(kinds)];
    buf_printf(b, "%s{\"line\":%u,\"code\":\"%s\",\"name\":\"药品%u\",\"kind\":\"%s\",\"class\":\"%c\",\"qty\":\"%u\",\"date\":\"2024-08-%02u\",", i ? "," : "",
               i + 1, code, i, kind, pick == 4 ? 'C' : first ? 'B' : 'A', (unsigned)(1 + random_next(state) % 9), 1 + i % 15);
    buf_printf(b, "\"amount\":%u,\"own_full\":%u,\"over_limit\":0,\"own_first\":%u,\"in_scope\":%u}", (unsigned)amount, (unsigned)own, (unsigned)first,
               (unsigned)(amount - own - first));
}

struct status bench_bill(struct arena *a, struct bench_bill_options o, const struct bill **ret) {
    struct buf b;
    uint64_t state = o.seed;
    buf_init(&b, LIMIT_JSON_BYTES);
    buf_printf(&b, "{\"bill\":\"B-%u\",\"hospital\":\"H41050000001\",\"region\":\"410500\",\"stay\":\"S-%u\",\"visit\":\"inpatient\","
                   "\"from\":\"2024-08-01\",\"to\":\"2024-08-15\",\"currency\":\"CNY\",\"person\":{\"id_kind\":\"01\",\"id\":\"41050219690307%04u\","
                   "\"name\":\"张三\",\"born\":\"1969-03-07\",\"sex\":\"F\"},\"facts\":{\"insured_type\":\"resident\",\"hospital_level\":3},", o.seed, o.seed,
               o.seed % 10'000);
    buf_add_cstr(&b, "\"diagnoses\":[{\"code\":\"I25.100\",\"main\":true},{\"code\":\"E11.900\"}],\"history\":[{\"code\":\"I10.x00\",\"since\":\"2020-05-01\"}],"
                     "\"lines\":[");
    for (uint32_t i = 0; i < o.lines; i++) line_add(&b, i, &o, &state);
    buf_add_cstr(&b, "],\"statutory\":{");
    buf_add_cstr(&b, o.settled ? "\"settled\":true,\"stage\":\"final\",\"funds\":{\"hifp_pay\":2400000,\"hifmi_pay\":300000},\"deductible\":60000,\"account\":10000}"
                               : "\"settled\":false}");
    if (o.plans) buf_printf(&b, ",\"policies\":[%s]", o.plans);
    buf_add_char(&b, '}');
    struct status status = b.failed ? status_memory() : bill_parse(a, buf_view(&b), ret);
    buf_done(&b);
    return status;
}

/* settle/product — a plan made ready to run: checked, compiled, verified, hashed, with what an answer needs to name it. */
#include "settle/settle.h"

static void hex_write(const uint8_t hash[32], char out[65])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 32; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[64] = 0;
}

struct status settle_product_build(struct arena *a, struct plan *plan, const struct plan_library *lib, struct plan_diagnostics *d,
                                   const struct settle_product **ret)
{
    const uint32_t errors_before = d->error_count;
    const struct plan_check_options check = {0};
    TRY(plan_check(a, plan, lib, &check, d));
    if (d->error_count > errors_before) {
        *ret = NULL;
        return STATUS_OK;
    }
    struct settle_product *product = ARENA_NEW(a, struct settle_product);
    if (!product) return status_memory();
    struct plan_program *program = NULL;
    TRY(plan_compile(a, plan, &program));
    TRY(plan_program_verify(a, program));
    uint8_t hash[32];
    TRY(plan_hash(a, plan, hash));

    product->plan = plan;
    product->program = program;
    product->about = plan_about(plan);
    hex_write(hash, product->hash);
    struct plan_benefit_about *benefits = ARENA_ARRAY(a, struct plan_benefit_about, product->about.benefit_count + 1);
    if (!benefits) return status_memory();
    for (uint32_t i = 0; i < product->about.benefit_count; i++) benefits[i] = plan_benefit_about(plan, i);
    product->benefits = benefits;
    *ret = product;
    return STATUS_OK;
}

/* status — failures and bugs: how both are made.
 *
 * Who uses it: every room. Invariant: a failure can always be reported, even without memory, and always in both
 * languages; a bug never returns.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

_Noreturn void base_check_failed(const char *expr, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: internal error, please report: CHECK(%s)\n", file, line, expr);
    abort();
}

struct status status_memory(void) {
    static const struct error memory = {
        .code = "out-of-memory",
        .zh = STR_INIT("内存不足，或超过本次任务的内存上限"),
        .en = STR_INIT("out of memory, or past the memory limit of this job"),
        .hint_zh = STR_INIT("请分批处理较小的输入"),
        .hint_en = STR_INIT("process the input in smaller parts"),
    };
    return (struct status){&memory};
}

struct status status_error(struct arena *a, struct error e) {
    CHECK(e.code && e.zh.n && e.en.n);
    struct error *copy = ARENA_NEW(a, struct error);
    if (!copy) return status_memory();
    *copy = e;
    struct str *texts[] = {&copy->place, &copy->zh, &copy->en, &copy->hint_zh, &copy->hint_en};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = arena_str(a, *texts[i]);
        if (!texts[i]->p) return status_memory();
    }
    return (struct status){copy};
}

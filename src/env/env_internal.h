/* env_internal — shared by the files of this room only. */
#ifndef YIJIE_ENV_INTERNAL_H
#define YIJIE_ENV_INTERNAL_H

#include "env/env.h"

enum env_error {
#define ENV_ERROR(id, code, zh, en, hint_zh, hint_en) ENV_##id,
#include "env/errors.def"
#undef ENV_ERROR
    ENV_ERROR_COUNT
};

/* A failure from the table; number is an errno whose text is added, or 0. */
struct status env_fail(struct arena *a, enum env_error which, struct str place, int number);
/* The path with a NUL, in the arena. */
struct status env_path(struct arena *a, struct str path, const char **ret);

struct status env_random_fill(const struct env *e, struct arena *a, void *bytes, size_t n);
struct status env_file_read(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret);
struct status env_dir_list(const struct env *e, struct arena *a, struct str path, uint32_t count_max,
                           const struct str **ret_names, uint32_t *ret_count);
struct status env_file_replace(const struct env *e, struct arena *a, struct str path, struct str bytes);
struct status env_file_lock(const struct env *e, struct arena *a, struct str path, struct env_lock *ret);
void env_file_unlock(const struct env *e, struct env_lock *lock);
/* Writes all, over interruptions and short writes. False with errno. */
bool env_write_all(int fd, struct str bytes);

#endif

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
struct status env_file_read_private(const struct env *e, struct arena *a, struct str path, size_t bytes_max, struct str *ret);
struct status env_file_create(const struct env *e, struct arena *a, struct str path, struct str bytes);
struct status env_file_remove(const struct env *e, struct arena *a, struct str path);
struct status env_dir_make(const struct env *e, struct arena *a, struct str path);
struct status env_dir_remove(const struct env *e, struct arena *a, struct str path);
struct status env_dir_list(const struct env *e, struct arena *a, struct str path, uint32_t count_max,
                           const struct str **ret_names, uint32_t *ret_count);
struct status env_file_replace(const struct env *e, struct arena *a, struct str path, struct str bytes);
struct status env_file_lock(const struct env *e, struct arena *a, struct str path, struct env_lock *ret);
void env_file_unlock(const struct env *e, struct env_lock *lock);
struct status env_thread_start(const struct env *e, struct arena *a, void *(*fn)(void *arg), void *arg, struct env_thread *ret);
void env_thread_join(const struct env *e, struct env_thread *t);
void env_wait_ms(const struct env *e, uint32_t ms);
struct status env_run(const struct env *e, struct arena *a, const char *const *argv, size_t bytes_max, struct str *ret_output, int *ret_code);
void env_point(const struct env *e, const char *name);
/* Writes all, over interruptions and short writes. False with errno. */
bool env_write_all(int fd, struct str bytes);

#endif

/* replay — runs a fuzz target over every file of a folder, so that plain builds guard what fuzzing once found.
 *
 * Who uses it: tests/fuzz/meson.build links it with each fuzz_NAME.c in every profile but `fuzz`; prints TAP.
 * Invariant: each input stands in a block of exactly its size, so that reading one byte too far is found; the name is
 * printed before the run, so that a crash tells its input. A folder without files is a failure, not a pass.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_BYTES_MAX = 32 * 1024 * 1024, PATH_BYTES_MAX = 4096 };

static int is_input(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* The whole file in a block of its own size (one byte for an empty file), or NULL. */
static uint8_t *file_read(const char *path, size_t *ret_size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    long end = -1;
    if (fseek(file, 0, SEEK_END) == 0) end = ftell(file);
    uint8_t *data = NULL;
    if (end >= 0 && end <= FILE_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0) {
        size_t size = (size_t)end;
        data = malloc(size > 0 ? size : 1);
        if (data && fread(data, 1, size, file) == size) {
            *ret_size = size;
        } else {
            free(data);
            data = NULL;
        }
    }
    (void)fclose(file);
    return data;
}

static bool input_run(const char *folder, const char *name) {
    char path[PATH_BYTES_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path) return false;
    size_t size = 0;
    uint8_t *data = file_read(path, &size);
    if (!data) return false;
    int result = LLVMFuzzerTestOneInput(data, size);
    free(data);
    return result == 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, is_input, alphasort);
    (void)printf("1..%d\n", count > 0 ? count + 1 : 1);
    if (count <= 0) {
        (void)printf("not ok 1 - %s holds no input\n", argv[1]);
        return 1;
    }

    int failed = 0;
    for (int i = 0; i < count; i++) {
        (void)printf("# %s\n", entries[i]->d_name);
        (void)fflush(stdout);
        bool good = input_run(argv[1], entries[i]->d_name);
        if (!good) failed++;
        (void)printf("%s %d - %s\n", good ? "ok" : "not ok", i + 1, entries[i]->d_name);
        free(entries[i]);
    }
    free((void *)entries);

    uint8_t nothing[1] = {0};
    bool good = LLVMFuzzerTestOneInput(nothing, 0) == 0;
    if (!good) failed++;
    (void)printf("%s %d - no bytes at all\n", good ? "ok" : "not ok", count + 1);
    return failed > 0 ? 1 : 0;
}

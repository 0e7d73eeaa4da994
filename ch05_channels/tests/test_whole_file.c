/*
 * test_whole_file.c - files are read whole, found where they are, and removed if they could not be written.
 */
#include "../whole_file.c"

#include "cases.h"
#include "must.h"

static void write_text(const char *path, size_t size)
{
    FILE *file = MUST_HAVE(fopen(path, "w"));
    for (size_t i = 0; i < size; i++)
        fputc((int)(i * 7 % 256), file);
    MUST(fclose(file));
}

/* Sizes around those of its buffer, and a file that tells no size. */
START_TEST(test_read)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
    char path[300], *bytes;
    size_t size;
    snprintf(path, sizeof path, "%s/file", new_folder());
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_text(path, sizes[i]);
        ck_assert_int_eq(whole_file_read(path, &bytes, &size), 0);
        ck_assert_uint_eq(size, sizes[i]);
        for (size_t b = 0; b < size; b++)
            ck_assert_int_eq((unsigned char)bytes[b], (int)(b * 7 % 256));
        free(bytes);
    }
    if (access("/proc/self/limits", R_OK) == 0) {
        ck_assert_int_eq(whole_file_read("/proc/self/limits", &bytes, &size), 0);
        ck_assert_uint_gt(size, 500);
        free(bytes);
    }
}
END_TEST

START_TEST(test_unreadable)
{
    const char *folder = new_folder();
    char pipe[300], *bytes;
    size_t size;
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    MUST(mkfifo(pipe, 0600));
    ck_assert_int_eq(whole_file_read("/no/such", &bytes, &size), ENOENT);
    ck_assert_int_eq(whole_file_read("", &bytes, &size), ENOENT);
    ck_assert_int_eq(whole_file_read(folder, &bytes, &size), EISDIR);
    ck_assert_int_eq(whole_file_read(pipe, &bytes, &size), ENOTSUP);
    ck_assert_int_eq(whole_file_read("/dev/null", &bytes, &size), ENOTSUP);
}
END_TEST

START_TEST(test_list)
{
    const char *folder = new_folder();
    static const char *const names[] = {".hidden", "a", "b c", "d"};
    ck_assert_int_eq(run("cd %s && touch d a .hidden && mkdir 'b c'", folder), 0);
    int count;
    char **paths = MUST_HAVE(whole_file_list(folder, &count));
    ck_assert_int_eq(count, 4);
    for (int i = 0; i < count; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_str_eq(paths[i], path);
        free(paths[i]);
    }
    free(paths);
    errno = 0;
    ck_assert_ptr_null(whole_file_list("/no/such", &count));
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_ptr_null(whole_file_list("Makefile", &count));
    ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

START_TEST(test_beside)
{
    static const char *const cases[][2] = {{"program", "metarfiles"},
                                           {"./program", "./metarfiles"},
                                           {"/a b/c/program", "/a b/c/metarfiles"},
                                           {"/program", "/metarfiles"},
                                           {"", "metarfiles"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = MUST_HAVE(whole_file_beside(cases[i][0], "metarfiles"));
        ck_assert_str_eq(path, cases[i][1]);
        free(path);
    }
}
END_TEST

/* A file with an error is removed; what is no regular file, or is reached by a link, stays. */
START_TEST(test_close)
{
    const char *folder = new_folder();
    char file[300], link[300], pipe[300];
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    ck_assert_int_eq(whole_file_close(MUST_HAVE(fopen(file, "w")), file, 0), 0);
    ck_assert_int_eq(access(file, F_OK), 0);
    ck_assert_int_eq(whole_file_close(MUST_HAVE(fopen(file, "w")), file, EFBIG), EFBIG);
    ck_assert_int_ne(access(file, F_OK), 0);
    MUST(symlink("file", link));
    ck_assert_int_eq(whole_file_close(MUST_HAVE(fopen(link, "w")), link, EFBIG), EFBIG);
    ck_assert_int_eq(access(link, F_OK), 0);
    MUST(mkfifo(pipe, 0600));
    FILE *reader =
        MUST_HAVE(fdopen(open(pipe, O_RDONLY | O_NONBLOCK), "r")); // so that the next opens
    ck_assert_int_eq(whole_file_close(MUST_HAVE(fopen(pipe, "w")), pipe, EPIPE), EPIPE);
    ck_assert_int_eq(access(pipe, F_OK), 0);
    fclose(reader);
}
END_TEST

/* An error that only closing the file finds. */
START_TEST(test_close_on_full_disk)
{
    FILE *stream = MUST_HAVE(fopen("/dev/full", "w"));
    fputs("text", stream);
    ck_assert_int_eq(whole_file_close(stream, "/dev/full", 0), ENOSPC);
    ck_assert_int_eq(access("/dev/full", F_OK), 0);
}
END_TEST

TCase *whole_file_cases(void)
{
    TCase *cases = tcase_create("whole_file");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_read);
    tcase_add_test(cases, test_unreadable);
    tcase_add_test(cases, test_list);
    tcase_add_test(cases, test_beside);
    tcase_add_test(cases, test_close);
    if (is_possible("whole_file on a full disk", FULL_DISK))
        tcase_add_test(cases, test_close_on_full_disk);
    return cases;
}

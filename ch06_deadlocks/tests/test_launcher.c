/*
 * test_launcher.c - lock_watch before the program runs: its options, where its library is, and programs
 * that cannot be watched.
 */
#include "must.h"

#include "../lock_watch/watch_options.c"
#include "watching.h"

#define FOLDER OUT "/tests/check.launcher"
#define USAGE                                                                                      \
    "usage: lock_watch [-efgk] [-o FILE] [-p report.html] [-s FILE] [-t trace.json]\n"             \
    "                  [-w SECONDS] [-x STATUS] PROGRAM [ARGUMENT ...]\n"

/* The program does nothing, and the launcher and its library lie in a folder of their own, too. */
static void compile(void)
{
    int status =
        run("rm -rf " FOLDER "; mkdir -p " FOLDER "/alone; "
            "cc -pthread -g -O1 -o " FOLDER "/debug tests/watched/scenarios.c && "
            "echo 'int main(void) { return 7; }' >" FOLDER "/seven.c && "
            "cc -o " FOLDER "/seven " FOLDER "/seven.c && "
            "cp " OUT "/lock_watch/lock_watch " OUT "/lock_watch/lock_watch.so " FOLDER "/alone");
    if (status != 0)
        fputs(printed, stderr);
}

static void remove_programs(void)
{
    run("rm -rf " FOLDER);
}

START_TEST(test_usage)
{
    static const char *const wrong[] = {
        "",
        "-Z true",
        "-t",
        "-g",
        "-t " FOLDER "/t",
        "-w 0 true",
        "-w true",
        "-w '' true",
        "-w 1x true",
        "-w -1 true",
        "-w 86401 true",
        "-x 0 true",
        "-x",
        "-x -1 true",
        "-x 256",
        "-x 1.5",
        "-o",
        "-p",
        "-s",
        "-efgk",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(run("lock_watch %s", wrong[i]) == 2, "%s", wrong[i]);
        ck_assert_msg(says(USAGE), "%s: %s", wrong[i], printed);
    }
    ck_assert_int_eq(run("lock_watch -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, USAGE);
    ck_assert_int_eq(run("lock_watch ./no/such/program"), 127);
    ck_assert_str_eq(printed, "lock_watch: ./no/such/program: No such file or directory\n");
    ck_assert_int_eq(run("lock_watch no_such_program -g"), 127);
    ck_assert_int_eq(run("lock_watch ./tests"), 126);
    ck_assert_str_eq(printed, "lock_watch: ./tests: Permission denied\n");
    // Options after the program's name are the program's.
    ck_assert_int_eq(run("lock_watch echo -g -t 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "-g -t\n");
    // Without its library it says so.
    ck_assert_int_eq(run("mkdir " FOLDER "/bare; cp \"$(command -v lock_watch)\" " FOLDER
                         "/bare; " FOLDER "/bare/lock_watch true"),
                     1);
    ck_assert(says("/bare/lock_watch.so: No such file or directory\n"));
}
END_TEST

START_TEST(test_files)
{
    for (const char *option = "opst"; *option != '\0'; option++) {
        run("echo >" FOLDER "/alone/page.html");
        ck_assert_int_eq(run(FOLDER "/alone/lock_watch -%c /no/such/folder/f echo hello", *option),
                         1);
        ck_assert_str_eq(printed, "lock_watch: /no/such/folder/f: No such file or directory\n");
        ck_assert_int_eq(run(FOLDER "/alone/lock_watch -%c . echo hello", *option), 1);
        ck_assert_str_eq(printed, "lock_watch: .: Is a directory\n");
    }
    // The page begins like the one beside the program; what stood in a report stays.
    ck_assert_int_eq(run("cd " FOLDER "/alone; echo '<p>' >page.html; echo old | tee said >page; "
                         "./lock_watch -o said -p page ../seven; cmp -n 4 page page.html; "
                         "head -n 1 said"),
                     0);
    ck_assert_msg(says("old\n") && !says("differ"), "%s", printed);
    ck_assert_int_eq(run("cd " FOLDER "/alone; rm page.html; ./lock_watch -p page true"), 1);
    ck_assert(says("/alone/page.html: No such file or directory\n"));
    // More names than there is room for.
    ck_assert_int_eq(run("awk 'BEGIN { while (i++ < 10000) print i }' >" FOLDER
                         "/names; lock_watch -s " FOLDER "/names true"),
                     1);
    ck_assert(says("/names: File too large\n"));
}
END_TEST

/* With -f, what the launcher tells the library stays for the programs that this one starts. */
START_TEST(test_variables)
{
    ck_assert_int_eq(
        run("cd " FOLDER "; printf '# one\\n\\n  main \\nf(int, char)\\n #\\nlast' >list; "
            "PATH=\"$OLDPWD/" OUT "/lock_watch:$PATH\"; "
            "lock_watch -efgk -o said -s list -t trace -w 12 -x 3 env 2>/dev/null; pwd; "
            "env -u LD_PRELOAD lock_watch -f lock_watch -e env 2>/dev/null | "
            "grep -c LOCK_WATCH || true"),
        0);
    ck_assert_msg(says("LOCK_WATCH_ASLEEP=1\n") && says("LOCK_WATCH_FOLLOWS=1\n") &&
                      says("LOCK_WATCH_LANES=1\n") && says("LOCK_WATCH_KEEPS=1\n") &&
                      says("LOCK_WATCH_WAIT=12\n") && says("LOCK_WATCH_STATUS=3\n"),
                  "%s", printed);
    ck_assert_msg(says("LOCK_WATCH_SUPPRESSED=main\nf(int, char)\nlast\n"), "%s", printed);
    const char *trace = strstr(printed, "LOCK_WATCH_TRACE=/"), *end;
    ck_assert(trace != NULL && (end = strchr(trace, '\n')) != NULL);
    ck_assert_int_eq(
        strncmp(end - strlen(FOLDER "/trace"), FOLDER "/trace", strlen(FOLDER "/trace")), 0);
    ck_assert(says("/" FOLDER "/said\n") && says("LOCK_WATCH_PROCESS="));
    // One lock_watch in another: each has its own options.
    ck_assert_str_eq(strrchr(printed, '\n') - 2, "\n0\n");
}
END_TEST

START_TEST(test_reading)
{
    static struct watch_options options;
    char process[30];
    snprintf(process, sizeof process, "%ld", (long)getpid());
    MUST(setenv(WATCH_FOLLOWS, "1", 1) | setenv(WATCH_KEEPS, "1", 1) | setenv(WATCH_WAIT, "12", 1) |
         setenv(WATCH_OUTPUT, "/o", 1) | setenv(WATCH_PAGE, "/p", 1) |
         setenv(WATCH_SUPPRESSED, "main\nf(int, char)\n", 1) | setenv(WATCH_PROCESS, "1", 1));
    watch_options_read(&options);
    ck_assert(options.follows && options.keeps && !options.draws_lanes && !options.ends_asleep);
    ck_assert(options.wait_seconds == 12 && options.status == 0 && options.program[0] != '\0');
    ck_assert_str_eq(options.output, "/o");
    ck_assert_str_eq(options.page, ""); // of another process
    ck_assert_ptr_nonnull(getenv(WATCH_OUTPUT));
    ck_assert(watch_is_suppressed("main") && watch_is_suppressed("f(int, char)"));
    ck_assert(!watch_is_suppressed("mai") && !watch_is_suppressed("main2") &&
              !watch_is_suppressed("ain") && !watch_is_suppressed("") && !watch_is_suppressed("f"));

    MUST(unsetenv(WATCH_FOLLOWS) | setenv(WATCH_PROCESS, process, 1) |
         setenv(WATCH_NAME, "/a/b.so", 1) |
         setenv(WATCH_PRELOAD, "/a/b.so:/c.so:/d/lock_watch.so:/a/b.sow:/a/b.so", 1));
    watch_options_read(&options);
    ck_assert_str_eq(options.page, "/p");
    ck_assert_str_eq(getenv(WATCH_PRELOAD), "/c.so:/a/b.sow");
    ck_assert(getenv(WATCH_OUTPUT) == NULL && getenv(WATCH_NAME) == NULL);
    MUST(unsetenv(WATCH_PRELOAD));

    // Numbers that the launcher would not have set.
    static const char *const wrong[] = {"", "x", "-5", "0", "99999999999", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        MUST(setenv(WATCH_WAIT, wrong[i], 1) | setenv(WATCH_STATUS, wrong[i], 1) |
             setenv(WATCH_LANES, wrong[i], 1));
        watch_options_read(&options);
        ck_assert_msg(options.wait_seconds == 0 && options.status == 0 && !options.draws_lanes,
                      "%s", wrong[i]);
    }
}
END_TEST

/* ---- programs that cannot be watched: they run all the same ---- */

/* That program, in FOLDER, ends with 7, and there is one line about it. */
static void check_unwatched(const char *options, const char *program, const char *why)
{
    char line[300];
    ck_assert_int_eq(run("lock_watch %s " FOLDER "/%s", options, program), 7);
    snprintf(line, sizeof line, "lock_watch: " FOLDER "/%s: not watched: it %s\n", program, why);
    ck_assert_str_eq(printed, line);
}

/* With -f, a static program hands the library on. */
START_TEST(test_static)
{
    ck_assert_int_eq(run("cc -static -o " FOLDER "/static " FOLDER "/seven.c && "
                         "echo 'int execvp(const char *, char *const *); int main(int c, char **v) "
                         "{ return execvp(v[c > 0], v + 1); }' >" FOLDER "/becomes.c && "
                         "cc -static -o " FOLDER "/becomes " FOLDER "/becomes.c"),
                     0);
    check_unwatched("", "static", "is linked statically");
    ck_assert_int_eq(run("lock_watch " FOLDER "/becomes " FOLDER "/debug timed"), 0);
    ck_assert_msg(says("/becomes: not watched: it is linked statically\n") && !says("mutex"), "%s",
                  printed);
    ck_assert_int_eq(run("lock_watch -f " FOLDER "/becomes " FOLDER "/debug two"), WATCH_DEADLOCK);
    ck_assert(says("2 threads"));
    ck_assert_int_eq(run("rm -f " FOLDER "/said; lock_watch -o " FOLDER "/said " FOLDER
                         "/static; cat " FOLDER "/said"),
                     0);
    ck_assert_str_eq(printed,
                     "lock_watch: " FOLDER "/static: not watched: it is linked statically\n");
}
END_TEST

START_TEST(test_script)
{
    static const char line[] =
        "lock_watch: ./run.sh: is a script: only /bin/sh, which runs it, is watched; "
        "what it starts only with -f\n";
    ck_assert_int_eq(run("cd " FOLDER "; printf '#! /bin/sh -e\\n./debug timed' >run.sh; "
                         "printf '#!./run.sh\\n' >twice.sh; echo './debug timed' >none.sh; "
                         "chmod +x *.sh; "
                         "alone/lock_watch ./run.sh"),
                     0);
    ck_assert_msg(strncmp(printed, line, strlen(line)) == 0 && !says("scenarios.c"), "%s", printed);
    ck_assert_int_eq(run("cd " FOLDER "; alone/lock_watch -f ./run.sh"), 0);
    ck_assert_msg(!says("is a script") && says("(scenarios.c:"), "%s", printed);
    ck_assert_int_eq(run("cd " FOLDER "; alone/lock_watch ./twice.sh; "
                         "alone/lock_watch ./none.sh"),
                     0);
    ck_assert_msg(says("./twice.sh: is a script: only /bin/sh, which") &&
                      says("./none.sh: is a script: only /bin/sh, which"),
                  "%s", printed);
}
END_TEST

START_TEST(test_musl)
{
    ck_assert_int_eq(run("musl-gcc -o " FOLDER "/musl " FOLDER "/seven.c"), 0);
    check_unwatched("", "musl", "is made for musl, and lock_watch for glibc");
    check_unwatched("-f", "musl", "is made for musl, and lock_watch for glibc");
}
END_TEST

START_TEST(test_32_bits)
{
    ck_assert_int_eq(run("cc -m32 -o " FOLDER "/m32 " FOLDER "/seven.c"), 0);
    check_unwatched("-f", "m32", "is a 32-bit program, and lock_watch is made for 64 bits");
}
END_TEST

/* There is something to say only where the bit changes something. */
START_TEST(test_other_user)
{
    ck_assert_int_eq(run("cd " FOLDER "; for name in user group same; do cp seven $name; done; "
                         "chown nobody user; chmod u+s user same; "
                         "chgrp $(id -g nobody) group; chmod g+s group"),
                     0);
    check_unwatched("", "user", "has the set-user-ID bit: the system loads no library into it");
    check_unwatched("", "group", "has the set-group-ID bit: the system loads no library into it");
    ck_assert_int_eq(run("lock_watch " FOLDER "/same"), 7);
    ck_assert(!says("not watched"));
}
END_TEST

START_TEST(test_capabilities)
{
    ck_assert_int_eq(run("cd " FOLDER "; cp seven able; setcap cap_net_raw+ep able && "
                         "setpriv --reuid=65534 alone/lock_watch ./able"),
                     7);
    ck_assert_str_eq(printed, "lock_watch: ./able: not watched: it has file capabilities: "
                              "the system loads no library into it\n");
    ck_assert_int_eq(run("lock_watch " FOLDER "/able"), 7);
    ck_assert(!says("not watched"));
}
END_TEST

/*
 * With a 32-bit glibc the calls with a time have other names in programs whose time_t has 64 bits. The folder
 * is that of the headers for both kinds of x86, which some systems hide from -m32.
 */
#define FOR_32_BITS                                                                                \
    "cc=\"cc -m32 -isystem /usr/include/$(cc -print-multiarch 2>/dev/null)\"; "                    \
    "long='-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64'; "
#define HAS_LONG_TIME                                                                              \
    FOR_32_BITS "{ echo '#include <threads.h>'; echo '#include <time.h>'; "                        \
                "echo 'int main(void) { return sizeof(time_t) != 8; }'; } | "                      \
                "$cc $long -x c -o " FOLDER ".probe - 2>/dev/null && " FOLDER ".probe; "           \
                "status=$?; rm -f " FOLDER ".probe; exit $status"

START_TEST(test_long_time)
{
    ck_assert_msg(run("unset MAKEFLAGS MAKELEVEL MAKEOVERRIDES; " FOR_32_BITS "make -s OUT=" FOLDER
                      "/long CC=\"$cc $long\" CFLAGS= " FOLDER "/long/lock_watch/lock_watch " FOLDER
                      "/long/lock_watch/lock_watch.so") == 0,
                  "%.2000s", printed);
    for (int bits = 32; bits <= 64; bits += 32) {
        ck_assert_msg(run(FOR_32_BITS "$cc %s -pthread -g -O1 -o " FOLDER "/long/deadlines "
                                      "tests/watched/deadlines.c && " FOLDER
                                      "/long/lock_watch/lock_watch " FOLDER "/long/deadlines",
                          bits == 32 ? "" : "$long") == 0,
                      "%s", printed);
        ck_assert(says(bits == 32 ? "32 bits of time\n" : "64 bits of time\n"));
        // The watch has seen each wait: two each for the mutex and the read-write lock, one for mtx.
        const char *twice = "   1          2  ", *found = strstr(printed, twice);
        ck_assert_msg(found != NULL && strstr(found + 1, twice) != NULL &&
                          says("   1          1  "),
                      "%s", printed);
    }
}
END_TEST

/* ---- where the library is ---- */

/* The watch is loaded before the library of gcc's AddressSanitizer, which objects to that. */
START_TEST(test_with_asan)
{
    ck_assert_int_eq(run("cc -fsanitize=address -pthread -g -O1 -o " FOLDER "/asan "
                         "tests/watched/scenarios.c && lock_watch " FOLDER "/asan two"),
                     WATCH_DEADLOCK);
    ck_assert(says("2 threads"));
    ck_assert_int_eq(run("ASAN_OPTIONS=a=1 lock_watch sh -c 'env | grep ASAN' 2>/dev/null; "
                         "lock_watch sh -c 'env | grep ASAN' 2>/dev/null"),
                     1);
    ck_assert_str_eq(printed, "ASAN_OPTIONS=a=1\n");
}
END_TEST

/*
 * The library lies in a folder whose name LD_PRELOAD cannot hold. The program sees nothing of that: neither a
 * variable nor an open file. Nothing else that was to be loaded gets lost. Programs that it starts are not
 * watched; with -f they are.
 */
START_TEST(test_path)
{
    static const char *const names[] = {"a b", "a:b", "$LIB"};
    ck_assert_int_eq(
        run("printf '#include <unistd.h>\\nint main(int c, char **v) { for (int i = 3; "
            "i < 1000; i++) close(i); return execv(v[c > 0], v + 1); }' >" FOLDER
            "/closes.c && cc -o " FOLDER "/closes " FOLDER "/closes.c"),
        0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char begin[300];
        snprintf(begin, sizeof begin,
                 "folder='" FOLDER
                 "/%s'; mkdir -p \"$folder\"; cp \"$(command -v lock_watch)\" " OUT
                 "/lock_watch/lock_watch.so \"$folder\"; PATH=\"$PWD/$folder:$PATH\"; ",
                 names[i]);
        // A colon in PATH does not do.
        const char *lock_watch = strchr(names[i], ':') ? "\"$folder\"/lock_watch" : "lock_watch";
        ck_assert_int_eq(run("%s %s " FOLDER "/debug two", begin, lock_watch), WATCH_DEADLOCK);
        ck_assert_msg(says("(first) in cycle_member (scenarios.c:"), "%s", printed);
        ck_assert(says("2 threads") && !says("ERROR: ld.so"));
        // A program and its source there, too.
        ck_assert_int_eq(run("%s cp tests/watched/scenarios.c tests/watched/runs.h \"$folder\"; "
                             "(cd \"$folder\"; "
                             "cc -pthread -g -O1 -o debug scenarios.c); %s \"$folder\"/debug two",
                             begin, lock_watch),
                         WATCH_DEADLOCK);
        ck_assert_msg(says("(first) in cycle_member (scenarios.c:"), "%s", printed);
        ck_assert_int_eq(run("%s %s " FOLDER "/debug environment 2>/dev/null", begin, lock_watch),
                         0);
        ck_assert_str_eq(printed, "0\n\n");
        ck_assert_int_eq(run("%s LD_PRELOAD=libm.so.6 %s " FOLDER "/debug environment 2>/dev/null",
                             begin, lock_watch),
                         0);
        ck_assert_str_eq(printed, "0\nlibm.so.6\n");
        ck_assert_int_eq(run("%s %s ls -l /proc/self/fd", begin, lock_watch), 0);
        ck_assert_msg(says(" 0 -> ") && !says("lock_watch.so"), "%s", printed);
        ck_assert_int_eq(
            run("%s %s sh -c '" FOLDER "/debug timed; " FOLDER "/debug timed'", begin, lock_watch),
            0);
        ck_assert(strstr(strstr(printed, "lock_watch: ") + 1, "lock_watch: ") == NULL);
        ck_assert_int_eq(run("%s %s -f sh -c '" FOLDER "/debug two; echo $?'", begin, lock_watch),
                         0);
        ck_assert(says("2 threads") && says("86\n") && !says("ERROR: ld.so"));
        // Also when it is started without the files of the first, and that has files of its own.
        ck_assert_int_eq(run("%s %s -f sh -c 'exec 3</dev/null; " FOLDER "/closes " FOLDER
                             "/debug two; echo $?'",
                             begin, lock_watch),
                         0);
        ck_assert(says("2 threads") && says("86\n") && !says("ERROR: ld.so"));
        // Also when it gets no file as its input or output.
        ck_assert_int_eq(run("%s %s " FOLDER "/debug two <&- 2>" FOLDER "/said >&-; echo $?; "
                             "grep -c '2 threads' " FOLDER "/said",
                             begin, lock_watch),
                         0);
        ck_assert_str_eq(printed, "86\n1\n");
    }
}
END_TEST

/* There the name is a symbolic link, which is gone by the time that the program runs. */
START_TEST(test_without_proc)
{
    ck_assert_int_eq(run("folder='" FOLDER "/a b'; mkdir -p \"$folder\" " FOLDER "/links; "
                         "cp " FOLDER "/alone/* \"$folder\"; "
                         "TMPDIR=\"$PWD/" FOLDER "/links\" unshare -m sh -c '"
                         "umount -l /proc; \"$0\" " FOLDER "/debug two; echo $?; "
                         "\"$0\" ls $TMPDIR; \"$0\" ./missing; \"$0\" -f true; "
                         "ls $TMPDIR | wc -l' \"$folder/lock_watch\""),
                     0);
    ck_assert_msg(says("2 threads") && says("86\n"), "%s", printed);
    ck_assert_msg(says("./missing: No such file") && says("with -f, no name in LD_PRELOAD may "),
                  "%s", printed);
    ck_assert_str_eq(strrchr(printed, '\n') - 1, "0\n");
    ck_assert(!says("lock_watch.1") && !says("ld.so"));
}
END_TEST

TCase *launcher_cases(void)
{
    TCase *cases = tcase_create("launcher");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_reading);
    if (!is_possible("the launcher of lock_watch", HAS_CC))
        return cases;
    tcase_add_unchecked_fixture(cases, compile, remove_programs);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_files);
    tcase_add_test(cases, test_variables);
    if (!is_possible("programs that cannot be watched", "test $(uname) = Linux"))
        return cases;
    if (is_possible("a static program", "echo 'int main(void) { return 0; }' | "
                                        "cc -static -x c -o /dev/null - 2>/dev/null"))
        tcase_add_test(cases, test_static);
    bool has_names = is_possible("the launcher on programs with names", HAS_NAMES);
    if (has_names)
        tcase_add_test(cases, test_script);
    if (is_possible("a program with AddressSanitizer",
                    "echo 'int main(void) { return 0; }' | "
                    "cc -fsanitize=address -x c -o /dev/null - 2>/dev/null"))
        tcase_add_test(cases, test_with_asan);
    if (is_possible("a program made for musl",
                    "command -v musl-gcc >/dev/null && getconf GNU_LIBC_VERSION >/dev/null 2>&1"))
        tcase_add_test(cases, test_musl);
    if (is_possible("a program of 32 bits", "test \"$(getconf LONG_BIT 2>/dev/null)\" = 64 && echo "
                                            "'int main(void) { return 0; }' | "
                                            "cc -m32 -x c -o /dev/null - 2>/dev/null"))
        tcase_add_test(cases, test_32_bits);
    if (is_possible("programs of 32 bits with a time_t of 64",
                    "make --version | grep -q GNU && " HAS_LONG_TIME))
        tcase_add_test(cases, test_long_time);
    if (is_possible("a program with the rights of another user",
                    "test $(id -u) = 0 && id nobody >/dev/null 2>&1"))
        tcase_add_test(cases, test_other_user);
    if (is_possible("a program with file capabilities",
                    "test $(id -u) = 0 && command -v setcap >/dev/null && "
                    "setpriv --reuid=65534 test -x \"$PWD/" OUT
                    "/lock_watch/lock_watch\" 2>/dev/null"))
        tcase_add_test(cases, test_capabilities);
    if (has_names && is_possible("lock_watch in a folder with a space", "test -e /proc/self/fd/0"))
        tcase_add_test(cases, test_path);
    if (is_possible("the same without /proc", "unshare -m umount -l /proc 2>/dev/null"))
        tcase_add_test(cases, test_without_proc);
    return cases;
}

/*
 * test_quiz.c - the quiz shows the code that runs, and runs it.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_rendezvous)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run("echo b | quiz 1"), 0);
        ck_assert(strstr(printed, "\nIt runs:\nProducer Sending Hello\nConsumer, received Hello\n"
                                  "Producer, received Bye\n\nRight. The answer is b.\n") != NULL);
    }
}
END_TEST

START_TEST(test_buffer)
{
    ck_assert_int_eq(run("echo a | quiz 2"), 0);
    ck_assert(strstr(printed, "\nIt runs:\nSending ONE\nSending TWO\nSending THREE\nDone\n\n"
                              "No. The answer is c.\n") != NULL);
}
END_TEST

/*
 * The edit that the head suggests: with room for one, the producer may receive its own Hello. Then the
 * consumer would wait forever, so here the producer ends the program when it has received.
 */
START_TEST(test_with_room_for_one)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/channel_create(0,/channel_create(1,/; s/printf(.Producer, received.*/& "
            "exit(0);/' "
            "quiz.c >%s/edited.c && grep -c -e 'create(1,' -e ' exit(0);' %s/edited.c && "
            "sed 's/[\\\\\"]/\\\\&/g; s/.*/\"&\",/' %s/edited.c >%s/quiz_lines.h && "
            "${CC:-cc} -pthread -Wall -Wextra -Werror -iquote . -iquote %s -o %s/edited "
            "%s/edited.c question.c channel.c && echo b | %s/edited 1 | "
            "grep -e '^Producer, received ' -e '^Consumer, received'",
            folder, folder, folder, folder, folder, folder, folder, folder),
        0);
    if (strcmp(printed, "2\nProducer, received Hello\n") != 0)
        ck_assert_str_eq(printed, "2\nConsumer, received Hello\nProducer, received Bye\n");
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("printf 'x\\n\\nab\\nC\\n' | quiz 2"), 0);
    ck_assert(strstr(printed, "Your answer (a to c): x\n\"x\" is not a letter from a to c.\n"
                              "Your answer (a to c): \n\"\" is not a letter from a to c.\n"
                              "Your answer (a to c): ab\n\"ab\" is not a letter from a to c.\n"
                              "Your answer (a to c): C\nIt runs:\nSending ONE\n") != NULL);
    ck_assert(strstr(printed, "\n\nRight. The answer is c.") != NULL);
}
END_TEST

/* Without an answer nothing is given away. */
START_TEST(test_no_answer)
{
    ck_assert_int_eq(run("quiz </dev/null"), 0);
    ck_assert(strstr(printed, "Question 1\n\nstatic void *run_consumer(void *argument)\n") ==
              printed);
    ck_assert(strstr(printed, "\nQuestion 2\n\nstatic void buff_sender(void)\n") != NULL);
    ck_assert(strstr(printed, "\nQuestion 3\n") == NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
    ck_assert(strstr(printed, "It runs") == NULL);
}
END_TEST

/* What is shown stands in the source, and is narrow enough; so is all that is printed. */
START_TEST(test_shown_code)
{
    ck_assert_int_eq(run("quiz </dev/null | grep -v -e '^Question' -e '^Both' -e '^There' -e '^  "
                         "[a-d])' -e '^Your' "
                         "| grep . | grep -vxF -f quiz.c"),
                     1);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(run("quiz </dev/null | grep -c ^static"), 0);
    ck_assert_str_eq(printed, "3\n");
    ck_assert_int_eq(run("while echo b; do :; done | quiz | grep '.\\{82\\}'"), 1);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [NUMBER]\n");
    static const char *const wrong[] = {"3", "0", "''", "x", "-x", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("quiz %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: quiz [NUMBER]\n") != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("echo b | quiz 2 >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

/* No thread in the other process: it says so, and the question is not answered by guessing. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; echo b | quiz 1"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_rendezvous);
    tcase_add_test(cases, test_buffer);
    tcase_add_test(cases, test_answers);
    tcase_add_test(cases, test_no_answer);
    tcase_add_test(cases, test_shown_code);
    tcase_add_test(cases, test_usage);
    if (is_possible("quiz with room for one", PLAIN_BUILD))
        tcase_add_test(cases, test_with_room_for_one);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("quiz without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}

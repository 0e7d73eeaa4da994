/*
 * question.c - see question.h.
 */
#include "question.h"

#include "must.h"

#include <sys/wait.h>

static const char usage[] = "quiz [NUMBER]";

/* Whether a line of the source begins the definition of that name: it is not indented. */
static bool begins(const char *line, const char *name, size_t length)
{
    if (!isalpha((unsigned char)line[0]))
        return false;
    for (const char *found = strstr(line + 1, name); found != NULL;
         found = strstr(found + 1, name)) {
        char before = found[-1], after = found[length];
        bool is_function = after == '(' && strchr(line, ';') == NULL;
        bool is_variable = after == ';' || strncmp(&found[length], " = ", 3) == 0;
        if ((before == ' ' || before == '*') && (is_function || is_variable))
            return true;
    }
    return false;
}

/* Prints a function, to its closing brace, or a variable, to its semicolon. */
static void show(const char *const *lines, const char *name, size_t length)
{
    while (*lines != NULL && !begins(*lines, name, length))
        lines++;
    bool is_variable = *lines != NULL && strchr(*lines, ';') != NULL;
    for (bool is_last = false; *lines != NULL && !is_last; lines++) {
        puts(*lines);
        is_last = is_variable || strcmp(*lines, "}") == 0;
    }
    putchar('\n');
}

/* Asks until the answer is one of the letters. 0: the input has ended. */
static char take_answer(char last)
{
    char *line = NULL;
    size_t room = 0;
    char answer = '\0';
    while (answer == '\0') {
        printf("Your answer (a to %c): ", last);
        fflush(stdout);
        errno = 0;
        if (getline(&line, &room, stdin) <= 0) {
            if (!feof(stdin) && errno != EBADF) // a closed input has ended, too
                give_up(usage, "standard input", strerror(errno));
            break;
        }
        line[strcspn(line, "\n")] = '\0';
        if (!isatty(STDIN_FILENO))
            puts(line); // a terminal shows what is typed, a pipe does not
        answer = (char)tolower((unsigned char)line[0]);
        if (answer < 'a' || answer > last || line[1] != '\0') {
            printf("\"%s\" is not a letter from a to %c.\n", line, last);
            answer = '\0';
        }
    }
    free(line);
    return answer;
}

/* In a process of its own, so that a thread that waits forever, or a lock that is held, ends with it. */
static void run_question(const struct question *question)
{
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        give_up(usage, "fork", strerror(errno));
    if (child == 0) {
        setvbuf(stdout, NULL, _IOLBF, 0);
        question->run();
        exit(EXIT_SUCCESS);
    }
    int status;
    if (waitpid(child, &status, 0) < 0)
        give_up(usage, "waitpid", strerror(errno));
    if (WIFSIGNALED(status))
        give_up(usage, "the question", strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        _exit(WEXITSTATUS(status)); // the child has said why
}

static void ask(const struct question *question, int number, const char *const *lines)
{
    printf("Question %d\n\n", number);
    for (const char *name = question->shown; *name != '\0'; name += strspn(name, " ")) {
        size_t length = strcspn(name, " ");
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", (int)length, name);
        show(lines, copy, length);
        name += length;
    }
    puts(question->ask);
    char last = 'a' - 1;
    for (int i = 0; i < MOST_CHOICES && question->choices[i] != NULL; i++)
        printf("  %c) %s\n", ++last, question->choices[i]);
    putchar('\n');
    char answer = take_answer(last);
    if (answer == '\0') {
        puts("no answer, so it does not run.\n");
        return;
    }
    puts("It runs:");
    run_question(question);
    printf("\n%s The answer is %c.\n%s\n\n", answer == question->answer ? "Right." : "No.",
           question->answer, question->explanation);
}

int question_main(int argc, char *argv[], const char *const *lines,
                  const struct question *questions, int count)
{
    const char *number = argument_or(NULL, argc, argv, usage);
    int first = number == NULL ? 1 : (int)number_from(number, 1, count, usage);
    int last = number == NULL ? count : first;
    for (int i = first; i <= last; i++)
        ask(&questions[i - 1], i, lines);
    return 0;
}

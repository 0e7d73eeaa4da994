/*
 * question.c - see question.h.
 */
#include "question.h"

#include "must.h"

#include <stdbool.h>
#include <strings.h>
#include <unistd.h>

/* Asks until it gets one of the letters, or an empty line or the end of the input: 0, no answer. */
static char take_answer(char last)
{
    char *line = NULL;
    size_t room = 0;
    for (;;) {
        printf("Your answer (a-%c, or none): ", last);
        fflush(stdout);
        bool is_line = getline(&line, &room, stdin) > 0;
        char answer = is_line ? line[strspn(line, " (\n")] : '\0';
        // A terminal shows what is typed, a pipe does not.
        if (!is_line || !isatty(STDIN_FILENO))
            printf("%c\n", isprint((unsigned char)answer) ? answer : '-');
        answer = (char)tolower((unsigned char)answer);
        if (answer == '\0' || (answer >= 'a' && answer <= last)) {
            free(line);
            return answer;
        }
    }
}

static void ask(const struct question *question, int number, bool may_answer)
{
    printf("Question %d: %s\n\n%s\n%s\n", number, question->name, question->code, question->ask);
    char last = 'a' - 1;
    for (int i = 0; i < MOST_CHOICES && question->choices[i] != NULL; i++)
        printf("  %c) %s\n", ++last, question->choices[i]);
    putchar('\n');
    char answer = may_answer ? take_answer(last) : '\0';
    printf("Running it:\n");
    fflush(stdout);
    question->run();
    putchar('\n');
    if (answer != '\0')
        printf("%s ", answer == question->answer ? "Right." : "No.");
    printf("The answer is %c.\n%s\n\n", question->answer, question->explanation);
}

/* The question that `text` names, by name or number, or wrong usage. */
static int number_of(const char *text, const struct question *questions, int count,
                     const char *usage)
{
    for (int i = 0; i < count; i++) {
        if (strcasecmp(text, questions[i].name) == 0)
            return i;
    }
    if (!isdigit((unsigned char)text[0]))
        wrong_usage(text, "no such question", usage);
    return (int)number_from(text, 1, count, usage) - 1;
}

int question_main(int argc, char *argv[], const char *usage, const struct question *questions,
                  int count)
{
    bool may_answer = true;
    int option;
    while ((option = getopt(argc, argv, "yh")) != -1) {
        switch (option) {
        case 'y':
            may_answer = false;
            break;
        case 'h':
            show_usage(option, usage);
            for (int i = 0; i < count; i++)
                printf("  %d  %s\n", i + 1, questions[i].name);
            return finish_output(0, usage);
        default:
            return show_usage(option, usage);
        }
    }
    for (int i = optind; i < argc; i++)
        number_of(argv[i], questions, count, usage); // all arguments are right, before any is run
    for (int i = optind; i < argc; i++) {
        int number = number_of(argv[i], questions, count, usage);
        ask(&questions[number], number + 1, may_answer);
    }
    for (int i = 0; i < count && optind == argc; i++)
        ask(&questions[i], i + 1, may_answer);
    return finish_output(0, usage);
}

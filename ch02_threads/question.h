/*
 * question.h - asks the questions of a quiz: prints one, takes an answer, runs it, and explains.
 */
#ifndef QUESTION_H
#define QUESTION_H

enum { MOST_CHOICES = 4 };

struct question {
    const char *name;
    const char *code;                  // what the question is about
    const char *ask;                   // the question
    const char *choices[MOST_CHOICES]; // a, b, … NULL after the last
    char answer;                       // 'a', 'b', …
    void (*run)(void);                 // runs it for real. Always returns, in a second or two
    const char *explanation;
};

/*
 * The main function of a quiz: asks the questions that the arguments pick, by name or by number from
 * 1, or all of them. With -y nobody is asked to answer. Returns the exit status. `usage` begins with
 * "usage: PROGRAM ".
 */
int question_main(int argc, char *argv[], const char *usage, const struct question *questions,
                  int count);

#endif

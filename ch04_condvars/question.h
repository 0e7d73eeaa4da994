/*
 * question.h - asks the questions of a quiz: shows the code, takes an answer, runs the code, explains.
 *
 * What is shown is what runs. make turns the lines of quiz.c into a header of strings, and quiz.c
 * includes that as `lines`; a question names the functions and variables of it that it is about.
 */
#ifndef QUESTION_H
#define QUESTION_H

enum { MOST_CHOICES = 4 };

struct question {
    const char *shown;                 // names of functions and variables, with a space between
    const char *ask;                   // the question
    const char *choices[MOST_CHOICES]; // a, b, … NULL after the last
    char answer;                       // 'a', 'b', …
    void (*run)(void);                 // runs in a process of its own, which ends when it returns
    const char *explanation;
};

/*
 * The main function of a quiz: asks all questions, or the one whose number is the argument. Without
 * an answer (the input has ended) a question is only shown. `lines` are those of quiz.c, then NULL.
 * Returns the exit status.
 */
int question_main(int argc, char *argv[], const char *const *lines,
                  const struct question *questions, int count);

#endif

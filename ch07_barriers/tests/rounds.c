/*
 * rounds.c - the lines of red and blue. See cases.h.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

int check_rounds(const char *text)
{
    static const char *const names[] = {"red", "blue"};
    int ran[2] = {0}, waited[2] = {0}, length = 0;
    char expected[100];
    for (; *text != '\0'; text += length) {
        int i = strncmp(text, "red ", 4) == 0 ? 0 : 1;
        if (ran[i] == waited[i]) {
            ck_assert_int_ge(waited[!i], ran[i]); // the other one has arrived as often
            length = sprintf(expected, "%s running\n", names[i]);
            ran[i]++;
        } else {
            length = sprintf(expected, "%s is waiting on barrier\n", names[i]);
            waited[i]++;
        }
        ck_assert_msg(strncmp(text, expected, (size_t)length) == 0, "not %s: %s", expected, text);
    }
    return waited[0] < waited[1] ? waited[0] : waited[1];
}

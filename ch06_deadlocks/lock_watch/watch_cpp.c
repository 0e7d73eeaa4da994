/*
 * watch_cpp.c - shortens the names of C++ functions. See watch_symbols.h.
 */
#include "watch_symbols.h"

#include <string.h>

enum { LONGEST = 60 }; // beyond that, templates are shortened

/* The length of what stays: "(anonymous namespace)", "operator()", "operator<", "operator bool". */
static size_t fixed_length(const char *name)
{
    static const char anonymous[] = "(anonymous namespace)", keyword[] = "operator";
    const size_t length = sizeof keyword - 1;
    if (strncmp(name, anonymous, sizeof anonymous - 1) == 0)
        return sizeof anonymous - 1;
    if (strncmp(name, keyword, length) != 0)
        return 0;
    if (strncmp(name + length, "()", 2) == 0)
        return length + 2;
    if (name[length] == ' ')
        return strcspn(name, "(");
    const size_t all = length + strspn(name + length, "<>=-+*/%^&|~!,[]");
    return strncmp(name + all, " <", 2) == 0 ? all + 1 : all;
}

/* Leaves out arguments and the return type; with `templates`, the arguments of templates, too. */
static void leave_out(char *name, bool templates)
{
    char *to = name;
    int left_out = 0, angles = 0;
    for (const char *from = name; *from != '\0';) {
        size_t fixed = fixed_length(from);
        if (left_out == 0 && fixed > 0) {
            memmove(to, from, fixed);
            to += fixed;
            from += fixed;
            continue;
        }
        char c = *from++;
        bool opens = (c == '(' && angles == 0) || (c == '<' && templates);
        bool closes = left_out > 0 && (c == ')' || (c == '>' && templates && from[-2] != '-'));
        angles += (c == '<') - (c == '>' && angles > 0);
        left_out += opens || (left_out > 0 && c == '(');
        left_out -= closes;
        if (closes && left_out == 0 && c == '>') {
            memcpy(to, "<>", 2);
            to += 2;
        } else if (closes && left_out == 0) {
            from += strncmp(from, " const", 6) == 0 ? 6 : 0;
            from += from[0] == ' ' ? strlen(from) : 0; // " [clone .cold]"
        } else if (c == ' ' && left_out == 0 && angles == 0) {
            to = name; // that was the return type
        } else if (left_out == 0) {
            *to++ = c;
        }
    }
    *to = '\0';
}

void watch_shorten(char *name)
{
    leave_out(name, false);
    if (strlen(name) > LONGEST)
        leave_out(name, true);
}

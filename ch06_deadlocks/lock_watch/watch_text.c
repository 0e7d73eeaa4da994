/*
 * watch_text.c - text, straight to a file. See watch_text.h. (vsnprintf neither locks nor allocates,
 * for numbers and strings, in any libc there is.)
 */
#include "watch_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool watch_is_silent;

void watch_flush(struct watch_output *output)
{
    for (unsigned int done = 0; done < output->size && output->error == 0;) {
        ssize_t written = write(output->descriptor, output->text + done, output->size - done);
        if (written > 0)
            done += (unsigned int)written;
        else if (written == 0 || errno != EINTR)
            output->error = written == 0 ? EIO : errno;
    }
    output->size = 0;
}

static void add_list(struct watch_output *output, const char *format, va_list arguments)
{
    if (sizeof output->text - output->size < 1000)
        watch_flush(output);
    int length = vsnprintf(output->text + output->size, 1000, format, arguments);
    if (length > 0)
        output->size += length < 1000 ? (unsigned int)length : 999;
}

void watch_add(struct watch_output *output, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_list(output, format, arguments);
    va_end(arguments);
}

/* What is not ASCII may be of any encoding, so it becomes a question mark. */
void watch_add_quoted(struct watch_output *output, const char *text)
{
    char quoted[990], *end = quoted;
    for (; *text != '\0' && end < quoted + sizeof quoted - 2; text++) {
        if (*text == '"' || *text == '\\')
            *end++ = '\\';
        *end++ = *text < ' ' || *text > '~' ? '?' : *text;
    }
    *end = '\0';
    watch_add(output, "\"%s\"", quoted);
}

void watch_say(const char *format, ...)
{
    static struct watch_output line;
    if (watch_is_silent)
        return;
    line = (struct watch_output){.descriptor = STDERR_FILENO};
    va_list arguments;
    va_start(arguments, format);
    watch_add(&line, "lock_watch: ");
    add_list(&line, format, arguments);
    watch_add(&line, "\n");
    watch_flush(&line);
    va_end(arguments);
}

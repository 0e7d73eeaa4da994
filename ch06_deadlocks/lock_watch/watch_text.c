/*
 * watch_text.c - text, straight to a file. See watch_text.h. (For numbers and strings, vsnprintf neither
 * locks nor allocates in any libc.)
 */
#include "watch_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool watch_is_silent;

/* A descriptor that programs do not use for themselves; but some close all that there are. */
enum { HIGH = 1000, LOWER = 200 };
static int descriptor = STDERR_FILENO;
static struct stat is_file; // what it leads to
static const char *report_path = "";

static bool leads_there(int file)
{
    struct stat now;
    return fstat(file, &now) == 0 && now.st_dev == is_file.st_dev && now.st_ino == is_file.st_ino;
}

/* Opens the file or copies the descriptor; exec closes it again. */
static void open_descriptor(void)
{
    int file = report_path[0] == '\0' ? STDERR_FILENO
                                      : open(report_path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (file < 0)
        file = STDERR_FILENO;
    int copy = fcntl(file, F_DUPFD_CLOEXEC, HIGH);
    if (copy < 0)
        copy = fcntl(file, F_DUPFD_CLOEXEC, LOWER);
    if (file != STDERR_FILENO)
        close(file);
    descriptor = copy < 0 ? STDERR_FILENO : copy;
}

void watch_text_begin(const char *file)
{
    report_path = file;
    open_descriptor();
    fstat(descriptor, &is_file);
}

int watch_descriptor(void)
{
    // The program may have closed it, and have a file of its own there now.
    if (!leads_there(descriptor)) {
        descriptor = -1;
        if (report_path[0] != '\0')
            open_descriptor();
        else if (leads_there(STDERR_FILENO))
            descriptor = STDERR_FILENO;
    }
    return descriptor;
}

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

void watch_text_in_child(void)
{
    if (report_path[0] == '\0' && descriptor != STDERR_FILENO && leads_there(descriptor))
        close(descriptor);
    if (report_path[0] == '\0')
        descriptor = STDERR_FILENO;
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
    line = (struct watch_output){.descriptor = watch_descriptor()};
    va_list arguments;
    va_start(arguments, format);
    watch_add(&line, "lock_watch: ");
    add_list(&line, format, arguments);
    watch_add(&line, "\n");
    watch_flush(&line);
    va_end(arguments);
}

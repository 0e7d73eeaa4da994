/*
 * watch_symbols.c - asks addr2line and nm. See watch_symbols.h.
 *
 * This may happen in a program whose threads are stuck, with any lock in their hands. So nothing of
 * libc is used that locks or allocates, and the tools are started by vfork, which runs no handlers of
 * pthread_atfork (posix_spawn would allocate memory for the list of what to redirect). A shell looks for
 * the tools and starts them; a tool that takes longer than TOOL_SECONDS is ended.
 */
#define _GNU_SOURCE // dladdr, vfork: in every system, but in no standard
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_symbols.h"
#include "watch_text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { SLOTS = 1 << 11, MOST_SYMBOLS = SLOTS / 2, MOST_ASKED = 200, TEXT = 160, TOOL_SECONDS = 5 };

enum kind { PLACE, FUNCTION, VARIABLE };

static struct symbol {
    const void *address; // NULL: this slot is free
    enum kind kind;
    bool was_located, was_asked_for_line, was_asked_for_name;
    const char *module; // NULL: in none
    const char *base;   // where the module begins in memory
    uintptr_t offset;   // in the module's file
    char text[TEXT];
} symbols[SLOTS]; // each in the first slot from that of its hash on which is not taken
static unsigned int symbol_count;

static const char *program_path = "";

void watch_symbols_program(const char *path)
{
    program_path = path;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static const char *symbol(const void *address, enum kind kind)
{
    if (address == NULL)
        return "";
    uint64_t hash = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15U >> 48;
    struct symbol *slot = &symbols[hash % SLOTS];
    while (slot->address != NULL && (slot->address != address || slot->kind != kind))
        slot = slot == &symbols[SLOTS - 1] ? symbols : slot + 1;
    if (slot->address == NULL && symbol_count < MOST_SYMBOLS) {
        *slot = (struct symbol){.address = address, .kind = kind};
        symbol_count++;
    }
    return slot->text; // of a free slot: ""
}

const char *watch_place(const void *address)
{
    return symbol(address, PLACE);
}

const char *watch_function(const void *address)
{
    return symbol(address, FUNCTION);
}

const char *watch_variable(const void *address)
{
    return symbol(address, VARIABLE);
}

/*
 * Whether the loader means the program. It calls that by argv[0], which may be a name without a path, and
 * which the program may have changed since: dirname does.
 */
static bool is_program(const char *module)
{
    struct stat file;
    return module[0] != '/' && (strcmp(file_name(module), file_name(program_path)) == 0 ||
                                stat(module, &file) != 0 || !S_ISREG(file.st_mode));
}

/* Where in its module's file an address is; and, until something better is known, what to call it. */
static void locate(struct symbol *symbol)
{
    Dl_info info;
    // A call returns to what follows it, which may be another line.
    const char *address = (const char *)symbol->address - (symbol->kind == PLACE);
    symbol->was_located = true;
    if (dladdr(address, &info) == 0 || info.dli_fname == NULL) {
        if (symbol->kind != VARIABLE)
            snprintf(symbol->text, TEXT, "%p", symbol->address);
        return;
    }
    symbol->base = info.dli_fbase;
    symbol->module = info.dli_fname;
    if (is_program(symbol->module))
        symbol->module = program_path;
    symbol->offset = (uintptr_t)(address - symbol->base);
    bool is_elf = memcmp(symbol->base, "\177ELF", 4) == 0;
    if (is_elf && (symbol->base[16] == 2 || symbol->base[17] == 2)) // ET_EXEC: addresses are fixed
        symbol->offset = (uintptr_t)address;

    // The loader knows exported names only, and may take the nearest one.
    bool is_exact = info.dli_sname != NULL && info.dli_saddr == (const void *)address;
    if (is_exact && symbol->kind != PLACE)
        snprintf(symbol->text, TEXT, "%s", info.dli_sname);
    else if (symbol->kind != VARIABLE)
        snprintf(symbol->text, TEXT, "%.100s+0x%lx", file_name(symbol->module),
                 (unsigned long)symbol->offset);
}

/* ---- running a tool ---- */

struct tool {
    pid_t process;
    int output;
    struct timespec end;
};

static bool start_tool(struct tool *tool, char *const arguments[])
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    int null = open("/dev/null", O_RDWR);
    sigset_t none;
    sigemptyset(&none);
    tool->output = ends[0];
    tool->process = vfork();
    if (tool->process == 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        sigprocmask(SIG_SETMASK, &none, NULL); // the child's own
        execve("/bin/sh", arguments, environ);
        _exit(127);
    }
    close(ends[1]);
    close(null);
    clock_gettime(CLOCK_MONOTONIC, &tool->end);
    tool->end.tv_sec += TOOL_SECONDS;
    if (tool->process < 0)
        close(tool->output);
    return tool->process > 0;
}

static ssize_t read_tool(struct tool *tool, char *buffer, size_t size)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long left =
        (tool->end.tv_sec - now.tv_sec) * 1000 + (tool->end.tv_nsec - now.tv_nsec) / 1000000;
    struct pollfd wait = {.fd = tool->output, .events = POLLIN};
    if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
        return 0;
    return read(tool->output, buffer, size);
}

/* Calls `take` with each line that the tool prints. */
static void run_tool(char *const arguments[], void (*take)(char *line, void *context),
                     void *context)
{
    static char buffer[4096], line[512]; // a thread's stack may be small
    struct tool tool;
    size_t length = 0;
    ssize_t size;
    if (!start_tool(&tool, arguments))
        return;
    while ((size = read_tool(&tool, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < size; i++) {
            if (buffer[i] == '\n') {
                line[length] = '\0';
                take(line, context);
                length = 0;
            } else if (length < sizeof line - 1) {
                line[length++] = buffer[i];
            }
        }
    }
    close(tool.output);
    kill(tool.process,
         SIGKILL); // if it is not done; it has not been waited for, so it is still ours
    waitpid(tool.process, NULL, 0);
}

/* ---- lines ---- */

/*
 * All of these print for each address a line with it, and then two lines, function and file:line, for it
 * and for each function that it was inlined into. The one of macOS takes addresses in memory.
 */
static char line_script[] =
    "module=$1 base=$2; shift 2\n"
    "for tool in addr2line llvm-addr2line eu-addr2line; do\n"
    "    command -v $tool >/dev/null && exec $tool -a -i -C -f -e \"$module\" \"$@\"\n"
    "done\n"
    "atos -o \"$module\" -l \"$base\" \"$@\" |\n"
    "    sed 's/ (in [^)]*) (\\(.*\\))$/ \\1/; s/ (in [^)]*).*/ ??:0/' |\n"
    "    awk '{ place = $NF; sub(/ [^ ]*$/, \"\"); print \"0x\"; print; print place }'\n";

struct lines {
    struct symbol *asked[MOST_ASKED];
    unsigned int count;
    unsigned int got; // addresses so far
    bool is_named;    // the latest one
    bool has_function;
    char function[TEXT];
};

/* The lock of a C++ class is inlined from a header of the system: its caller tells more. */
static bool is_system_header(const char *file)
{
    return strncmp(file, "/usr/include/", strlen("/usr/include/")) == 0 ||
           strstr(file, "/include/c++/") != NULL;
}

static void take_line(char *line, void *context)
{
    struct lines *lines = context;
    if (strncmp(line, "0x", 2) == 0) {
        lines->got++;
        lines->is_named = lines->has_function = false;
    } else if (!lines->has_function) {
        snprintf(lines->function, sizeof lines->function, "%.*s", TEXT - 1, line);
        lines->has_function = true;
    } else if (lines->got > 0 && lines->got <= lines->count) {
        struct symbol *symbol = lines->asked[lines->got - 1];
        lines->has_function = false;
        char *number = strrchr(line, ':');
        if (number != NULL)
            number[strcspn(number, " ")] = '\0'; // " (discriminator 3)"
        if (lines->is_named || number == NULL || number[1] == '?' || strcmp(number, ":0") == 0)
            return;
        lines->is_named = !is_system_header(line);
        symbol->was_asked_for_name = true;
        snprintf(symbol->text, TEXT, "%.100s (%.50s)", lines->function, file_name(line));
    }
}

static void find_lines(const struct symbol *first)
{
    static struct lines lines;
    static char numbers[MOST_ASKED][20];
    static char *arguments[MOST_ASKED + 7];
    static char base[20];
    unsigned int n = 0;
    snprintf(base, sizeof base, "%p", (const void *)first->base);
    arguments[n++] = "sh";
    arguments[n++] = "-c";
    arguments[n++] = line_script;
    arguments[n++] = "sh";
    arguments[n++] = (char *)(uintptr_t)first->module;
    arguments[n++] = base;
    lines = (struct lines){.count = 0};
    for (struct symbol *symbol = symbols; symbol < symbols + SLOTS; symbol++) {
        if (symbol->module == NULL || symbol->base != first->base || symbol->kind != PLACE ||
            symbol->was_asked_for_line || lines.count == MOST_ASKED)
            continue;
        uintptr_t asked = symbol->offset;
#ifdef __APPLE__
        asked += (uintptr_t)symbol->base;
#endif
        snprintf(numbers[lines.count], sizeof numbers[0], "0x%lx", (unsigned long)asked);
        arguments[n++] = numbers[lines.count];
        symbol->was_asked_for_line = true;
        lines.asked[lines.count++] = symbol;
    }
    arguments[n] = NULL;
    run_tool(arguments, take_line, &lines);
}

/* ---- names: of variables and functions, and of functions whose lines are not known ---- */

static char name_script[] = "exec nm -P -C -t x \"$1\"\n";

/* Symbol's name, if it is at `value`, or in the `size` bytes from there on. */
static void name(struct symbol *symbol, const char *name, uintptr_t value, uintptr_t size)
{
    uintptr_t distance = symbol->offset - value;
    bool is_inside = symbol->offset >= value && distance < (size > 0 ? size : 1);
    if (symbol->kind == PLACE && is_inside)
        snprintf(symbol->text, TEXT, "%.100s (%.50s)", name, file_name(symbol->module));
    else if (symbol->kind != PLACE && distance == 0)
        snprintf(symbol->text, TEXT, "%.100s", name);
    else if (symbol->kind == VARIABLE && is_inside)
        snprintf(symbol->text, TEXT, "%.100s+%lu", name, (unsigned long)distance);
}

/* Takes "name type value size", where the name may contain spaces. */
static void take_name(char *line, void *context)
{
    const struct symbol *first = context;
    char *fields[3];
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        line[--length] = '\0';
    for (int i = 2; i >= 0; i--) {
        char *space = strrchr(line, ' ');
        if (space == NULL)
            return;
        *space = '\0';
        fields[i] = space + 1;
    }
    char *dot = strrchr(line, '.');
    if (dot != NULL && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
        *dot = '\0'; // a variable inside a function: the compiler has numbered it
    bool is_variable = strchr("bBdDgGsSvVu", fields[0][0]) != NULL;
    bool is_function = strchr("tTwWi", fields[0][0]) != NULL;
    uintptr_t value = (uintptr_t)strtoull(fields[1], NULL, 16);
    uintptr_t size = (uintptr_t)strtoull(fields[2], NULL, 16);
    for (struct symbol *symbol = symbols; symbol < symbols + SLOTS; symbol++) {
        if (symbol->module != NULL && symbol->base == first->base && !symbol->was_asked_for_name &&
            (symbol->kind == VARIABLE ? is_variable : is_function))
            name(symbol, line, value, size);
    }
}

static void find_names(struct symbol *first)
{
    char *arguments[] = {"sh", "-c", name_script, "sh", (char *)(uintptr_t)first->module, NULL};
    const char *base = first->base;
    run_tool(arguments, take_name, first);
    for (struct symbol *symbol = symbols; symbol < symbols + SLOTS; symbol++)
        symbol->was_asked_for_name = symbol->was_asked_for_name || symbol->base == base;
}

void watch_symbols_find(void)
{
    struct symbol *const end = symbols + SLOTS;
    for (struct symbol *symbol = symbols; symbol < end; symbol++) {
        if (symbol->address != NULL && !symbol->was_located)
            locate(symbol);
    }
    for (struct symbol *symbol = symbols; symbol < end; symbol++) {
        if (symbol->module != NULL && symbol->kind == PLACE && !symbol->was_asked_for_line)
            find_lines(symbol);
    }
    for (struct symbol *symbol = symbols; symbol < end; symbol++) {
        if (symbol->module != NULL && !symbol->was_asked_for_name)
            find_names(symbol);
    }
}

bool watch_is_wrapper(const void *address)
{
    const char *text = watch_place(address);
    return strncmp(text, "std::", 5) == 0 || strstr(text, "(libstdc++") != NULL ||
           strstr(text, "__gthread") != NULL;
}

bool watch_is_own_library(const void *address)
{
    return strstr(watch_place(address), "(lock_watch.so") != NULL ||
           strstr(watch_place(address), "(watch_") != NULL;
}

/*
 * watch_symbols.c - asks addr2line and nm. See watch_symbols.h.
 *
 * The program's threads may be stuck, and hold any lock. So nothing here uses a part of libc that locks or
 * allocates. The tools are started by vfork, which runs no handlers of pthread_atfork (posix_spawn would
 * allocate memory for its list of redirections). A shell finds and starts them; if they take longer than
 * TOOL_SECONDS in all, they are ended.
 */
/* For dladdr and vfork, which are in every system, but in no standard. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#define __BSD_VISIBLE 1
#include "watch_symbols.h"
#include "watch_text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined __GLIBC__ && defined __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 35)
#define FINDS_WITHOUT_LOCK
#include <link.h>
#endif
#endif

extern char **environ;

enum {
    SLOTS = 1 << 14,
    MOST_SYMBOLS = SLOTS / 2,
    MOST_ASKED = 1000, // at a time
    TEXT = 160,
    LINE = 4096,
    TOOL_SECONDS = 10,
};

enum kind { PLACE, FUNCTION, VARIABLE };

static struct symbol {
    const void *address;
    enum kind kind;
    bool was_located, was_asked_for_line, was_asked_for_name;
    bool is_named;      // by nm
    bool is_wrapper;    // in a header of the system
    const char *module; // NULL: in none
    const char *base;   // where the module begins in memory
    uintptr_t offset;   // in the module's file
    char text[TEXT];
} symbols[MOST_SYMBOLS];
static unsigned int symbol_count;
static unsigned short
    slots[SLOTS]; // 1 + place in `symbols`, in the first free slot from its hash on

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

/* NULL: there is no room. */
static struct symbol *symbol(const void *address, enum kind kind)
{
    uint64_t hash = (uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15U >> 48;
    unsigned int slot = (unsigned int)hash % SLOTS;
    for (; slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        struct symbol *known = &symbols[slots[slot] - 1];
        if (known->address == address && known->kind == kind)
            return known;
    }
    if (symbol_count == MOST_SYMBOLS)
        return NULL;
    symbols[symbol_count] = (struct symbol){.address = address, .kind = kind};
    slots[slot] = (unsigned short)++symbol_count;
    return &symbols[symbol_count - 1];
}

static const char *text_of(const void *address, enum kind kind)
{
    struct symbol *known = address == NULL ? NULL : symbol(address, kind);
    return known == NULL ? "" : known->text;
}

const char *watch_place(const void *address)
{
    return text_of(address, PLACE);
}

const char *watch_function(const void *address)
{
    return text_of(address, FUNCTION);
}

const char *watch_variable(const void *address)
{
    return text_of(address, VARIABLE);
}

/* The file that an address comes from, and where that begins in memory. */
static bool find_module(const void *address, Dl_info *info)
{
#ifdef FINDS_WITHOUT_LOCK // dladdr takes a lock of the loader's, which a thread that is stuck may hold
    struct dl_find_object found;
    if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
        return false;
    *info = (Dl_info){.dli_fname = found.dlfo_link_map->l_name, .dli_fbase = found.dlfo_map_start};
    return true;
#else
    return dladdr(address, info) != 0 && info->dli_fname != NULL;
#endif
}

bool watch_is_wrapper(const void *address)
{
    const struct symbol *known = symbol(address, PLACE);
    if (known == NULL || known->module == NULL)
        return false;
    const char *file = file_name(known->module);
    return known->is_wrapper || strncmp(file, "libstdc++.", strlen("libstdc++.")) == 0 ||
           strncmp(file, "libc++.", strlen("libc++.")) == 0;
}

bool watch_is_libc(const void *address)
{
    const struct symbol *known = symbol(address, PLACE);
    const char *file = known == NULL || known->module == NULL ? "" : file_name(known->module);
    return strncmp(file, "libc.", strlen("libc.")) == 0 ||
           strncmp(file, "ld-musl", strlen("ld-musl")) == 0;
}

bool watch_is_own_library(const void *address)
{
#if defined __PIC__ && !defined __PIE__
    static const void *own;
    Dl_info info;
    if (own == NULL && find_module(&symbols, &info))
        own = info.dli_fbase;
    const struct symbol *known = symbol(address, PLACE);
    return known != NULL && known->module != NULL && known->base == own;
#else
    return address == NULL; // it is part of the program
#endif
}

/*
 * Whether the loader means the program. The loader calls it by argv[0]. That may be a name without a path,
 * and the program may have changed it since, as dirname does.
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
    if (!find_module(address, &info)) {
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
};

static struct timespec tools_end;

static long milliseconds_left(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)(tools_end.tv_sec - now.tv_sec) * 1000 +
           (tools_end.tv_nsec - now.tv_nsec) / 1000000;
}

/*
 * In the child of vfork, a handler would run in the program's memory. And what was sent to the program's
 * group (by Ctrl-C, or by timeout) is not meant for a tool: ignoring a signal drops one that is pending.
 */
static void use_default_signals(void)
{
    for (int i = 1; i < NSIG; i++) {
        if (i == SIGABRT) // libc has a lock for this one
            continue;
        signal(i, SIG_IGN);
        signal(i, SIG_DFL);
    }
}

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
        setpgid(0, 0);
        use_default_signals();
        sigprocmask(SIG_SETMASK, &none, NULL); // the child's own
        execve("/bin/sh", arguments, environ);
        _exit(127);
    }
    close(ends[1]);
    close(null);
    if (tool->process < 0)
        close(tool->output);
    return tool->process > 0;
}

static ssize_t read_tool(struct tool *tool, char *buffer, size_t size)
{
    long left = milliseconds_left();
    struct pollfd wait = {.fd = tool->output, .events = POLLIN};
    if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
        return 0;
    return read(tool->output, buffer, size);
}

/* Calls `take` with each line that the tool prints. */
static void run_tool(char *const arguments[], void (*take)(char *line, void *context),
                     void *context)
{
    static char buffer[1 << 14], line[LINE]; // a thread's stack may be small
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
    // All that the shell has started, if it is not done. It has not been waited for, so it is still ours.
    kill(-tool.process, SIGKILL);
    kill(tool.process, SIGKILL);
    waitpid(tool.process, NULL, 0);
}

/* ---- lines ---- */

/*
 * For each address, all of these print a line with it. Then come two lines, function and file:line, for it
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
    char function[LINE];
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
        snprintf(lines->function, sizeof lines->function, "%s", line);
        watch_shorten(lines->function);
        lines->has_function = true;
    } else if (lines->got > 0 && lines->got <= lines->count) {
        struct symbol *symbol = lines->asked[lines->got - 1];
        lines->has_function = false;
        char *number = strrchr(line, ':');
        if (number != NULL)
            number[strcspn(number, " ")] = '\0'; // " (discriminator 3)"
        if (lines->is_named || number == NULL || number[1] == '?' || strcmp(number, ":0") == 0)
            return;
        symbol->is_wrapper = is_system_header(line);
        lines->is_named = !symbol->is_wrapper;
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
    for (struct symbol *symbol = symbols; symbol < symbols + symbol_count; symbol++) {
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

/*
 * A file that was stripped still has the names that it exports or calls. The address of a thread-local
 * variable counts among its kind only; in memory another variable may have it. The last line is for macOS.
 */
static char name_script[] =
    "nm -C --format=sysv \"$1\" | grep '|' || nm -D -C --format=sysv \"$1\" | grep '|' ||\n"
    "nm -P -t x \"$1\" | awk '{ print $1, $3, $2, \"-\", $4, \"-\" }'\n";

struct names {
    struct symbol *asked[MOST_SYMBOLS]; // in the order of their offsets
    unsigned int count;
};

/* The symbol is `distance` bytes behind the beginning of what has that name. */
static void name(struct symbol *symbol, const char *name, uintptr_t distance)
{
    if ((symbol->is_named && name[0] == '_') || (symbol->kind == FUNCTION && distance > 0))
        return; // of several names, one that is not reserved for the system
    symbol->is_named = true;
    if (symbol->kind == PLACE)
        snprintf(symbol->text, TEXT, "%.100s (%.50s)", name, file_name(symbol->module));
    else if (distance == 0)
        snprintf(symbol->text, TEXT, "%.100s", name);
    else
        snprintf(symbol->text, TEXT, "%.100s+%lu", name, (unsigned long)distance);
}

/* Takes "name value class type size section", where the name may contain spaces. */
static void take_name(char *line, void *context)
{
    const struct names *names = context;
    enum { VALUE, CLASS, TYPE, SIZE, SECTION, FIELDS };
    char *fields[FIELDS];
    if (strstr(line, " TLS|") != NULL)
        return;
    for (char *bar = line; (bar = strchr(bar, '|')) != NULL;)
        *bar = ' ';
    for (int i = FIELDS; i-- > 0;) {
        char *space = strrchr(line, ' ');
        if (space == NULL)
            return;
        fields[i] = space + 1;
        while (space > line && space[-1] == ' ')
            space--;
        *space = '\0';
    }
    char class = fields[CLASS][0];
    bool is_variable = strchr("bBdDgGsSvVu", class) != NULL;
    bool is_function = strchr("tTwWi", class) != NULL;
    uintptr_t value = (uintptr_t)strtoull(fields[VALUE], NULL, 16);
    uintptr_t size = (uintptr_t)strtoull(fields[SIZE], NULL, 16);
    unsigned int low = 0, high = names->count;
    while (low < high) {
        unsigned int middle = (low + high) / 2;
        if (names->asked[middle]->offset < value)
            low = middle + 1;
        else
            high = middle;
    }
    if (fields[CLASS][1] != '\0' || low == names->count ||
        names->asked[low]->offset - value >= (size > 0 ? size : 1))
        return;
    line[strcspn(line, "@")] = '\0'; // a version
    char *dot = strrchr(line, '.');
    if (dot != NULL && dot[1 + strspn(dot + 1, "0123456789")] == '\0')
        *dot = '\0'; // a variable inside a function: the compiler has numbered it
    watch_shorten(line);
    for (; low < names->count; low++) {
        struct symbol *symbol = names->asked[low];
        uintptr_t distance = symbol->offset - value;
        if (distance >= (size > 0 ? size : 1))
            break;
        if (symbol->kind == VARIABLE ? is_variable : is_function)
            name(symbol, line, distance);
    }
}

static void find_names(const struct symbol *first)
{
    static struct names names;
    char *arguments[] = {"sh", "-c", name_script, "sh", (char *)(uintptr_t)first->module, NULL};
    const char *base = first->base;
    names.count = 0;
    for (struct symbol *symbol = symbols; symbol < symbols + symbol_count; symbol++) {
        if (symbol->module == NULL || symbol->base != base || symbol->was_asked_for_name)
            continue;
        unsigned int i = names.count++;
        for (; i > 0 && names.asked[i - 1]->offset > symbol->offset; i--)
            names.asked[i] = names.asked[i - 1];
        names.asked[i] = symbol;
        symbol->was_asked_for_name = true;
    }
    run_tool(arguments, take_name, &names);
}

void watch_symbols_find(void)
{
    struct symbol *const end = symbols + symbol_count;
    clock_gettime(CLOCK_MONOTONIC, &tools_end);
    tools_end.tv_sec += TOOL_SECONDS;
    for (struct symbol *symbol = symbols; symbol < end; symbol++) {
        if (!symbol->was_located)
            locate(symbol);
    }
    for (struct symbol *symbol = symbols; symbol < end && milliseconds_left() > 0; symbol++) {
        if (symbol->module != NULL && symbol->kind == PLACE && !symbol->was_asked_for_line)
            find_lines(symbol);
    }
    for (struct symbol *symbol = symbols; symbol < end && milliseconds_left() > 0; symbol++) {
        if (symbol->module != NULL && !symbol->was_asked_for_name)
            find_names(symbol);
    }
}

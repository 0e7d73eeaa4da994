/*
 * why_not.c - looks into the file of a program. See why_not.h. On Linux only: other systems say nothing.
 *
 * If the system's loader cannot load a library, it leaves it out without a word, or with a message of its own
 * for each program that is started; musl's ends the program.
 */
#include "why_not.h"

#ifdef __linux__
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifdef __GLIBC__
enum { FOR_MUSL = false };
#else
enum { FOR_MUSL = true };
#endif

enum { DEEPEST = 5 }; // a script whose interpreter is a script, and so on: Linux goes no deeper

typedef ElfW(Ehdr) elf_head; // of this program's own word size, as is the next
typedef ElfW(Phdr) elf_part;

/* How a file begins; a zero follows. */
struct head {
    union {
        elf_head elf;
        char text[256];
    } begin;
    size_t size;
};

/* False: there is no such file, or it is empty, or not to be read. */
static bool read_head(int file, struct head *head)
{
    memset(head, 0, sizeof *head);
    ssize_t size = file < 0 ? 0 : pread(file, head->begin.text, sizeof head->begin.text - 1, 0);
    head->size = size > 0 ? (size_t)size : 0;
    return size > 0;
}

static bool is_elf(const struct head *head)
{
    return memcmp(head->begin.text, ELFMAG, SELFMAG) == 0;
}

/* The loader that the program asks for. It stays "" if there is none: then it is linked statically. */
static void read_loader(int file, const elf_head *elf, char loader[PATH_MAX])
{
    elf_part part = {.p_type = PT_NULL};
    for (unsigned int i = 0; i < elf->e_phnum && part.p_type != PT_INTERP; i++) {
        off_t offset = (off_t)(elf->e_phoff + i * elf->e_phentsize);
        if (pread(file, &part, sizeof part, offset) != (ssize_t)sizeof part)
            return;
    }
    if (part.p_type == PT_INTERP && pread(file, loader, PATH_MAX - 1, (off_t)part.p_offset) < 0)
        loader[0] = '\0';
}

/* Why the system loads no library into the program: it may do more than its caller. NULL: it may not. */
static const char *why_guarded(const char *program)
{
    struct stat file;
    struct statvfs system;
    if (stat(program, &file) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 ||
        (statvfs(program, &system) == 0 && (system.f_flag & ST_NOSUID) != 0))
        return NULL;
    if ((file.st_mode & S_ISUID) != 0 && file.st_uid != getuid())
        return "has the set-user-ID bit: the system loads no library into it";
    if ((file.st_mode & S_ISGID) != 0 && (file.st_mode & S_IXGRP) != 0 && file.st_gid != getgid())
        return "has the set-group-ID bit: the system loads no library into it";
    if (getuid() != 0 && getxattr(program, "security.capability", NULL, 0) > 0)
        return "has file capabilities: the system loads no library into it";
    return NULL;
}

/* Why the library does not fit the program. NULL: it fits. */
static const char *why_unfit(int file, const elf_head *elf, const elf_head *library,
                             char loader[PATH_MAX])
{
    if (elf->e_ident[EI_CLASS] != library->e_ident[EI_CLASS])
        return elf->e_ident[EI_CLASS] == ELFCLASS32
                   ? "is a 32-bit program, and lock_watch is made for 64 bits"
                   : "is a 64-bit program, and lock_watch is made for 32 bits";
    if (elf->e_ident[EI_DATA] != library->e_ident[EI_DATA] || elf->e_machine != library->e_machine)
        return "is made for another processor than lock_watch";
    read_loader(file, elf, loader);
    if (loader[0] != '\0' && (strstr(loader, "/ld-musl-") != NULL) != FOR_MUSL)
        return FOR_MUSL ? "is not made for musl, and lock_watch is"
                        : "is made for musl, and lock_watch for glibc";
    return NULL;
}

/* Which program runs the one in `head`, if that is a script; otherwise NULL. Changes the head. */
static const char *interpreter_of(struct head *head)
{
    // Files that are no programs at all are given to the shell, unless they look binary.
    if (strncmp(head->begin.text, "#!", 2) != 0)
        return is_elf(head) || memchr(head->begin.text, '\0', head->size) != NULL ? NULL
                                                                                  : "/bin/sh";
    char *name = head->begin.text + 2 + strspn(head->begin.text + 2, " \t");
    name[strcspn(name, " \t\r\n")] = '\0';
    return name;
}

/* The loader itself has no loader, but loads the library into what it starts. */
static bool is_loader(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strncmp(slash != NULL ? slash + 1 : program, "ld-", 3) == 0;
}

/* Whether the library can be loaded into what the file holds, which is no script. */
static bool is_loadable(const char *program, const char *library, bool follows, FILE *to)
{
    char loader[PATH_MAX] = "";
    struct head head, own;
    int file = open(program, O_RDONLY | O_CLOEXEC), own_file = open(library, O_RDONLY | O_CLOEXEC);
    const char *reason = why_guarded(program);
    bool hands_on = false;
    if (reason == NULL && read_head(file, &head) && is_elf(&head) && read_head(own_file, &own)) {
        reason = why_unfit(file, &head.begin.elf, &own.begin.elf, loader);
        hands_on = reason == NULL && loader[0] == '\0' && !is_loader(program);
    }
    close(file);
    close(own_file);
    if (hands_on)
        reason = "is linked statically";
    if (reason != NULL)
        fprintf(to, "lock_watch: %s: not watched: it %s\n", program, reason);
    return reason == NULL || (hands_on && follows);
}

bool can_be_watched(const char *program, const char *library, bool follows, FILE *to)
{
    char path[PATH_MAX];
    struct head head;
    bool is_script = false;
    snprintf(path, sizeof path, "%s", program);
    for (int depth = 0; depth < DEEPEST; depth++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        const char *interpreter = read_head(file, &head) ? interpreter_of(&head) : NULL;
        close(file);
        if (interpreter == NULL)
            break;
        snprintf(path, sizeof path, "%s", interpreter);
        is_script = true;
    }
    if (!is_loadable(path, library, follows, to))
        return false;
    if (is_script && !follows)
        fprintf(to,
                "lock_watch: %s: is a script: only %s, which runs it, is watched; "
                "what it starts only with -f\n",
                program, path);
    return true;
}
#else
bool can_be_watched(const char *program, const char *library, bool follows, FILE *to)
{
    (void)program;
    (void)library;
    (void)follows;
    (void)to;
    return true;
}
#endif

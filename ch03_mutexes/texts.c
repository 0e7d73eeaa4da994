/*
 * texts.c - see texts.h.
 */
#include "texts.h"

#include "must.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

static const char *program; // its name, for messages

static bool is_url(const char *name)
{
    return strncasecmp(name, "http://", 7) == 0 || strncasecmp(name, "https://", 8) == 0;
}

/* What is read or received, and how much room there is for it. */
struct body {
    char *bytes;
    size_t size, room;
    const char *problem; // NULL: none
};

/* Makes room for so many bytes more. */
static bool make_room(struct body *body, size_t size)
{
    if (size <= body->room - body->size)
        return true;
    size_t room = (body->size + size) * 2;
    char *bytes = realloc(body->bytes, room);
    if (bytes == NULL) {
        body->problem = strerror(ENOMEM);
        return false;
    }
    body->bytes = bytes;
    body->room = room;
    return true;
}

/* O_NONBLOCK: opening a named pipe would wait for a writer. */
static void read_file(const char *name, struct body *body)
{
    int file = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0)
        body->problem = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        body->problem = strerror(S_ISDIR(status.st_mode) ? EISDIR : ENOTSUP);
    // One byte more than there should be, so that the last read finds the end.
    while (body->problem == NULL && make_room(body, (size_t)status.st_size + 1)) {
        ssize_t got = read(file, body->bytes + body->size, body->room - body->size);
        if (got == 0)
            break;
        if (got > 0)
            body->size += (size_t)got;
        else if (errno != EINTR)
            body->problem = strerror(errno);
    }
    if (file >= 0)
        close(file);
}

#ifdef HAVE_LIBCURL

#include <curl/curl.h>

static const bool can_fetch = true;

static void begin_fetching(void)
{
    // Without curl_global_cleanup at exit: a thread that gives up ends the program while others fetch.
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        give_up(program, "libcurl", "cannot be used");
}

/* libcurl has received a piece. Returning another number than its size tells libcurl to stop. */
static size_t append(char *piece, size_t one, size_t size, void *context)
{
    (void)one; // always 1
    struct body *body = context;
    if (size > TEXT_MOST - body->size)
        body->problem = "too long";
    if (body->problem != NULL || !make_room(body, size))
        return 0;
    memcpy(body->bytes + body->size, piece, size);
    body->size += size;
    return size;
}

static void fetch(const char *url, struct body *body, char reason[TEXT_REASON])
{
    char details[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL && make_room(body, 65536))
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    if (code == CURLE_OK) {
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); // signals and threads do not mix
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)TEXT_SECONDS);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 2L * TEXT_SECONDS);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "letter_frequency");
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
        code = curl_easy_perform(curl);
    }
    curl_easy_cleanup(curl);
    if (code != CURLE_OK && body->problem == NULL) {
        snprintf(reason, TEXT_REASON, "%s",
                 details[0] != '\0' ? details : curl_easy_strerror(code));
        body->problem = reason;
    }
}

#else

static const bool can_fetch = false;

static void begin_fetching(void)
{
}

static void fetch(const char *url, struct body *body, char reason[TEXT_REASON])
{
    (void)url;
    (void)reason;
    body->problem = "built without libcurl";
}

#endif

char **text_urls(int argc, char *argv[], int first, int *count)
{
    static const char *const samples[] = {"1_queues", "2_keys",   "3_pigeons",
                                          "4_bells",  "5_trains", "6_counting"};
    enum { standard = 201 };
    static char names[standard][4096], *urls[standard];
    const char *slash = strrchr(argv[0], '/');
    int folder = slash != NULL ? (int)(slash + 1 - argv[0]) : 0;
    program = argv[0] + folder;
    begin_fetching();
    if (first < argc) {
        *count = argc - first;
        return argv + first;
    }
    for (int i = 0; i < standard; i++) {
        if (can_fetch)
            snprintf(names[i], sizeof names[i], "https://www.rfc-editor.org/rfc/rfc%d.txt",
                     1000 + i);
        else
            snprintf(names[i], sizeof names[i], "%.*stexts/%s.txt", folder, argv[0],
                     samples[i % 6]);
        urls[i] = names[i];
    }
    *count = standard;
    return urls;
}

bool text_read(const char *url, char **bytes, size_t *size, char reason[TEXT_REASON])
{
    struct body body = {0};
    if (is_url(url))
        fetch(url, &body, reason);
    else
        read_file(url, &body);
    if (body.problem == NULL) {
        *bytes = body.bytes;
        *size = body.size;
        return true;
    }
    if (body.problem != reason)
        snprintf(reason, TEXT_REASON, "%s", body.problem);
    free(body.bytes);
    return false;
}

char *text_get(const char *url, size_t *size)
{
    char *bytes, reason[TEXT_REASON];
    if (!text_read(url, &bytes, size, reason))
        give_up(program, url, reason);
    return bytes;
}

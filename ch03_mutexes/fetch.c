/*
 * fetch.c - see fetch.h.
 */
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBCURL

#include <curl/curl.h>

struct body {
    char *bytes;
    size_t size, room;
    const char *problem; // NULL: none
};

/* libcurl has a piece of the body. What is not all of the piece, tells it to stop. */
static size_t append(char *piece, size_t one, size_t size, void *context)
{
    (void)one; // always 1
    struct body *body = context;
    if (size > FETCH_MOST - body->size) {
        body->problem = "too long";
        return 0;
    }
    if (size > body->room - body->size) {
        size_t room = (body->size + size) * 2;
        char *bytes = realloc(body->bytes, room);
        if (bytes == NULL) {
            body->problem = "no memory for it";
            return 0;
        }
        body->bytes = bytes;
        body->room = room;
    }
    memcpy(body->bytes + body->size, piece, size);
    body->size += size;
    return size;
}

bool fetch_is_possible(void)
{
    return true;
}

bool fetch_begin(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void fetch_end(void)
{
    curl_global_cleanup();
}

bool fetch(const char *url, char **bytes, size_t *size, char reason[FETCH_REASON])
{
    char details[CURL_ERROR_SIZE] = "";
    struct body body = {.room = 65536, .bytes = malloc(65536)};
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (curl != NULL && body.bytes != NULL)
        code = curl_easy_setopt(curl, CURLOPT_URL, url);
    if (code == CURLE_OK) {
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); // signals and threads do not go together
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)FETCH_SECONDS);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 2L * FETCH_SECONDS);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "letter_frequency");
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
        code = curl_easy_perform(curl);
    }
    curl_easy_cleanup(curl);
    if (code == CURLE_OK) {
        *bytes = body.bytes;
        *size = body.size;
        return true;
    }
    free(body.bytes);
    const char *problem = body.problem != NULL ? body.problem : details;
    snprintf(reason, FETCH_REASON, "%s", problem[0] != '\0' ? problem : curl_easy_strerror(code));
    return false;
}

#else

bool fetch_is_possible(void)
{
    return false;
}

bool fetch_begin(void)
{
    return true;
}

void fetch_end(void)
{
}

bool fetch(const char *url, char **bytes, size_t *size, char reason[FETCH_REASON])
{
    (void)url;
    (void)bytes;
    (void)size;
    snprintf(reason, FETCH_REASON, "built without libcurl");
    return false;
}

#endif

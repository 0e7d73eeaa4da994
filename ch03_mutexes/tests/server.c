/*
 * server.c - see server.h.
 */
#include "server.h"

#include "../must.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    int listener;
    struct sockaddr_in address;
    pthread_t thread;
} server;

/* False: the other end has gone. */
static bool send_all(int client, const char *text)
{
    for (size_t size = strlen(text); size > 0;) {
        ssize_t sent = write(client, text, size);
        if (sent < 0)
            return false;
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Takes the request, up to its empty line. */
static void take_request(int client, char *request, size_t room)
{
    size_t size = 0;
    ssize_t got;
    do {
        got = read(client, request + size, room - 1 - size);
        size += got > 0 ? (size_t)got : 0;
        request[size] = '\0';
    } while (got > 0 && strstr(request, "\r\n\r\n") == NULL);
}

static void answer(int client, long number)
{
    static const char line[] = "Abc xyz.\n";
    char head[200], rest[100], block[10000] = "";
    long length = number * (long)strlen(line);
    switch (number) {
    case MOVED:
        send_all(client, "HTTP/1.1 301 Moved\r\nLocation: rfc7.txt\r\nContent-Length: 0\r\n\r\n");
        return;
    case MOVED_BADLY:
        send_all(client, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n");
        return;
    case NOT_THERE:
        send_all(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot here.");
        return;
    case SILENT:
        while (read(client, rest, sizeof rest) > 0) // until the other end gives up
            ;
        return;
    case ENDLESS:
        send_all(client, "HTTP/1.1 200 OK\r\n\r\n");
        memset(block, 'x', sizeof block - 1);
        while (send_all(client, block))
            ;
        return;
    }
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %ld\r\n\r\n",
             number == CUT_SHORT ? 2 * length : length);
    bool there = send_all(client, head);
    for (long i = 0; i < number && there; i++)
        there = send_all(client, line);
}

static void *serve(void *unused)
{
    char request[4000];
    for (;;) {
        int client = accept(server.listener, NULL, NULL);
        if (client < 0)
            continue;
        take_request(client, request, sizeof request);
        long number = 0;
        if (sscanf(request, "GET /rfc/rfc%ld.txt ", &number) == 1)
            answer(client, number);
        close(client);
        if (strncmp(request, "STOP", 4) == 0)
            return unused;
    }
}

int server_start(void)
{
    signal(SIGPIPE, SIG_IGN); // a client that goes away does not end the server
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    server.address = (struct sockaddr_in){.sin_family = AF_INET};
    server.address.sin_addr.s_addr = inet_addr("127.0.0.1");
    socklen_t size = sizeof server.address;
    struct sockaddr *address = (struct sockaddr *)&server.address;
    MUST(bind(server.listener, address, size) == 0 ? 0 : errno);
    MUST(getsockname(server.listener, address, &size) == 0 ? 0 : errno);
    MUST(listen(server.listener, 1000) == 0 ? 0 : errno);
    MUST(pthread_create(&server.thread, NULL, serve, NULL));
    return ntohs(server.address.sin_port);
}

void server_stop(void)
{
    int client = socket(AF_INET, SOCK_STREAM, 0);
    MUST(connect(client, (struct sockaddr *)&server.address, sizeof server.address) == 0 ? 0
                                                                                         : errno);
    send_all(client, "STOP\r\n\r\n");
    MUST(pthread_join(server.thread, NULL));
    close(client);
    close(server.listener);
}

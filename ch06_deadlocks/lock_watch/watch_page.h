/*
 * watch_page.h - the page of -p: a copy of page.html, to which a report is added as data for its script.
 * No memory, no stdio.
 */
#ifndef WATCH_PAGE_H
#define WATCH_PAGE_H

#include "watch_graph.h"
#include "watch_proc.h"
#include "watch_report.h"

struct watch_page {
    const char *program;  // its file; "": not known
    const char *headline; // "": nothing is wrong
    enum watch_news news;
    struct watch_thread *const *stuck; // of NEWS_CYCLE, NEWS_IN_VAIN and NEWS_LATE
    unsigned int stuck_count;
    const struct watch_look *look; // at all threads, when the report was begun
};

/*
 * Adds the report to that file, in place of an earlier one. Returns 0 or an error number. Between
 * watch_trace_stop and watch_trace_resume, under the graph's lock. Like every report, it is made twice:
 * for the first time with "/dev/null".
 */
int watch_page_write(const char *path, const struct watch_page *page);

#endif

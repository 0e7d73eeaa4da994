/*
 * watch_lanes.c - draws what each thread did, a line for each. See watch_draw_lanes in watch_trace.h.
 */
#include "watch_text.h"
#include "watch_trace.h"

#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { WIDEST = 300, NAME_WIDTH = 20, MOST_LANES = 40 };

static const char marks[WATCH_STATES] = {'.', '=', '~', '#', '?'};
static const char *const colours[WATCH_STATES] = {"", "\033[32m", "\033[33m", "\033[31m", ""};

struct drawing {
    uint64_t from, length; // of the time that is drawn
    unsigned int width;
    bool has_unknown;
    uint64_t times[WIDEST][WATCH_STATES]; // how long in each state, a column
};

static void draw_stretch(const struct watch_stretch *stretch, void *context)
{
    struct drawing *drawing = context;
    if (stretch->to <= drawing->from)
        return;
    drawing->has_unknown = drawing->has_unknown || stretch->state == WATCH_UNKNOWN;
    uint64_t from = stretch->from < drawing->from ? 0 : stretch->from - drawing->from;
    uint64_t end = stretch->to - drawing->from;
    for (uint64_t i = from * drawing->width / drawing->length; i < drawing->width; i++) {
        uint64_t column_end = drawing->length * (i + 1) / drawing->width;
        uint64_t to = end < column_end ? end : column_end;
        if (to > from)
            drawing->times[i][stretch->state] += to - from;
        from = to > from ? to : from;
        if (to == end)
            break;
    }
}

static void draw_lane(unsigned int lane, const struct drawing *drawing, bool has_colours)
{
    static struct watch_output line;
    line = (struct watch_output){.descriptor = -1};
    enum watch_state before = WATCH_RUNNING;
    for (unsigned int i = 0; i < drawing->width; i++) {
        enum watch_state most = WATCH_STATES;
        for (enum watch_state state = WATCH_RUNNING; state < WATCH_STATES; state++) {
            if (drawing->times[i][state] > (most == WATCH_STATES ? 0 : drawing->times[i][most]))
                most = state;
        }
        if (has_colours && (most == WATCH_STATES ? WATCH_RUNNING : most) != before) {
            before = most == WATCH_STATES ? WATCH_RUNNING : most;
            watch_add(&line, "\033[0m%s", colours[before]);
        }
        watch_add(&line, "%c", most == WATCH_STATES ? ' ' : marks[most]);
    }
    watch_say("%-*.*s %.*s%s", NAME_WIDTH, NAME_WIDTH, watch_thread_name(lane), (int)line.size,
              line.text, has_colours ? "\033[0m" : "");
}

void watch_draw_lanes(void)
{
    static struct drawing drawing;
    const int descriptor = watch_descriptor();
    bool has_colours = isatty(descriptor) != 0;
    unsigned int columns = 80, drawn = 0, more = 0;
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    const unsigned int beside = sizeof "lock_watch: " + NAME_WIDTH + 1;
    columns = columns < beside + 10 ? 10 : columns - beside;
    drawing.width = columns < WIDEST ? columns : WIDEST;
    const struct watch_window window = watch_trace_window();
    drawing.from = window.from;
    drawing.has_unknown = false;
    drawing.length = window.end - window.from;
    watch_say("%s%lu.%03u ms:  %c runs  %c holds a mutex  %c waits for a mutex  %c for a condition",
              window.from > 0 ? "the last " : "", (unsigned long)(drawing.length / 1000000),
              (unsigned int)(drawing.length / 1000 % 1000), marks[WATCH_RUNNING],
              marks[WATCH_HOLDING], marks[WATCH_WAITING], marks[WATCH_SLEEPING]);
    for (unsigned int lane = 0; (lane = watch_trace_next(lane)) != 0;) {
        if (drawn++ >= MOST_LANES) {
            more++;
            continue;
        }
        memset(drawing.times, 0, sizeof drawing.times);
        watch_trace_play(lane, draw_stretch, &drawing);
        draw_lane(lane, &drawing, has_colours);
    }
    if (more > 0)
        watch_say("and %u more thread%s", more, more == 1 ? "" : "s");
    if (window.lost > 0)
        watch_say("%c not recorded: %lu event%s before the last million", marks[WATCH_UNKNOWN],
                  window.lost, window.lost == 1 ? "" : "s");
    else if (drawing.has_unknown)
        watch_say("%c not recorded: what happened during a report", marks[WATCH_UNKNOWN]);
}

/*
 * metar.c - scanners for weather reports. See metar.h.
 *
 * The rules are those of four regular expressions, written out by hand, because a general matcher
 * spends most of the program's time on them. The tests hold each against regexec(3).
 */
#include "metar.h"

#include <string.h>

/* Where `word` begins first between `from` and `end`, or NULL. */
static const char *find(const char *from, const char *end, const char *word)
{
    size_t length = strlen(word);
    while ((size_t)(end - from) >= length) {
        from = memchr(from, word[0], (size_t)(end - from) - length + 1);
        if (from == NULL || memcmp(from, word, length) == 0)
            return from;
        from++;
    }
    return NULL;
}

size_t metar_part(const char *text, size_t size)
{
    const char *taf = find(text, text + size, "TAF");
    if (taf == NULL)
        return size;
    while (taf > text && taf[-1] != '\n')
        taf--;
    return (size_t)(taf - text);
}

static void strip_spaces(const char **start, const char **end)
{
    while (*start < *end && **start == ' ')
        ++*start;
    while (*start < *end && (*end)[-1] == ' ')
        --*end;
}

bool metar_next_report(char **text, const char *end, struct report *report)
{
    char *joined = NULL; // the end of what is joined so far
    *report = (struct report){.start = *text};
    while (*text < end) {
        const char *line = *text, *line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL)
            line_end = end;
        size_t length = (size_t)(line_end - line);
        bool closes = memchr(line, '=', length) != NULL;
        char *next = *text + length + (line_end < end);

        if (memchr(line, '#', length) == NULL) {
            strip_spaces(&line, &line_end);
            if (joined == NULL)
                report->start = joined = *text + (line - *text);
            if (joined != line)
                memmove(joined, line, (size_t)(line_end - line));
            joined += line_end - line;
        }
        *text = next;
        if (closes) {
            if (joined != NULL)
                report->length = (size_t)(joined - report->start);
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Skips digits, at most `most` of them. */
static const char *skip_digits(const char *from, const char *end, ptrdiff_t most)
{
    const char *start = from;
    while (from < end && from - start < most && is_digit(*from))
        from++;
    return from;
}

static bool is_word(const char *from, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - from) >= length && memcmp(from, word, length) == 0;
}

/*
 * \d*Z [A-Z ]*(\d{5}KT|VRB\d{2}KT) from here: the group, or NULL. *known: up to there all is letters
 * and spaces, as the station before found out; so many stations in a row do not read on to the end,
 * each of them.
 */
static const char *wind_after_station(const char *from, const char *end, const char **known)
{
    from = skip_digits(from, end, end - from);
    if (!is_word(from, end, "Z "))
        return NULL;
    const char *letters = from + 2, *digits = letters < *known ? *known : letters;
    while (digits < end && ((*digits >= 'A' && *digits <= 'Z') || *digits == ' '))
        digits++;
    *known = digits;
    // Both alternatives go on with digits, and there are none among the letters: so the digits are
    // here, behind the last letter or space, and only how many decides.
    const char *behind = skip_digits(digits, end, 6);
    if (!is_word(behind, end, "KT"))
        return NULL;
    if (behind - digits == 5)
        return digits;
    if (behind - digits == 2 && digits - letters >= 3 && is_word(digits - 3, end, "VRB"))
        return digits - 3;
    return NULL;
}

const char *metar_wind(struct report report)
{
    // All that matches stands before a '='; the last one leaves the most room.
    const char *from = report.start, *end = report.start + report.length;
    while (end > from && end[-1] != '=')
        end--;
    from = find(from, end, " METAR");
    if (from == NULL)
        return NULL;
    // ".*" takes as much as it can, so the last station with a wind counts.
    const char *wind = NULL, *known = from;
    from += strlen(" METAR");
    while ((from = find(from, end, "EGLL ")) != NULL) {
        from += strlen("EGLL ");
        const char *candidate = wind_after_station(from, end, &known);
        if (candidate != NULL)
            wind = candidate;
    }
    return wind;
}

void metar_count(const char *wind, long counts[WIND_DIRECTIONS])
{
    if (wind[0] == 'V') {
        for (int i = 0; i < WIND_DIRECTIONS; i++)
            counts[i]++;
    } else {
        int degrees = (wind[0] - '0') * 100 + (wind[1] - '0') * 10 + (wind[2] - '0');
        // Each direction is the middle of 45 degrees. Whole degrees never fall on a border (22.5).
        counts[(degrees + 22) / 45 % WIND_DIRECTIONS]++;
    }
}

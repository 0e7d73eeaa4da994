/*
 * metar.c - parts of a text, and scanners for weather reports. See metar.h.
 */
#include "metar.h"

#include "must.h"

void append(struct strings *strings, struct string string)
{
    // Room for 1024, and for twice as many each time that it is full.
    size_t count = strings->count;
    if (count == 0 || (count >= 1024 && (count & (count - 1)) == 0)) {
        size_t room = count == 0 ? 1024 : 2 * count;
        strings->list = MUST_HAVE(realloc(strings->list, room * sizeof string));
    }
    strings->list[strings->count++] = string;
}

bool next_line(struct string *text, struct string *line)
{
    if (text->length == 0)
        return false;
    char *newline = memchr(text->start, '\n', text->length);
    size_t length = newline == NULL ? text->length : (size_t)(newline - text->start);
    size_t taken = newline == NULL ? length : length + 1;
    *line = (struct string){text->start, length};
    *text = (struct string){text->start + taken, text->length - taken};
    return true;
}

struct string trim(struct string string)
{
    while (string.length > 0 && string.start[0] == ' ') {
        string.start++;
        string.length--;
    }
    while (string.length > 0 && string.start[string.length - 1] == ' ')
        string.length--;
    return string;
}

void join(struct string *string, struct string more)
{
    if (string->length == 0) {
        *string = more;
        return;
    }
    memmove(string->start + string->length, more.start, more.length);
    string->length += more.length;
}

/* Where `word` begins first between `from` and `end`, or NULL. */
static inline char *find(char *from, const char *end, const char *word)
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

static inline bool is_word(const char *from, const char *end, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(end - from) >= length && memcmp(from, word, length) == 0;
}

/* Skips digits, at most `most` of them. */
static char *skip_digits(char *from, const char *end, ptrdiff_t most)
{
    char *start = from;
    while (from < end && from - start < most && *from >= '0' && *from <= '9')
        from++;
    return from;
}

bool taf_validation(struct string line)
{
    return find(line.start, line.start + line.length, "TAF") != NULL;
}

bool comment(struct string line)
{
    return memchr(line.start, '#', line.length) != NULL;
}

bool metar_close(struct string line)
{
    return memchr(line.start, '=', line.length) != NULL;
}

bool variable_wind(struct string wind)
{
    const char *end = wind.start + wind.length;
    for (char *at = wind.start; (at = find(at, end, "VRB")) != NULL; at++) {
        char *speed = at + strlen("VRB"), *behind = skip_digits(speed, end, 2);
        if (behind - speed == 2 && is_word(behind, end, "KT"))
            return true;
    }
    return false;
}

/* Five digits and KT: where they begin first, or NULL. */
static char *find_wind(struct string wind)
{
    const char *end = wind.start + wind.length;
    for (char *at = wind.start; at < end; at++) {
        char *behind = skip_digits(at, end, 5);
        if (behind - at == 5 && is_word(behind, end, "KT"))
            return at;
    }
    return NULL;
}

bool valid_wind(struct string wind)
{
    return find_wind(wind) != NULL;
}

double wind_dir_only(struct string wind)
{
    const char *at = find_wind(wind);
    return at == NULL ? 0 : (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
}

/*
 * \d*Z [A-Z ]*(\d{5}KT|VRB\d{2}KT) from here: the group, or NULL. The search after the station before has
 * found only letters and spaces up to *known. So with many stations in a row, not every search reads on
 * to the end.
 */
static char *wind_after_station(char *from, const char *end, char **known)
{
    from = skip_digits(from, end, end - from);
    if (!is_word(from, end, "Z "))
        return NULL;
    char *letters = from + 2, *digits = letters < *known ? *known : letters;
    while (digits < end && ((*digits >= 'A' && *digits <= 'Z') || *digits == ' '))
        digits++;
    *known = digits;
    // Both alternatives go on with digits, and no letter is one: so the digits are here, behind the
    // last letter or space, and only their number decides.
    char *behind = skip_digits(digits, end, 6);
    if (!is_word(behind, end, "KT"))
        return NULL;
    if (behind - digits == 5)
        return digits;
    if (behind - digits == 2 && digits - letters >= 3 && is_word(digits - 3, end, "VRB"))
        return digits - 3;
    return NULL;
}

bool wind_regex(struct string metar, struct string *wind)
{
    // A match ends with a '='; the last one leaves the most room.
    char *from = metar.start, *end = metar.start + metar.length, *found = NULL;
    while (end > from && end[-1] != '=')
        end--;
    from = find(from, end, " METAR");
    if (from == NULL)
        return false;
    // ".*" takes as much as it can, so the last station with a wind counts.
    char *known = from;
    from += strlen(" METAR");
    while ((from = find(from, end, "EGLL ")) != NULL) {
        from += strlen("EGLL ");
        char *candidate = wind_after_station(from, end, &known);
        if (candidate != NULL)
            found = candidate;
    }
    if (found != NULL)
        *wind = (struct string){found, strlen("24013KT")};
    return found != NULL;
}

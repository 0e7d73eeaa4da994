/*
 * test_page.c - the page of lock_watch -p in a browser without a window: what it shows of a report as
 * red_blue's would be, and what happens at a click.
 */
#include "must.h"

#include "../lock_watch/watch.h"
#include "cases.h"

#define TOOL "PATH=\"$PWD/" OUT "/lock_watch:$PATH\" lock_watch "
#define BROWSER "$(command -v chromium || command -v google-chrome)"

static const char *folder;
static FILE *page;

static void begin_page(void)
{
    char command[1000];
    folder = new_folder();
    snprintf(command, sizeof command, "cp lock_watch/page.html %s", folder);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "%s/page.html", folder);
    page = MUST_HAVE(fopen(command, "a"));
}

/*
 * Opens the page in the browser. `printed` is then what the script has said of it, and what the browser
 * complained about, which must be nothing.
 */
static void open_page(const char *script)
{
    fprintf(page,
            "<script>\n"
            "const texts = [], say = text => texts.push(`[${text}]`);\n"
            "const find = (selector, text) => [...document.querySelectorAll(selector)]\n"
            "    .find(element => element.textContent.includes(text));\n"
            "const click = (element, at) =>\n"
            "    element.dispatchEvent(new MouseEvent('click', {bubbles: true, ...at}));\n"
            "{ %s }\n"
            "data = null; // nothing is drawn again\n"
            "document.documentElement.replaceChildren(texts.join('\\n'));\n"
            "</script>\n",
            script);
    ck_assert_int_eq(fclose(page), 0);
    int status = run(BROWSER " --headless=new --no-sandbox --disable-gpu --window-size=1300,1000 "
                             "--user-data-dir=%s/profile --enable-logging=stderr --v=0 --dump-dom "
                             "\"file://$PWD/%s/page.html\"",
                     folder, folder);
    const char *complaint = strstr(printed, "CONSOLE");
    ck_assert_msg(status == 0 && complaint == NULL, "%d: %.1000s", status,
                  complaint == NULL ? printed : complaint);
}

static void check_says(const char *const texts[], size_t count)
{
    const char *shown = strstr(printed, "<!DOCTYPE");
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(shown != NULL && strstr(shown, texts[i]) != NULL, "%s, in %.3000s", texts[i],
                      shown == NULL ? printed : shown);
}

#define CHECK_SAYS(...)                                                                            \
    check_says((const char *const[]){__VA_ARGS__},                                                 \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A robot that takes lock `from`, then `to`, again and again, and at the end waits for `to`. */
static void add_events(int thread, int from, int to, int count)
{
    static const char *const kinds[] = {"waits", "got", "waits", "got", "unlocks", "unlocks"};
    fprintf(page, "[%d,%d.000,\"start\",0],", thread, thread);
    for (int i = 0; i < count || i % 6 != 0; i++)
        fprintf(page, "[%d,%d.%03d,\"%s\",%d],\n", thread, 10 + i / 4, i % 4 * 250 + thread,
                kinds[i % 6], i % 6 == 0 || i % 6 == 1 || i % 6 == 4 ? from : to);
    fprintf(page, "[%d,%d.000,\"got\",%d],[%d,%d.500,\"waits\",%d]", thread, 12 + count / 4, from,
            thread, 12 + count / 4, to);
}

/* A report on red_blue that is stuck after that many events. */
static void add_red_blue(int events, const char *red_robot)
{
    static const char *const functions[] = {"red_robot", "blue_robot"};
    fprintf(
        page,
        "<script>report({\"program\":\"red_blue\",\"pid\":123,\"state\":\"deadlock\","
        "\"headline\":\"2 threads wait for each other in a cycle\",\"length_us\":%d.5,"
        "\"dropped\":0,\"warnings\":[{\"text\":\"these 2 lock orders can make a deadlock\","
        "\"orders\":[{\"thread\":2,\"from\":2,\"to\":1,\"from_stack\":[\"red_robot\"],"
        "\"to_stack\":[\"red_robot\"]}]}],\n"
        "\"threads\":[{\"id\":1,\"name\":\"main\",\"alive\":true,\"in_cycle\":false,"
        "\"holds\":[],\"waits\":{\"for\":\"other\",\"lock\":0,\"thread\":0,"
        "\"text\":\"sleeps for a time\",\"since_us\":1.0,\"deadline\":true,\"stack\":[\"main\"]}}",
        20 + events / 8);
    for (int i = 0; i < 2; i++)
        fprintf(page,
                ",\n{\"id\":%d,\"name\":\"%s\",\"alive\":true,\"in_cycle\":true,"
                "\"waits\":{\"for\":\"lock\",\"lock\":%d,\"thread\":0,\"text\":\"mutex\","
                "\"since_us\":11.0,\"deadline\":false,\"stack\":[\"%s (red_blue.c:%d)\","
                "\"start_thread\"]},\"holds\":[{\"lock\":%d,\"stack\":[\"%s (red_blue.c:%d)\"]}]}",
                i + 2, i == 0 ? red_robot : functions[i], i + 1, functions[i], 43 + i, 2 - i,
                functions[i], 41 + i);
    fprintf(page, "],\n\"locks\":[");
    for (int i = 1; i <= 2; i++)
        fprintf(page,
                "%s{\"id\":%d,\"kind\":\"mutex\",\"name\":\"lock%d\",\"locked\":120%d,"
                "\"waited\":33,\"wait_us\":%d.5,\"longest_us\":0.5,\"in_cycle\":true,"
                "\"stack\":[\"%s (red_blue.c:28)\"]}",
                i == 1 ? "" : ",", i, i, i, 1500 * i, functions[2 - i]);
    fprintf(page, "],\n\"events\":[");
    add_events(2, 2, 1, events / 2);
    fprintf(page, ",\n");
    add_events(3, 1, 2, events / 2);
    fprintf(page, "]})</script>\n");
}

START_TEST(test_without_data)
{
    begin_page();
    open_page("say(byId('headline').textContent); say(byId('main').checkVisibility());"
              "click(byId('theme')); say(document.documentElement.style.colorScheme);"
              "say(document.documentElement.outerHTML.match(/https?:/g)?.length ?? 0);");
    CHECK_SAYS("[The program has not ended yet]", "[false]", "[dark]");
    CHECK_SAYS("[1]"); // address, which is the beginning of a name space's. Nothing is loaded.
}
END_TEST

START_TEST(test_cycle)
{
    begin_page();
    add_red_blue(100, "red_robot");
    open_page("say(byId('headline').textContent); say(byId('about').textContent);"
              "say([...document.querySelectorAll('g')].map(g => g.getAttribute('aria-label') + "
              "    (g.classList.contains('cycle') ? '!' : '')).join(', '));"
              "say([...document.querySelectorAll('.label')].map(t => t.textContent).join(', '));"
              "const lines = document.querySelectorAll('svg > path.cycle'), red = lines[0];"
              "say(lines.length); say(getComputedStyle(red).stroke);"
              "say(find('#locks tr', 'lock').nextSibling.textContent);"
              "say(byId('warnings').textContent);");
    CHECK_SAYS("[2 threads wait for each other in a cycle]",
               "[red_blue, process 123: stopped in a deadlock, after 32.5 µs]",
               "[thread 2 red_robot!, mutex 1 (lock1)!, thread 3 blue_robot!, mutex 2 (lock2)!, "
               "thread 1 main]",
               "[waits for, waits for, held by, held by]", "[4]", "[rgb(200, 30, 30)]",
               "[mutex 2 (lock2)1202333.001 ms0.5 µsred_robot (red_blue.c:28)]",
               "deadlockThread 2 red_robot locked mutex 2 (lock2)");
}
END_TEST

/* A thread or a lock shows its stacks wherever it is chosen. */
START_TEST(test_stacks)
{
    begin_page();
    add_red_blue(100, "red_robot");
    open_page(
        "say(byId('panel').textContent);"
        "click(find('g', 'thread 2')); say(byId('panel').innerText);"
        "click(find('#locks button', 'lock1')); say(byId('panel').innerText);"
        "say([...document.querySelectorAll('.chosen')].map(e => e.dataset.key).join());"
        "click(find('#panel button', 'blue_robot')); say(byId('panel').innerText);"
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));"
        "say(chosen); const box = canvas.getBoundingClientRect();"
        "canvas.dispatchEvent(new MouseEvent('pointerdown'));"
        "click(canvas, {clientX: box.left + 300, clientY: box.top + 22 + 33}); say(chosen.label);"
        "const enter = new KeyboardEvent('keydown', {key: 'Enter'});"
        "find('g', 'main').dispatchEvent(enter); say(byId('panel').innerText);");
    CHECK_SAYS("[Choose a thread or a lock to see its stacks.]",
               "Thread 2 red_robot\n\nwaits for mutex 1 (lock1), for 21.5 µs\n\nIt waits here\n",
               "red_robot (red_blue.c:43)\nstart_thread\nHolds mutex 2 (lock2), locked here",
               "Waited for by: 2 red_robot", "Locked by 3 blue_robot here", "[l1,l1]",
               "blue_robot (red_blue.c:44)", "[null]", "[3 blue_robot]",
               "sleeps for a time, for 31.5 µs, with a deadline");
}
END_TEST

START_TEST(test_search)
{
    begin_page();
    add_red_blue(100, "red_robot");
    open_page("const search = text => { byId('search').value = text;"
              "    byId('search').dispatchEvent(new Event('input'));"
              "    say([...document.querySelectorAll('tr[data-key]')].map(row => row.dataset.key)"
              "        .concat(document.querySelectorAll('g.other').length, lanes.length)); };"
              "search(''); search('BLUE_robot'); search('lock2'); search('none');");
    CHECK_SAYS("[t2,t3,t1,l2,l1,0,2]", "[t3,l1,3,1]", "[t2,l2,3,1]", "[5,0]");
}
END_TEST

/* Names are text, whatever they look like. */
START_TEST(test_names)
{
    begin_page();
    add_red_blue(100, "\\u003c/script>\\u003cimg src=x onerror=alert(1)>\\\"&lt;");
    open_page("click(find('g', 'thread 2')); say(document.querySelectorAll('img').length);"
              "say(document.querySelector('#panel h2').textContent.length);");
    CHECK_SAYS("[0]", "[51]");
}
END_TEST

/* Lanes are drawn, and zoomed and moved by buttons, wheel, keys and mouse. */
START_TEST(test_lanes)
{
    begin_page();
    add_red_blue(100, "red_robot");
    open_page(
        "const shown = () => say([view.from, view.to].map(at => at.toFixed(1)).join(' to '));"
        "const button = name => click(document.querySelector(`[data-zoom='${name}']`));"
        "shown(); button('0.5'); shown(); button('2'); shown(); button('2'); shown();"
        "const key = key => canvas.dispatchEvent(new KeyboardEvent('keydown', {key}));"
        "key('+'); key('ArrowRight'); shown(); key('0'); shown();"
        "const box = canvas.getBoundingClientRect(), at = {clientX: box.right, "
        "    clientY: box.top + 33, bubbles: true, cancelable: true};"
        "canvas.dispatchEvent(new WheelEvent('wheel', {...at, deltaY: -300})); shown();"
        "canvas.dispatchEvent(new PointerEvent('pointermove', {...at, clientX: box.right - 9}));"
        "const pointed = byId('at').textContent;"
        "canvas.dispatchEvent(new PointerEvent('pointermove', {...at, buttons: 1, "
        "    movementX: (box.width - 170) / 2})); shown();"
        "say(pointed); button('Infinity'); shown();"
        "const pixels = canvas.getContext('2d').getImageData(170, 22, canvas.width - 180, 44).data;"
        "const found = new Set(), all = new Uint32Array(pixels.buffer); all.forEach(p => "
        "    found.add(p)); for (const id of ['runs', 'holds', 'waits']) {"
        "    const [r, g, b] = getComputedStyle(byId(id)).backgroundColor.match(/[0-9]+/g);"
        "    say(`${id} ${found.has((255 << 24 | b << 16 | g << 8 | r) >>> 0)}`); }");
    CHECK_SAYS("[0.0 to 32.5]\n[8.1 to 24.4]\n[0.0 to 32.5]\n[0.0 to 32.5]\n"
               "[9.8 to 26.0]\n[0.0 to 32.5]\n[16.3 to 32.5]\n[8.1 to 24.4]\n",
               "[2 red_robot waits: mutex 1 (lock1), holds mutex 2 (lock2), from 24.5 µs",
               "\n[0.0 to 32.5]\n", "[runs true]", "[holds true]", "[waits true]");
}
END_TEST

/* A thread that locks a mutex twice; and one that waits for the end of another, which has ended. */
START_TEST(test_other_waits)
{
    begin_page();
    fprintf(page,
            "<script>report({program: 'p', pid: 1, state: 'dump', headline: 'What they do',"
            "length_us: 9, dropped: 7, warnings: [], locks: [{id: 1, kind: 'mutex', owner: 1,"
            "name: '', locked: 1, waited: 0, in_cycle: true, wait_us: 0, longest_us: 0,"
            "stack: []}], threads: [{id: 1, name: 'main', alive: true, in_cycle: true, holds: [],"
            "waits: {for: 'lock', lock: 1, thread: 0, since_us: 5, stack: ['f']}},"
            "{id: 2, name: 'two', alive: true, in_cycle: false, holds: [], waits: {for: 'thread',"
            "lock: 0, thread: 3, since_us: 5, stack: []}},"
            "{id: 3, name: '', alive: false, in_cycle: false, holds: [], waits: null},"
            "{id: 4, name: '', alive: true, in_cycle: false, holds: [], waits: {for: 'other',"
            "text: 'reads a pipe', stack: []}}],"
            "events: [[1, 1, 'got', 1], [1, 3, 'lost', 0], [1, 5, 'waits', 1], [3, 2, 'start', 0],"
            "[3, 4, 'end', 0]]})</script>");
    open_page("say([...document.querySelectorAll('.label')].map(t => t.textContent).join(', '));"
              "say(threads.get(1).stretches.map(s => [s.from, s.to, s.state]).join(' '));"
              "say(threads.get(3).stretches.map(s => [s.from, s.to, s.state]).join(' '));"
              "say(byId('threads').innerText); say(byId('about').textContent);");
    CHECK_SAYS("[waits for, waits for the end of, held by]", "[1,3,holds 5,9,waits]", "[2,4,runs]",
               "waits for mutex 1, for 4 µs\tf\tmutex 1", "waits for the end of thread 3, for 4 µs",
               "reads a pipe\t", "3\thas ended\t", "The lanes lack the first 7 events.]");
}
END_TEST

START_TEST(test_many_events)
{
    for (int events = 10000; events <= 100000; events *= 10) {
        begin_page();
        add_red_blue(events, "red_robot");
        open_page("say(data.threads.reduce((sum, thread) => sum + thread.stretches.length, 0) >= "
                  "    data.events.length - 2);"
                  "for (let i = 0; i < 10; i++) zoom(0.8, 0.7);"
                  "click(find('g', 'thread 2')); say(byId('panel').innerText);");
        CHECK_SAYS("[true]", "red_robot (red_blue.c:43)");
    }
}
END_TEST

/* What the tool writes. A later report takes the place of an earlier one. */
START_TEST(test_tool)
{
    char name[300];
    folder = new_folder();
    snprintf(name, sizeof name, "%s/page.html", folder);
    ck_assert_int_eq(run(TOOL "-p %s red_blue 2000 >/dev/null", name), WATCH_DEADLOCK);
    page = MUST_HAVE(fopen(name, "a"));
    open_page("say(byId('headline').textContent); say(byId('about').textContent);"
              "say(document.querySelectorAll('g.cycle').length);"
              "say(document.querySelectorAll('svg > path.cycle').length);"
              "click(find('g', 'red_robot')); say(byId('panel').innerText); say(lanes.length);");
    CHECK_SAYS("[2 threads wait for each other in a cycle]", ": stopped in a deadlock, after ",
               "[4]\n[4]\n", "Thread 2 red_robot\n\nwaits for mutex ", " (lock1), for ",
               "It waits here\nred_robot (red_blue.c:", "Holds mutex ", "[3]");
    // It is stuck, kept, and then ended.
    ck_assert_int_eq(run("export page=%s/asked.html; " TOOL "-k -p $page red_blue 2000 >$page.said "
                         "2>&1 & until grep -qs '\"deadlock\",' $page; do sleep 0.1; done; "
                         "kill $!; wait $!; echo $?; grep -c '^report(.*\"dump\",' $page; "
                         "grep -c '^report(' $page",
                         folder),
                     0);
    ck_assert_msg(strstr(printed, "143\n1\n1\n") != NULL, "%s", printed);
}
END_TEST

TCase *lock_watch_page_cases(void)
{
    TCase *cases = tcase_create("lock_watch_page");
    tcase_set_timeout(cases, 120);
    if (!is_possible("the page of lock_watch in a browser",
                     PLAIN_BUILD " && test -n \"" BROWSER "\""))
        return cases;
    tcase_add_test(cases, test_without_data);
    tcase_add_test(cases, test_cycle);
    tcase_add_test(cases, test_stacks);
    tcase_add_test(cases, test_search);
    tcase_add_test(cases, test_names);
    tcase_add_test(cases, test_lanes);
    tcase_add_test(cases, test_other_waits);
    tcase_add_test(cases, test_many_events);
    tcase_add_test(cases, test_tool);
    return cases;
}

#!/usr/bin/env python3
"""Writes the pages of `make side-by-side`: Go on the left, C on the right.

Takes the README whose table pairs the originals with their counterparts, the folder of a clone of the original,
and a folder for the pages. There is a page for each row of the table that names Go files, and an index. Functions and
types of the same name are level with each other, in Go's order; so are the imports, and what follows them.
"""
import html
import os
import re
import sys

GO = re.compile(
    r"^package\ (?P<imports>[^\n]*)(?:\s*^import\ (?:\([^)]*\)|[^\n]*)$)*"
    r"|^type\ (?P<type>\w+)\ (?:[^\n]*\{\n.*?^\}|[^\n]*)"
    r"|^func\ (?:\((?:\w+\ )?\*?(?P<receiver>\w+)\)\ )?(?P<function>\w+)\((?:[^\n]*\}$|.*?^\})",
    re.M | re.S)
C = re.compile(
    r"^(?P<imports>\#)[^\n]*(?:\n(?:\#[^\n]*)?)*"
    r"|^struct\ (?P<type>\w+)\ \{.*?^\};"
    r"|^[A-Za-z_][^=;{}]*?(?P<function>\w+)\([^;{}]*\)\n\{.*?^\}",
    re.M | re.S)
COMMENT_OR_STRING = re.compile(
    r"""(//[^\n]*|/\*.*?\*/)|(`[^`]*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.S)

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --faint: #6a737d; --string: #0a5cc2;
        --line: #d3d9df; --head: #f0f3f6; }
@media (prefers-color-scheme: dark) {
    :root { --back: #16191d; --text: #e4e8ec; --faint: #8b96a2; --string: #7ab4ff; --line: #3a424b; --head: #1f242a; }
}
@counter-style bare { system: extends decimal; suffix: "  "; }
body { margin: 0; font: 16px/1.4 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
       background: var(--back); color: var(--text); }
nav { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: .5rem 1rem; }
a { color: var(--string); }
table { width: 100%; min-width: 120ch; table-layout: fixed; border-collapse: collapse; }
th { position: sticky; top: 0; background: var(--head); text-align: left; padding: .5rem 1rem; }
td { vertical-align: top; padding: .3rem 1ch; border-top: 1px solid var(--line); }
th:first-child { width: 45%; }
td + td, th + th { border-left: 1px solid var(--line); }
.before td { vertical-align: bottom; }
.before + .function td { border-top: 0; }
ol { margin: 0; padding-left: 5ch; list-style: bare; }
li { white-space: pre-wrap; overflow-wrap: anywhere; padding-left: var(--hang); text-indent: calc(-1 * var(--hang)); }
li::marker { color: var(--faint); }
.function li:first-child { font-weight: bold; }
i { color: var(--faint); } q { color: var(--string); quotes: none; }
"""


def plain(name):
    """blueRobot and blue_robot are one name."""
    return name.replace("_", "").lower()


def paint(text):
    """The lines of a text as HTML, with comments and strings marked."""
    def mark(element, words):
        return "\n".join(f"<{element}>{html.escape(line)}</{element}>" for line in words.split("\n"))

    painted, end = "", 0
    for match in COMMENT_OR_STRING.finditer(text):
        painted += html.escape(text[end:match.start()]) + mark("i" if match[1] else "q", match[0])
        end = match.end()
    return (painted + html.escape(text[end:])).split("\n")


class Part:
    """Lines of a file that belong together, under their kind and name."""

    def __init__(self, key, first, lines):
        self.key, self.first, self.lines = key, first, lines


def parts_of(path, pattern, there=()):
    """The parts of a file. What has no name of its own is called after what follows it.

    A method of Go's may have its type's name before its own in C, and NewX may be x_init: `there` are C's keys.
    """
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read().expandtabs(4) + "\n"
    lines, parts, end = paint(text), [], 0

    def add(key, until):
        nonlocal end
        first, last = text.count("\n", 0, end), text.count("\n", 0, until)
        end = until
        while first < last and lines[first] == "":
            first += 1
        while first < last and lines[last - 1] == "":
            last -= 1
        if first < last:
            parts.append(Part(key, first + 1, lines[first:last]))

    for match in pattern.finditer(text):
        kind, name = match.lastgroup, plain(match[match.lastgroup])
        kinds = {part.key[0] for part in parts}
        if kind == "imports":
            if "imports" in kinds:
                continue
            name = ""
        receiver = plain(match.groupdict().get("receiver") or "")
        for other in receiver + name, re.sub("^new(.*)", r"\1init", name):
            if (kind, name) not in there and (kind, other) in there:
                name = other
        is_after_imports = "imports" in kinds and not kinds & {"globals", "function"}
        add(("globals", "") if is_after_imports else ("before", kind + name), match.start())
        add((kind, name), text.index("\n", match.end() - 1) + 1)
    add(("before", "end"), len(text))
    return parts


def rows(go, c):
    """Pairs of parts, either of which may be None. What only C has stands before what follows it in C."""
    go_keys, c_parts = {part.key for part in go}, {}
    for part in c:
        c_parts.setdefault(part.key, part)
    alone = [part for part in c if part.key not in go_keys or c_parts[part.key] is not part]
    for i, part in enumerate(go):
        other = c_parts.pop(part.key, None)
        follower = c_parts.get(go[i + 1].key) if part.key[0] == "before" and i + 1 < len(go) else None
        level = other or follower
        while level and alone and alone[0].first < level.first:
            yield None, alone.pop(0)
        yield part, other
    for part in alone:
        yield None, part


def cell(part):
    if part is None:
        return "<td>\n"
    lines = "".join(f'\n<li style="--hang: {len(line) - len(line.lstrip(" ")) + 4}ch">{line}' for line in part.lines)
    return f'<td><ol start="{part.first}">{lines}\n</ol>\n'


def table(go_name, go_path, c_path):
    c = parts_of(c_path, C)
    go = parts_of(go_path, GO, {part.key for part in c})
    return (f"<table>\n<thead><tr><th>{html.escape(go_name)}<th>{html.escape(c_path)}</thead>\n" +
            "".join(f'<tr class="{(left or right).key[0]}">\n{cell(left)}{cell(right)}'
                    for left, right in rows(go, c)) + "</table>\n")


def write(path, title, body):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8"><title>{html.escape(title)}</title>\n'
                   f'<meta name="viewport" content="width=device-width">\n<style>{STYLE}</style>\n{body}')


def main(readme, clone, folder):
    if not os.path.isdir(clone):
        sys.exit(f"side_by_side: {clone}: no such folder")
    os.makedirs(folder, exist_ok=True)
    pages = []
    with open(readme, encoding="utf-8") as file:
        table_rows = re.findall(r"^\| (`[^|]*\.go`[^|]*)\|([^|;]*)", file.read(), re.M)  # an aside follows a ;
    for left, right in table_rows:
        go_names, c_paths = re.findall("`([^`]*)`", left), re.findall(r"\]\(([^)]*)\)", right)
        tables = []
        for go_name, c_path in zip(go_names, c_paths):
            if go_name != go_names[0]:  # it is named from the first folder of the first one
                go_name = go_names[0].split("/")[0] + "/" + go_name
            go_path = os.path.join(clone, go_name)
            if os.path.isfile(go_path):
                tables.append((go_name, table(go_name, go_path, c_path)))
            else:
                print(f"side_by_side: {go_path}: no such file, so it is left out", file=sys.stderr)
        if tables:
            chapter, c_name = c_paths[0].split("/", 1)
            pages.append((f"{chapter[:4]}_{os.path.splitext(c_name)[0]}", c_paths, tables))
    if not pages:
        sys.exit(f"side_by_side: {clone}: none of the original's programs are there")
    for i, (name, c_paths, tables) in enumerate(pages):
        nav = '<nav><a href="index.html">All programs</a>\n'
        for other, arrow in (i - 1, "← "), (i + 1, "→ "):
            if 0 <= other < len(pages):
                nav += f'<a href="{pages[other][0]}.html">{arrow}{html.escape(pages[other][1][0])}</a>\n'
        write(os.path.join(folder, name + ".html"), c_paths[0], nav + "</nav>\n" + "".join(t for _, t in tables))
    index = "".join(f'<tr><td>{html.escape(", ".join(go_name for go_name, _ in tables))}'
                    f'<td><a href="{name}.html">{html.escape(", ".join(c_paths))}</a>\n'
                    for name, c_paths, tables in pages)
    path = os.path.join(folder, "index.html")
    write(path, "Go and C, side by side", f"<table>\n<thead><tr><th>Go<th>C</thead>\n{index}</table>\n")
    print(f"side_by_side: {len(pages)} pages: open {path}")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] == "":
        print("usage: make side-by-side GO=path-to-a-clone-of-the-original", file=sys.stderr)
        sys.exit(2)
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"side_by_side: {error.filename}: {error.strerror}")

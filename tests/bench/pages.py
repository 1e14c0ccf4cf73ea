"""How long the dashboard takes for each of its pages on a database of size: `up` as users run it, one signed-in person who
asks for page after page over one connection. `./dev bench pages [STUDENTS SESSIONS]` runs it; 100000 300000 where none are
said. A time is from the request to the last byte of the answer; beside it, since another may use the machine meanwhile,
stands how long the service and Postgres computed for it. A database in DATABASE_URL that holds sessions already is
measured as it is; ONLY=REGEX measures the pages so named alone. `inf`: the page was answered by an error."""

import glob
import http.client
import itertools
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

AI_TUTOR = sys.argv[1]
STUDENTS, SESSIONS = sys.argv[2:] or ("100000", "300000")
ADMIN, MCP_SERVER = ("127.0.0.1", 18097), ("127.0.0.1", 18098)
EMAIL, PASSWORD = "bench@example.org", "for a benchmark alone"
# Not UTC, which is counted from the start.
ZONE = "America/Chicago"
N_TIMES = 60
# Milliseconds: 95 of 100 answers take no longer.
PAGE, SEARCH, ANALYTICS = 30, 100, 300
HEADERS = {"Accept-Encoding": "gzip, br, zstd", "Accept": "text/html"}


def ai_tutor(*arguments, stdin=""):
    subprocess.run([AI_TUTOR, *arguments], check=True, input=stdin, text=True, stdout=subprocess.DEVNULL)


def rows(query):
    psql = ["psql", "-X", "-A", "-t", "-F", "\t", "-c", query, os.environ["DATABASE_URL"]]
    said = subprocess.run(psql, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [line.split("\t") for line in said.splitlines()]


def column(query):
    return [row[0] for row in rows(query)]


def at(path, **fields):
    fields = {name.removesuffix("_"): value for name, value in fields.items() if value != ""}
    return path + ("?" + urllib.parse.urlencode(fields) if fields else "")


def every(path, **choices):
    """The path with every way to choose one of each."""
    for chosen in itertools.product(*choices.values()):
        yield at(path, **dict(zip(choices, chosen)))


class Browser:
    """One person: one connection, a cookie, one request after the other."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(*ADMIN, timeout=60)
        self.headers = HEADERS
        form = urllib.parse.urlencode({"email": EMAIL, "password": PASSWORD})
        _, answer = self.ask("POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.status != 303:
            raise OSError(f"the login is answered {answer.status}")
        sid = answer.headers["Set-Cookie"].split(";")[0]
        self.headers = HEADERS | {"Cookie": f"{sid}; zone={ZONE}"}

    def ask(self, method, path, body=None, headers={}):
        started = time.perf_counter()
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        answer.read()
        return (time.perf_counter() - started) * 1000, answer

    def ms(self, path):
        took, answer = self.ask("GET", path)
        return took if answer.status == 200 else math.inf


class Computing:
    """Milliseconds that the service and its connections' servers have computed so far."""

    def __init__(self, service):
        self.service = service

    def find_servers(self):
        self.servers = column("select pid from pg_stat_activity where application_name = 'ai-tutor'")

    def ms(self):
        tasks = glob.glob(f"/proc/{self.service}/task/*/schedstat") + [f"/proc/{pid}/schedstat" for pid in self.servers]
        ns = 0
        for task in tasks:
            try:
                ns += int(open(task).read().split()[0])
            except OSError:
                pass
        return ns / 1e6


def wait_for(what, query):
    for _ in range(3600):
        if rows(query) == [["0"]]:
            return
        time.sleep(1)
    sys.exit(f"{what} did not end within an hour")


def pages():
    """The name of each page, how long it may take, and addresses of it."""
    some = random.Random(1)
    students = column(f"select student_id from students order by md5(student_id::text) limit {N_TIMES}")
    sessions = column(f"select session_id from sessions order by md5(session_id::text) limit {N_TIMES}")
    called = column(f"select call_id from sessions order by md5(session_id::text) limit {N_TIMES}")
    names = column(f"select display_name from students order by md5(student_id::text) limit {N_TIMES}")
    cohorts = column("select distinct cohort from students where cohort is not null order by 1 limit 12")
    grades = [str(grade) for grade in range(10)]
    skills = column(
        "select skill_id from evidence tablesample system (2) group by 1 order by count(*) desc, 1 limit 12"
    )
    rare = column("select skill_id from evidence tablesample system (2) group by 1 order by count(*), 1 limit 4")
    subjects = column("select subject_id from subjects order by 1")
    spoken_by = column("select distinct assistant_name || chr(31) || assistant_version from sessions limit 9")
    assistants = column("select distinct assistant from session_facts where assistant <> '' limit 9")
    deep = rows(
        """select (extract(epoch from created_at) * 1e6)::bigint || '_' || session_id
           from sessions order by md5(session_id::text) limit 20"""
    )
    deep = [row[0] for row in deep]
    deep_names = column("select lower(display_name) || '_' || student_id from students order by md5(student_id::text) limit 20")
    statuses = ["in_progress", "received", "analyzing", "analyzed", "needs_attention"]
    endings = ["student", "assistant", "time-limit", "silence", "not-answered", "error", "other"]
    ranges, by = ["", "91", "364"], ["", "cohort", "grade", "subject", "skill"]
    words = {
        "common": ["correct", "hint", "the", "today", "answer", "good"],
        "rare": ["photosynthesis", "denominator", "peninsula", "semicolon", "hypotenuse", "adjective"],
        "none": ["zzyzx", "qwertz", "xylophonist"],
        "two": ["correct answer", "hint step", "the goodbye", "fraction denominator", "ready goodbye", "photosynthesis hypotenuse"],
    }
    first, last = [name.split()[0] for name in names], [name.split()[1] for name in names]

    yield "overview", PAGE, every("/", range=["", "7", "30"], cohort=["", *cohorts])
    yield "today", PAGE, ["/today"]
    yield "review", PAGE, ["/review"]
    yield "calendar", PAGE, [*every("/calendar", cohort=["", *cohorts]), *every("/calendar", student=students)]
    yield "class", PAGE, every("/students/class", cohort=cohorts, strand=["", "maths.fractions"])
    yield "sessions", PAGE, ["/sessions"]
    yield "sessions, deep in the list", PAGE, every("/sessions", after=deep)
    yield "sessions, of a status", PAGE, every("/sessions", status=statuses)
    yield "sessions, of a grade", PAGE, every("/sessions", grade=grades)
    yield "sessions, of a cohort", PAGE, every("/sessions", cohort=cohorts)
    yield "sessions, about a skill", PAGE, every("/sessions", skill=skills + rare + subjects)
    yield "sessions, of a grade, about a skill", PAGE, every("/sessions", grade=grades, skill=skills + rare + subjects)
    yield "sessions, of an assistant", PAGE, every("/sessions", assistant=spoken_by, grade=["", "4"])
    yield "sessions, by how they ended", PAGE, every("/sessions", ended=endings, status=["", "needs_attention"])
    yield "sessions, of a name", PAGE, every("/sessions", q=names[:20] + first[:20] + last[:20])
    yield "sessions, longest or dearest", PAGE, every("/sessions", sort=["length", "-length", "cost", "-cost"], grade=["", "7"])
    yield "sessions, with a word", PAGE, every("/sessions", words=sum(words.values(), []))
    yield "sessions, of some days", PAGE, every("/sessions", from_=["", "2026-01-01"], to=["2026-11-01", "2026-09-01"], status=["", "analyzed"])
    yield "session", PAGE, [f"/sessions/{session}" for session in sessions]
    yield "students", PAGE, ["/students"]
    yield "students, deep in the list", PAGE, every("/students", after=deep_names)
    yield "students, of a grade or cohort", PAGE, [*every("/students", grade=grades), *every("/students", cohort=cohorts)]
    yield "students, of a name", PAGE, every("/students", q=names[:20] + first[:20] + last[:20])
    yield "students, of a name and grade", PAGE, every("/students", q=[*first[:10], "nobody"], grade=grades)
    yield "student", PAGE, [f"/students/{student}" for student in students]
    yield "student, edited", PAGE, [f"/students/{student}/edit" for student in students]
    yield "student, as the assistant is told", PAGE, [f"/students/{student}/context.json" for student in students]
    yield "jobs", PAGE, every("/jobs", state=["", "ready", "sent", "running", "done", "discarded"])
    yield "curriculum", PAGE, ["/curriculum"]
    yield "skill", PAGE, [f"/curriculum/{skill}" for skill in skills]
    yield "skill, edited", PAGE, [f"/curriculum/{skill}/edit" for skill in skills]
    yield "settings: clients, users", PAGE, ["/settings/clients", "/settings/users"]
    yield "settings: tool calls", PAGE, every("/settings/tools", span=["", "week"])
    yield "settings: audit log", PAGE, every("/settings/audit", who=["", f"admin:{EMAIL}", "operator"])
    yield "account", PAGE, ["/account"]
    yield "search, a common word", SEARCH, every("/search", q=words["common"], in_=["", "transcripts"])
    yield "search, a rare word", SEARCH, every("/search", q=words["rare"], in_=["", "transcripts"])
    yield "search, two words", SEARCH, every("/search", q=words["two"], in_=["", "transcripts"])
    yield "search, a word nobody said", SEARCH, every("/search", q=words["none"])
    yield "search, a name", SEARCH, every("/search", q=names[:20] + first[:20] + last[:20])
    yield "search, a call's id", SEARCH, every("/search", q=called[:20] + sessions[:20])
    yield "analytics", ANALYTICS, every("/analytics", range=ranges, by=by, step=["", "week"])
    yield "analytics, of a cohort", ANALYTICS, every("/analytics", cohort=cohorts[:3], range=ranges, by=by)
    yield "analytics, of a grade", ANALYTICS, every("/analytics", grade=["~", "4", "7"], range=ranges, by=by)
    yield "analytics, of a subject", ANALYTICS, every("/analytics", subject=subjects[:2], range=ranges, by=by)
    yield "analytics, of a skill", ANALYTICS, every("/analytics", skill=skills[:2], range=ranges, by=by)
    yield "analytics, of an assistant", ANALYTICS, every("/analytics", assistant=assistants[:2], range=ranges, by=by)
    both = every("/analytics", cohort=cohorts[:2], skill=skills[:2], grade=["", "4"], range=ranges, by=by)
    yield "analytics, of a cohort and skill", ANALYTICS, some.sample(list(both), N_TIMES)


def measure(browser, computing):
    """Milliseconds of each page: all pages by turns, so that none has the machine to itself."""
    asked = [(name, bound, list(paths)) for name, bound, paths in pages()]
    asked = [of for of in asked if re.search(os.environ.get("ONLY", ""), of[0])]
    took = {name: [] for name, *_ in asked}
    for name, _, paths in asked:
        browser.ms(paths[0])
    n_times = {name: max(N_TIMES, len(paths)) for name, _, paths in asked}
    for n in range(max(n_times.values())):
        computing.find_servers()
        for name, _, paths in asked:
            if n < n_times[name]:
                path, before = paths[n % len(paths)], computing.ms()
                ms = browser.ms(path)
                took[name].append((ms, path, computing.ms() - before))
    return [(name, bound, sorted(took[name])) for name, bound, _ in asked]


def p95(ascending):
    return ascending[-(-len(ascending) * 95 // 100) - 1]


def report(measured):
    over = []
    [[students, sessions]] = rows("select (select count(*) from students), (select count(*) from sessions)")
    print(f"{students} students, {sessions} sessions, {os.cpu_count()} cores; ms")
    print(f"{'':40}{'n':>5}{'p50':>8}{'p95':>8}{'max':>8}{'bound':>7}{'computed':>10}{'p95':>8}")
    for name, bound, took in measured:
        ms, computed = [of[0] for of in took], sorted(of[2] for of in took)
        mark = "  over" if p95(ms) > bound else ""
        print(
            f"{name:40}{len(ms):5}{statistics.median(ms):8.1f}{p95(ms):8.1f}{ms[-1]:8.1f}{bound:7}"
            f"{statistics.median(computed):10.1f}{p95(computed):8.1f}{mark}"
        )
        if mark:
            over.append(name)
            for of, path, by_us in took[:-4:-1]:
                print(f"    {of:8.1f} {by_us:8.1f}  {path}")
    if over:
        sys.exit(f"over their bounds: {'; '.join(over)}")


def main(folder):
    ai_tutor("migrate")
    if rows("select 1 from sessions limit 1") == []:
        ai_tutor("seed", "--students", STUDENTS, "--sessions", SESSIONS)
    if rows(f"select 1 from admin_users where email = '{EMAIL}'") == []:
        ai_tutor("admin-user", "create", "--email", EMAIL, "--role", "admin", stdin=PASSWORD)
    settings = {
        "ADMIN_ADDR": f"{ADMIN[0]}:{ADMIN[1]}",
        "MCP_SERVER_ADDR": f"{MCP_SERVER[0]}:{MCP_SERVER[1]}",
        "LLM_BASE_URL": "",
    }
    up = [AI_TUTOR, "up", "--no-demo", "--data-dir", folder]
    service = subprocess.Popen(up, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                Browser().ms("/analytics")
                break
            except OSError:
                time.sleep(0.1)
        wait_for("the queue", "select count(*) from jobs where state in ('ready', 'sent', 'running') and run_at <= now()")
        rows("vacuum analyze")
        measured = measure(Browser(), Computing(service.pid))
    finally:
        service.terminate()
        service.wait()
    report(measured)


with tempfile.TemporaryDirectory() as folder:
    main(folder)

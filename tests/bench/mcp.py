"""What MCP costs over a plain JSON route: the same answer of the same server to the same seeded students, by wrk, side by
side in one run, the order rotated. Read the ratios: absolute figures are this machine's. `./dev bench` runs it."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

KINDS = ["json", "2025-11-25", "2026-07-28"]
ROUNDS, SECONDS, CONNECTIONS = 6, 4, 16
URL = "http://127.0.0.1:18099"
AI_TUTOR, MCP_SERVER = sys.argv[1:3]
BENCH = os.path.dirname(os.path.abspath(__file__))


def get(path, key):
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {key}"})
    return json.load(urllib.request.urlopen(request, timeout=5))


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ai_tutor(*arguments):
    return subprocess.run([AI_TUTOR, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(kind, key, ids, pid, seconds):
    before = cpu_seconds(pid)
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", f"{BENCH}/requests.lua", URL]
    said = subprocess.run([*wrk, "--", kind, key, ids], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    p50, p99 = (re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", said).groups() for p in (50, 99))
    n = int(re.search(r"(\d+) requests in", said)[1])
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "p50": float(p50[0]) * unit[p50[1]],
        "p99": float(p99[0]) * unit[p99[1]],
        "cpu": (cpu_seconds(pid) - before) / n * 1e6,
    }


def main(folder):
    ai_tutor("migrate")
    ai_tutor("seed", "--students", "10000", "--sessions", "30000")
    scope = "context:read students:read sessions:read"
    key = json.loads(ai_tutor("api-client", "create", "--name", "bench", "--scope", scope, "--agent-key"))["agent_key"]
    pem = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True, stdout=subprocess.PIPE, text=True)
    settings = {
        "MCP_SERVER_ADDR": URL.removeprefix("http://"),
        "JWT_PRIVATE_KEY": pem.stdout,
        "VAPI_WEBHOOK_SECRET": "for a benchmark alone",
        "CLIENT_REQUESTS_PER_SECOND": "1000000",
        "RUST_LOG": "warn",
    }
    server = subprocess.Popen([MCP_SERVER], env=os.environ | settings)
    try:
        for _ in range(100):
            try:
                get("/readyz", key)
                break
            except OSError:
                time.sleep(0.1)
        query = "select student_id from students order by student_id limit 1000"
        psql = ["psql", "-X", "-A", "-t", "-c", query, os.environ["DATABASE_URL"]]
        ids = subprocess.run(psql, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
        with open(f"{folder}/ids", "w") as file:
            file.write("\n".join(ids))
        runs = {kind: [] for kind in KINDS}
        for kind in KINDS:
            measure(kind, key, f"{folder}/ids", server.pid, 1)
        for n in range(ROUNDS):
            for kind in KINDS[n % 3 :] + KINDS[: n % 3]:
                runs[kind].append(measure(kind, key, f"{folder}/ids", server.pid, SECONDS))
    finally:
        server.terminate()
        server.wait()
    median = {kind: {of: statistics.median(run[of] for run in runs[kind]) for of in runs[kind][0]} for kind in KINDS}
    ratios = {kind: statistics.median(a["rate"] / b["rate"] for a, b in zip(runs[kind], runs["json"])) for kind in KINDS}
    print(f"{len(ids)} students, {CONNECTIONS} connections, medians of {ROUNDS} rounds of {SECONDS} s")
    print(f"{'':12}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8}{'CPU us':>8}{'of JSON':>9}")
    for kind in KINDS:
        m = median[kind]
        print(f"{kind:12}{m['rate']:8.0f}{m['p50']:8.2f}{m['p99']:8.1f}{m['cpu']:8.0f}{ratios[kind]:9.2f}")
    if min(ratios.values()) < 0.7:
        sys.exit("MCP takes more than it should: at least 0.7 of the JSON route's rate is our aim")


with tempfile.TemporaryDirectory() as folder:
    main(folder)

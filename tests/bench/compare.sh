#!/usr/bin/env bash
# Compares this service with a Python stack that does the same work (Flask, Celery, FastMCP), on one Postgres with fsync
# on. The two alternate within each case. `./dev bench compare FOLDER [CASE...]` runs it.
#
# FOLDER is a writable copy of the Python stack. It needs `run.sh` (installs, seeds and starts the stack), `env.sh` and
# `flags.sh`, `bench.py` (the load generator), and `ours.sh` (starts our three binaries on the same Postgres).
# CASE: analysis, model, webhook, mcp, memory. Without one, all of them.
# RUNS=3 sets the number of alternating runs. The report is printed, and written to target/bench/.
set -euo pipefail
bin=$1 folder=$(cd "$2" && pwd)
shift 2
out=$PWD/target/bench
[ $# -gt 0 ] || set -- analysis model webhook mcp memory
say() { printf '== %s %s\n' "$(date +%T)" "$*" >&2; }

cd "$folder"
export BASE=$folder BIN=$bin
say "starting the Python stack"
./run.sh >&2
. ./env.sh
. ./flags.sh
mkdir -p "$out" results
rm -f results/baseline.jsonl results/ours.jsonl
if ! psql -q "postgres://tutor@127.0.0.1:$PGPORT/aitutor" -Atc "select 1 from sessions limit 1" >/dev/null 2>&1; then
    say "seeding ours: 100,000 students, 300,000 sessions"
    time ./ours.sh seed >&2
fi
./ours.sh start
eval "$(./ours.sh flags)"
# An answer that our worker accepts. The Python stack gets the fake model's own.
printf '%s' '{"answers":[],"no_answers":[],"misconceptions":[],"safety_flags":[],"engagement":{"level":"high","mood":"neutral"}}' >"$RUN/content.json"

model() { # model ours|theirs
    local content=()
    if [ "$1" = ours ]; then content=(--content-file "$RUN/content.json"); fi
    stop_one llm
    start llm "$VENV/bin/python" "$BASE/fake_llm.py" --port "$LLM_PORT" ${content[@]+"${content[@]}"}
    wait_for 10 curl -fs "http://127.0.0.1:$LLM_PORT/healthz"
}
quick=(--runs 1 --conns 16 --duration 10 --warmup 2 --quiet-wait 5)
theirs() { ./bench.py run "${FLAGS[@]}" "${quick[@]}" "$@" >&2; }
ours() { ./bench.py run "${OURS[@]}" "${quick[@]}" "$@" >&2; }
both_workers() { # both_workers start|stop: a worker that only waits costs nothing, one that works costs the other
    stop_one worker
    stop_one ours-worker
    if [ "$1" = start ]; then
        CELERY_POOL=threads CELERY_CONCURRENCY=32 WORKER_DB_POOL=32 start_worker
        ./ours.sh start
        sleep 3
    fi
}

for case in "$@"; do
    say "$case"
    case $case in
    analysis | model) both_workers start ;;
    *) both_workers stop ;;
    esac
    for _ in $(seq "${RUNS:-3}"); do
        case $case in
        analysis)
            model theirs && theirs --e2e-n 1000 --llm-ms 0 e2e
            model ours && ours --e2e-n 1000 --llm-ms 0 --pending-cmd "$PENDING" e2e
            ;;
        model)
            model theirs && theirs --e2e-n 1000 --llm-ms 200 e2e
            model ours && ours --e2e-n 1000 --llm-ms 200 --pending-cmd "$PENDING" e2e
            ;;
        webhook) theirs webhook && ours webhook ;;
        mcp) theirs mcp && ours mcp ;;
        memory) theirs mem && ours mem ;;
        *) say "unknown case $case: use analysis, model, webhook, mcp or memory" && exit 2 ;;
        esac
    done
done
./ours.sh stop
./stop.sh >&2
cp results/baseline.jsonl results/ours.jsonl "$out/"
./bench.py report results/baseline.jsonl results/ours.jsonl | tee "$out/report.txt"

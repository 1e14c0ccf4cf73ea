-- What a call told us, and what we then believe.

-- Our judgement of one session by one analyser version. Versions are kept; one is current.
create table analyses (
    analysis_id      uuid primary key,
    session_id       uuid not null references sessions on delete cascade,
    -- `rules`, or `llm` where a model enriched the rules' findings.
    analyser         text not null,
    analyser_version text not null,
    -- baseline: rules alone; pending: rules now, a model later; complete: with a model.
    status           text not null check (status in ('baseline', 'pending', 'complete')),
    -- The validated structure of shared::analysis::Findings.
    findings         jsonb not null,
    is_current       boolean not null,
    model            text,
    prompt_version   text,
    input_tokens     integer,
    output_tokens    integer,
    duration_ms      integer not null,
    created_at       timestamptz not null,
    constraint analyses_session_id_analyser_analyser_version_key unique (session_id, analyser, analyser_version)
);
create unique index analyses_current_key on analyses (session_id) where is_current;

-- One observation about one skill. Append-only: what a person corrects, a new row corrects.
create table evidence (
    evidence_id uuid primary key,
    student_id  uuid not null references students on delete cascade,
    skill_id    text not null references skills,
    session_id  uuid references sessions on delete cascade,
    -- Evidence of an analysis counts while that analysis is current. Null: told by a tool or a person.
    analysis_id uuid references analyses on delete cascade,
    -- The student's turn that shows it.
    turn_no     integer,
    verdict     text not null check (verdict in ('correct', 'partial', 'incorrect')),
    help        text not null check (help in ('none', 'hint', 'told')),
    source      text not null check (source in ('rules', 'llm', 'both', 'tool', 'person')),
    -- Probability that the label is wrong: the learner model's eps.
    noise       double precision not null check (noise >= 0 and noise < 0.5),
    corrects_id uuid references evidence,
    observed_at timestamptz not null,
    created_at  timestamptz not null,
    constraint evidence_analysis_id_skill_id_turn_no_key unique (analysis_id, skill_id, turn_no)
);
create index evidence_student_id_idx on evidence (student_id, skill_id, observed_at);
create index evidence_session_id_idx on evidence (session_id);

-- The estimate: a fold over evidence, so it can always be computed again. Reading adds forgetting.
create table mastery (
    student_id        uuid not null references students on delete cascade,
    skill_id          text not null references skills,
    -- P(knows), right after the last evidence.
    knowledge         double precision not null,
    -- FSRS-6: days until recall falls to 0.9; difficulty 1..10.
    stability         double precision not null,
    difficulty        double precision not null,
    n_evidence        integer not null,
    n_unaided_correct integer not null,
    -- Calls with an unaided correct answer: mastered asks for two.
    n_calls_correct   integer not null,
    last_at           timestamptz not null,
    primary key (student_id, skill_id)
);

-- A wrong belief, until it is overcome.
create table misconceptions (
    misconception_id uuid primary key,
    student_id       uuid not null references students on delete cascade,
    skill_id         text references skills,
    session_id       uuid references sessions on delete set null,
    belief           text not null check (char_length(belief) <= 200),
    n_seen           integer not null default 1,
    first_seen_at    timestamptz not null,
    last_seen_at     timestamptz not null,
    resolved_at      timestamptz
);
create index misconceptions_student_id_idx on misconceptions (student_id) where resolved_at is null;

-- Dated facts a student said. Superseded or forgotten, never overwritten.
create table facts (
    fact_id      uuid primary key,
    student_id   uuid not null references students on delete cascade,
    kind         text not null check (kind in ('interest', 'preference', 'schedule', 'goal', 'study_context')),
    text         text not null check (char_length(text) <= 160),
    session_id   uuid references sessions on delete set null,
    turn_no      integer,
    source       text not null check (source in ('rules', 'llm', 'tool', 'person')),
    confidence   double precision not null,
    valid_from   timestamptz not null,
    expires_at   timestamptz not null,
    forgotten_at timestamptz
);
create index facts_student_id_idx on facts (student_id) where forgotten_at is null;

create table notes (
    note_id       uuid primary key,
    student_id    uuid not null references students on delete cascade,
    session_id    uuid references sessions on delete set null,
    -- `admin:<email>` or `client:<client_id>`.
    author        text not null,
    text          text not null check (char_length(text) between 1 and 2000),
    for_assistant boolean not null default false,
    created_at    timestamptz not null,
    deleted_at    timestamptz
);
create index notes_student_id_idx on notes (student_id, created_at desc) where deleted_at is null;

-- What get_student_context reads: everything of it that does not depend on the hour of reading.
create table student_contexts (
    student_id   uuid primary key references students on delete cascade,
    -- shared::student_context::Prepared.
    prepared     jsonb not null,
    session_id   uuid references sessions on delete set null,
    rebuilt_at   timestamptz not null
);

-- How a caller proves who they are, who a student's guardians are, and what they consent to.

-- Settings of the organisation: one row.
create table organisation (
    only_one           boolean primary key default true check (only_one),
    -- What a call must prove before a student's data is given: the number alone, a PIN, or the guardian's code.
    identity_assurance text not null default 'caller_id' check (identity_assurance in ('caller_id', 'pin', 'guardian_code')),
    -- The purposes for which the organisation consents on behalf of guardians, as long as none of them decided.
    presumed_consents  text[] not null default '{tutoring,recording,transcripts,model,reports}'
        check (presumed_consents <@ '{tutoring,recording,transcripts,model,reports}'),
    updated_at         timestamptz not null default now(),
    updated_by         text not null default 'operator'
);
insert into organisation default values;

-- What a caller says to prove who they are.
create table caller_codes (
    student_id uuid not null references students on delete cascade,
    kind       text not null check (kind in ('pin', 'guardian_code')),
    -- Argon2id. The code itself is never stored.
    code_hash  text not null,
    -- Wrong tries since the last right one. At three the code is locked until a person unlocks it.
    n_failed   integer not null default 0 check (n_failed between 0 and 3),
    locked_at  timestamptz,
    set_at     timestamptz not null,
    set_by     text not null,
    primary key (student_id, kind)
);

-- What a call proved. It counts only while the call is open.
create table call_assurances (
    session_id  uuid primary key references sessions on delete cascade,
    -- Wrong tries in this call.
    n_failed    integer not null default 0,
    tried_at    timestamptz not null,
    -- Null: nothing yet.
    student_id  uuid references students on delete cascade,
    kind        text check (kind in ('pin', 'guardian_code')),
    verified_at timestamptz,
    check ((student_id is null) = (verified_at is null) and (kind is null) = (verified_at is null))
);
-- The tries of a number within a day are counted over its calls.
create index call_assurances_tried_at_idx on call_assurances (tried_at) where n_failed > 0;
create index call_assurances_student_id_idx on call_assurances (student_id) where student_id is not null;

-- Parents and others who decide for a student. One may have several students here.
create table guardians (
    guardian_id uuid primary key,
    name        text not null check (char_length(name) between 1 and 120),
    phone       text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    email       text check (char_length(email) <= 254),
    -- BCP 47, for letters to them.
    language    text check (char_length(language) between 2 and 35),
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create table student_guardians (
    student_id  uuid not null references students on delete cascade,
    guardian_id uuid not null references guardians on delete cascade,
    -- "mother", "foster father": as the family says it.
    relation    text not null check (char_length(relation) between 1 and 40),
    primary key (student_id, guardian_id)
);
create index student_guardians_guardian_id_idx on student_guardians (guardian_id);

-- Decisions about consent. Rows are added and never changed: the newest of a purpose counts.
create table consents (
    consent_id  uuid primary key,
    student_id  uuid not null references students on delete cascade,
    purpose     text not null check (purpose in ('tutoring', 'recording', 'transcripts', 'model', 'reports')),
    action      text not null check (action in ('given', 'renewed', 'withdrawn')),
    -- Who decided. Null: a guardian whose record was removed, or who has none.
    guardian_id uuid references guardians on delete set null,
    -- How the decision reached us.
    means       text not null check (means in ('paper', 'phone', 'web', 'school_agreement')),
    reason      text check (char_length(reason) <= 500),
    -- Null: until it is withdrawn.
    expires_at  timestamptz check (expires_at is null or action <> 'withdrawn'),
    decided_at  timestamptz not null,
    recorded_by text not null,
    recorded_at timestamptz not null
);
create index consents_student_id_idx on consents (student_id, purpose, recorded_at desc, consent_id desc);
create index consents_expires_at_idx on consents (expires_at) where expires_at is not null;
create index consents_guardian_id_idx on consents (guardian_id) where guardian_id is not null;

-- When what was said in a call was deleted, for want of consent to keep it. Such a call cannot be analysed again.
alter table sessions add column speech_removed_at timestamptz;

-- Whether the newest decision about a purpose allows it; if there is none, whether the organisation consents.
create function has_consent(of_student uuid, of_purpose text, at timestamptz) returns boolean language sql stable as $$
    select coalesce(
        (select c.action <> 'withdrawn' and (c.expires_at is null or c.expires_at > at)
         from consents c where c.student_id = of_student and c.purpose = of_purpose
         order by c.recorded_at desc, c.consent_id desc limit 1),
        (select of_purpose = any (o.presumed_consents) from organisation o))
$$;

-- Whether clients are told nothing about a student: a person blocked them, or nobody consents to lessons.
create function is_silent(of_student uuid, status text, at timestamptz) returns boolean language sql stable as $$
    select status = 'blocked' or not has_consent(of_student, 'tutoring', at)
$$;

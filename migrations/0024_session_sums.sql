-- Sums by day of any two things at a time. `session_days` knew one thing, always with a grade and an assistant: too many rows
-- to add up a year of skills while somebody waits, and nothing to add up for a cohort's skills.

-- Every row of cut_facts, once for each two things that a page may ask for together: what it is set apart by and what it is
-- narrowed to. In the order all, assistant, grade, cohort, skill, subject, reason, belief, `also` comes before `cut`; where one
-- thing is enough, `also` is 'all'.
create view pair_facts as
    select p.cut as pair_cut, p.label as pair_label, p.also, p.also_label, c.*
    from cut_facts c
    cross join lateral (
        select v.* from (values ('all', '', 'all', ''), ('assistant', c.assistant, 'all', ''),
            ('grade', c.grade::text, 'all', ''), ('grade', c.grade::text, 'assistant', c.assistant),
            ('cohort', c.cohort, 'all', ''), ('cohort', c.cohort, 'assistant', c.assistant),
            ('cohort', c.cohort, 'grade', c.grade::text)) as v where c.cut = 'all'
        union all
        select c.cut, c.label, v.* from (values ('all', ''), ('assistant', c.assistant), ('grade', c.grade::text),
            ('cohort', c.cohort)) as v where c.cut in ('skill', 'subject', 'reason', 'belief')
        union all
        select c.cut, c.label, l.kind, l.label from session_labels l
        where l.session_id = c.session_id
          and (c.cut in ('reason', 'belief') and l.kind in ('skill', 'subject') or c.cut = 'subject' and l.kind = 'skill')
    ) as p (cut, label, also, also_label);

-- Sums of pair_facts by day. A day without rows had nothing.
create table session_sums (
    zone       text not null references analytics_zones on delete cascade,
    cut        text not null,
    also       text not null,
    label      text not null,
    day        date not null,
    also_label text not null,
    n_sessions integer not null, n_over integer not null, n_dropped integer not null, length_ms bigint not null,
    words_tutor bigint not null, words_student bigint not null, n_low integer not null, n_medium integer not null,
    n_high integer not null, n_analyzed integer not null, n_attention integer not null, n_latency integer not null,
    latency_ms bigint not null, n_in_10_s integer not null, n_in_1_min integer not null, n_in_10_min integer not null,
    n_in_1_h integer not null, n_analyses integer not null, analysis_ms bigint not null,
    n_model_cost integer not null, model_cost_microusd bigint not null, n_call_cost integer not null,
    call_cost_microusd bigint not null, n_tutored integer not null, n_errors integer not null,
    n_told_at_once integer not null, n_questions integer not null, n_hurried integer not null,
    n_process_praise integer not null, n_person_praise integer not null, n_checks integer not null,
    n_scored integer not null, score double precision not null, score_squared double precision not null,
    gain double precision not null, n_due integer not null, n_kept integer not null,
    primary key (zone, cut, also, label, day, also_label)
);
create index session_sums_also_idx on session_sums (zone, cut, also, also_label, day);
create index session_sums_day_idx on session_sums (zone, day);

-- Derived in whole, so it is counted anew. While an older version still runs, its analytics say that they failed, and its worker
-- leaves the marks to a newer one: nothing is lost.
drop table session_days;
update analytics_zones set is_counted = false;

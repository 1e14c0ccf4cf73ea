//! Compares every number of the analytics with queries written for this test, before and after rows changed.

mod rows;

use std::collections::BTreeMap;

use secrecy::SecretString;
use storage::db::{self, PoolSize};
use tokio_util::sync::CancellationToken;

use self::rows::{change, write_rows};
use crate::overview::{between, calm_zone, dashboard, figure, plain, texts};
use crate::psql::psql;
use crate::service::{Person, new_database};

const SLUGS: [&str; 11] = [
    "calls",
    "minutes",
    "completed_share",
    "student_talk_share",
    "high_engagement_share",
    "mastery_per_hour",
    "reviews_kept_share",
    "seconds_to_analysis",
    "analysed_in_10_min_share",
    "usd_per_analysis",
    "usd_per_call",
];

/// Returns the figures of sets of sessions. In the SQL, `x` is a session, what was learnt in a session, or a review;
/// `g.key` is the set.
fn expected(
    url: &SecretString,
    zone: &str,
    keys: &str,
    of: &str,
    of_session: &str,
    of_skill: &str,
) -> BTreeMap<String, Vec<Option<f64>>> {
    let sql = format!(
        "with sx as (
             select s.*, a.findings as f, coalesce(st.cohort, '') as cohort, coalesce(st.grade, -1) as grade,
                 (s.created_at at time zone ZONE)::date as day, s.assistant_name || ', ' || s.assistant_version as assistant,
                 (select sum(m.cost_microusd) from model_calls m where m.session_id = s.session_id) as model_cost
             from sessions s left join students st using (student_id) left join analyses a on a.session_id = s.session_id and a.is_current),
         gx as (select sx.*, p.skill_id, p.gain from practices p join sx using (session_id)),
         px as (
             select p.*, (p.due_at at time zone ZONE)::date as day, coalesce(st.cohort, '') as cohort, coalesce(st.grade, -1) as grade,
                 s.assistant_name || ', ' || s.assistant_version as assistant
             from practices p join students st using (student_id) left join sessions s on s.session_id = p.session_id
             where (p.due_at at time zone ZONE)::date <= (now() at time zone ZONE)::date - 8 and not coalesce(p.next_at < p.due_at, false))
         select g.key, c.calls, c.seconds / 60, c.completed, c.talk, c.engaged,
             (select coalesce(sum(gain), 0) from gx x where {of} and {of_skill}) / nullif(c.seconds / 3600, 0),
             (select avg((coalesce(x.next_at - x.due_at <= interval '168 hours', false))::int) from px x where {of} and {of_skill}),
             c.latency, c.quick, c.model_cost, c.call_cost
         from {keys}
         cross join lateral (
             select count(*) as calls, coalesce(sum(extract(epoch from x.ended_at) - extract(epoch from x.started_at)), 0) as seconds,
                 avg((x.ended_at - x.started_at >= interval '60 s')::int) as completed,
                 sum((x.f->'figures'->>'n_words_student')::float8) / sum((x.f->'figures'->>'n_words_student')::int + (x.f->'figures'->>'n_words_tutor')::int) as talk,
                 avg((x.f->'engagement'->>'level' = 'high')::int) as engaged,
                 avg(extract(epoch from x.analyzed_at) - extract(epoch from x.ended_at)) filter (where x.status = 'analyzed' and x.analyzed_at < x.ended_at + interval '24 hours') as latency,
                 avg((x.status = 'analyzed' and x.analyzed_at - x.ended_at <= interval '600 s')::int) as quick,
                 avg(x.model_cost) / 1e6 as model_cost, avg(x.cost_microusd) / 1e6 as call_cost
             from sx x where {of} and {of_session}) c
         order by 1"
    );
    let rows = texts(url, &sql, zone);
    let value = |cell: &str| (!cell.is_empty()).then(|| cell.parse::<f64>().unwrap());
    rows.iter()
        .map(|row| {
            let (key, cells) = row.split_once('|').unwrap();
            (key.to_owned(), cells.split('|').map(value).collect())
        })
        .collect()
}

fn formatted(slug: &str, value: Option<f64>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    match slug {
        "calls" | "minutes" => {
            let n = (value + 1e-9).floor() as i64;
            if n >= 1000 { format!("{},{:03}", n / 1000, n % 1000) } else { n.to_string() }
        }
        "mastery_per_hour" => format!("{value:+.2}").replace('-', "−"),
        "seconds_to_analysis" => match value.round() as i64 {
            seconds @ ..60 => format!("{seconds} s"),
            seconds @ 3600.. => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
            seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
            seconds => format!("{} min {} s", seconds / 60, seconds % 60),
        },
        slug if slug.starts_with("usd") => format!("${value:.3}"),
        _ => format!("{:.0}%", value * 100.0),
    }
}

/// Parses the rows of a CSV file. The first cells are the key.
fn csv(text: &str, n_keys: usize) -> Vec<(String, Vec<Option<f64>>)> {
    let cells = |line: &str| -> Vec<String> { line.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect() };
    text.lines()
        .skip(1)
        .map(|line| {
            // Names contain commas, so the figures are counted from the right.
            let cells = cells(line);
            let n = cells.len() - SLUGS.len();
            let key = if n_keys == 1 { line.split('"').nth(1).unwrap().to_owned() } else { cells[..n].join("|") };
            (key, cells[n..].iter().map(|cell| (!cell.is_empty()).then(|| cell.parse().unwrap())).collect())
        })
        .collect()
}

fn same(shown: &[Option<f64>], expected: &[Option<f64>], what: &str) {
    for ((slug, shown), expected) in SLUGS.iter().zip(shown).zip(expected) {
        let is_same = match (shown, expected) {
            (Some(shown), Some(expected)) => (shown - expected).abs() < 1e-4,
            (None, None) => true,
            _ => false,
        };
        assert!(is_same, "{what}, {slug}: {shown:?} is shown, {expected:?} counted");
    }
}

/// Filters of the address, and the same filters as SQL conditions: on any row, on a session, and on what was learnt.
const VIEWS: [(&str, &str, &str, &str); 8] = [
    ("", "true", "true", "true"),
    ("&cohort=Period+3+math", "x.cohort = 'Period 3 math'", "true", "true"),
    ("&cohort=%7E", "x.cohort = ''", "true", "true"),
    ("&grade=%7E", "x.grade = -1", "true", "true"),
    ("&assistant=Ms+Bell%2C+v1&grade=6", "x.assistant = 'Ms Bell, v1' and x.grade = 6", "true", "true"),
    ("&skill=SKILL", "true", "x.f->'skills'->0->>'skill_id' = 'SKILL'", "x.skill_id = 'SKILL'"),
    (
        "&skill=SKILL&cohort=Period+3+math",
        "x.cohort = 'Period 3 math'",
        "x.f->'skills'->0->>'skill_id' = 'SKILL'",
        "x.skill_id = 'SKILL'",
    ),
    (
        "&subject=SUBJECT",
        "true",
        "(select subject_id from skills where skill_id = x.f->'skills'->0->>'skill_id') = 'SUBJECT'",
        "(select subject_id from skills where skill_id = x.skill_id) = 'SUBJECT'",
    ),
];

async fn check(url: &SecretString, zone: &str, person: &Person, when: &str) {
    let skill = psql(url, "select skill_id from skills order by skill_id limit 1 offset 1");
    let subject = psql(url, &format!("select subject_id from skills where skill_id = '{skill}'"));
    let filled = |text: &str| text.replace("SKILL", &skill).replace("SUBJECT", &subject);
    for (filter, of, of_session, of_skill) in VIEWS {
        let (filter, of_session, of_skill) = (filled(filter), filled(of_session), filled(of_skill));
        for (range, n) in [("", 28), ("&range=364", 364)] {
            let what = format!("{when} {filter} {n} days");
            let days = format!(
                "(select ((now() at time zone ZONE)::date - n)::text as key from generate_series(0, {}) n) g",
                2 * n - 1
            );
            let of_day = expected(url, zone, &days, &format!("{of} and x.day = g.key::date"), &of_session, &of_skill);
            let file = person.read(&format!("/analytics/export.csv?table=days{range}{filter}")).await;
            let today = psql(url, &format!("select (now() at time zone '{zone}')::date"));
            let now: chrono::NaiveDate = today.parse().unwrap();
            let rows = csv(&file, 2);
            assert_eq!(rows.len(), 2 * n, "{what}");
            for (key, shown) in rows {
                let (first, period) = key.split_once('|').unwrap();
                let back = if period == "before" { n as u64 } else { 0 };
                let day = first.parse::<chrono::NaiveDate>().unwrap() - chrono::Days::new(back);
                assert!(day <= now);
                same(&shown, &of_day[&day.to_string()], &format!("{what} {day}"));
            }
            headline(url, zone, person, &format!("?{range}{filter}"), n, (of, &of_session, &of_skill), &what).await;
        }
    }
}

/// Checks the headline figures and the rows of the charts' tables.
async fn headline(
    url: &SecretString,
    zone: &str,
    person: &Person,
    query: &str,
    n: usize,
    of: (&str, &str, &str),
    what: &str,
) {
    let (of, of_session, of_skill) = of;
    let page = person.read(&format!("/analytics{}", query.replacen("?&", "?", 1))).await;
    let periods = format!(
        "(values ('now', 0), ('then', {n})) p (key, back) cross join lateral (select p.key, (now() at time zone ZONE)::date - p.back as last) g"
    );
    let of_period = format!("{of} and x.day <= g.last and x.day > g.last - {n}");
    let sums = expected(url, zone, &periods, &of_period, of_session, of_skill);
    if [&sums["now"], &sums["then"]].iter().all(|sums| sums[0] == Some(0.0)) {
        assert!(page.contains("No calls match"), "{what}: the page says that no calls match");
        return;
    }
    for (i, slug) in SLUGS.iter().enumerate() {
        let (now, before) = (formatted(slug, sums["now"][i]), formatted(slug, sums["then"][i]));
        let (shown, below) = figure(&page, NAMES[i]);
        assert_eq!(shown, now, "{what} {slug}");
        let compared = match (sums["now"][i], sums["then"][i]) {
            (Some(_), Some(_)) if now == before => "the same as before".to_owned(),
            (Some(a), Some(b)) if a > b => format!("up from {before}"),
            (Some(_), Some(_)) => format!("down from {before}"),
            _ => "no comparison yet".to_owned(),
        };
        assert_eq!(below, compared, "{what} {slug}");
    }
}

const NAMES: [&str; 11] = [
    "Calls",
    "Minutes tutored",
    "Completed calls",
    "Student talk",
    "High engagement",
    "Mastery gained per hour",
    "Reviews kept",
    "Time to analysis",
    "Analysed within 10 minutes",
    "Cost per analysis",
    "Cost per call",
];

async fn check_groups(url: &SecretString, zone: &str, person: &Person) {
    let period = "x.day <= (now() at time zone ZONE)::date and x.day > (now() at time zone ZONE)::date - 28";
    for (by, keys, of, of_session, of_skill) in [
        (
            "cohort",
            "(select distinct coalesce(cohort, '') as key from students union select '') g",
            "x.cohort = g.key",
            "true",
            "true",
        ),
        (
            "grade",
            "(select distinct coalesce(grade, -1)::text as key from students union select '-1') g",
            "x.grade::text = g.key",
            "true",
            "true",
        ),
        ("", "(values ('Ms Bell, v0'), ('Ms Bell, v1')) g (key)", "x.assistant = g.key", "true", "true"),
        (
            "skill",
            "(select skill_id as key from skills order by skill_id limit 3) g",
            "true",
            "x.f->'skills'->0->>'skill_id' = g.key",
            "x.skill_id = g.key",
        ),
    ] {
        let expected = expected(url, zone, keys, &format!("{of} and {period}"), of_session, of_skill);
        let file = person.read(&format!("/analytics/export.csv?table=groups&by={by}")).await;
        let rows = csv(&file, 1);
        assert!(rows.len() >= 2, "{by}: {file}");
        for (key, shown) in &rows {
            let key = key.strip_prefix('\'').unwrap_or(key);
            same(shown, &expected[key], &format!("by {by}, {key}"));
        }
        let n_shown: f64 = rows.iter().map(|(_, shown)| shown[0].unwrap()).sum();
        let n_expected: f64 = expected.values().map(|figures| figures[0].unwrap()).sum();
        assert!((n_shown - n_expected).abs() < 0.5, "by {by}: {n_shown} calls of {n_expected}");
    }
    // The table on the page has the same values as the file.
    let page = person.read("/analytics?by=grade").await;
    let shown = between(&page, r#"aria-label="Figures by grade""#, "</table>");
    let calls = texts(
        url,
        &format!(
            "select count(*) from sessions s left join students using (student_id), lateral (select (s.created_at at time zone ZONE)::date as day) x where grade = 6 and {period}"
        ),
        zone,
    );
    assert!(shown.contains(&format!("Grade 6 Calls {} ", calls[0])), "{shown}");
}

/// Checks why calls ended, the misconceptions, and how the assistants tutored.
async fn check_rankings(url: &SecretString, zone: &str, person: &Person) {
    let period = "(s.created_at at time zone ZONE)::date > (now() at time zone ZONE)::date - 28 and (s.created_at at time zone ZONE)::date <= (now() at time zone ZONE)::date";
    let of = |select: &str, more: &str| {
        texts(
            url,
            &format!(
                "select {select} from sessions s left join analyses a on a.session_id = s.session_id and a.is_current {more} and {period} group by 1 order by 2 desc, 1"
            ),
            zone,
        )
    };
    let reasons = of("ended_reason, count(*)", "where true");
    let file = person.read("/analytics/export.csv?table=reasons").await;
    let shown: Vec<String> = file.lines().skip(1).map(|line| line.replace('"', "").replace(',', "|")).collect();
    assert_eq!(shown, reasons);
    let beliefs = of(
        "rtrim(lower(m->>'belief'), '.'), count(*)",
        "cross join lateral jsonb_array_elements(a.findings->'misconceptions') m where true",
    );
    let page = person.read("/analytics").await;
    let listed = between(&page, r#"<table class="ranking" aria-labelledby="beliefs""#, "</table>");
    let ranked: Vec<String> = beliefs.iter().map(|row| row.replace('|', " ")).collect();
    assert!(beliefs.len() == 2 && listed.ends_with(&ranked.join(" ")), "{listed}: {ranked:?}");
    let file = person.read("/analytics/export.csv?table=beliefs").await;
    assert!(file.contains("\"'@home is a verb\","), "a formula is text: {file}");
    let tutored = of(
        "'Ms Bell, ' || assistant_version, count(*), avg((t->>'score')::float8), avg((t->>'n_told_at_once')::float8 / 4),
         avg((t->>'n_hurried')::float8 / 5), sum((t->>'n_process_praise')::float8) / sum((t->>'n_process_praise')::int + (t->>'n_person_praise')::int),
         avg((t->>'n_checks')::float8)",
        "cross join lateral (select a.findings->'tutoring' as t) f where jsonb_typeof(t) = 'object'",
    );
    let table =
        page.split_once(r#"aria-label="Quality of tutoring, by version""#).unwrap().1.split("</table>").next().unwrap();
    let shown: Vec<String> = table.split("<tr").skip(2).map(|row| plain(&format!("<{row}"))).collect();
    let mut expected: Vec<String> = tutored
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            let n = |i: usize| cells[i].parse::<f64>().unwrap();
            let share = |i: usize| format!("{:.0}%", n(i) * 100.0);
            format!(
                "{} Sessions rated {} Score {:.1} Gave the answer away {} Hurried {} Praise of the work {} Asks how or why {:.1}",
                cells[0], cells[1], n(2), share(3), share(4), share(5), n(6)
            )
        })
        .collect();
    let mut shown = shown;
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_the_analytics_is_what_queries_of_its_own_count_whatever_changed_since() {
    let url = new_database().await;
    let db = db::patient_pool(&url, PoolSize(4)).unwrap();
    let shutdown = CancellationToken::new();
    let zone = calm_zone(&url);
    write_rows(&url, zone);
    storage::consistency::refresh_all(&db).await.unwrap();
    let person = dashboard(&url, &db, &shutdown).await.in_zone(zone);
    check(&url, zone, &person, "at first").await;
    change(&url, &db).await;
    check(&url, zone, &person, "changed").await;
    check_groups(&url, zone, &person).await;
    check_rankings(&url, zone, &person).await;
    let n_exports =
        psql(&url, "select count(*) from audit_entries where action = 'analytics.export' and actor like 'admin:%'");
    assert_eq!(n_exports, "38", "every file is in the audit log");
    shutdown.cancel();
}

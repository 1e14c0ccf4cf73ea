//! A teacher corrects a mark on the page of a session.

use reqwest::StatusCode;
use secrecy::SecretString;
use storage::access::{Caller, Role};
use storage::evidence::{self, Evidence, Of, Source, Verdict};
use storage::id::StudentId;
use storage::{admin_user, clock};

use crate::overview::plain;
use crate::psql::psql;
use crate::service::{Person, Service};
use crate::vapi::{self, CALLER, REPORT};

const CALL_ID: &str = "7b6d3c52-6c1e-4f0a-9d55-000000000021";
/// "Two fifths" in the sample, which the tutor did not accept.
const TURN_NO: &str = "3";

async fn insert_tutor(service: &Service, email: &str, role: Role, cohort: &str) -> Person {
    const PASSWORD: &str = "kite lamp moss ferry";
    let hash = admin_user::hash_password(&SecretString::from(PASSWORD)).unwrap();
    let (id, _) = admin_user::insert_user(&service.db, email, role, Some(&hash), None, clock::now()).await.unwrap();
    admin_user::set_cohorts(&service.db, id, Some(&[cohort.to_owned()])).await.unwrap();
    Person::log_in(&service.admin_url, email, PASSWORD).await
}

async fn counting(service: &Service, student_id: StudentId) -> Vec<Evidence> {
    evidence::list_counting(&service.db, &Caller::operator(), student_id, Of::All).await.unwrap()
}

/// Parses the summary on the page, such as "5 answers, 3 right". Returns the number of answers, right and wrong ones.
fn counts(page: &str) -> (u32, u32, u32) {
    let shown = plain(page);
    let (before, after) = shown.split_once(" answers, ").expect("the summary has counts");
    let n = before.rsplit(' ').next().unwrap().parse().unwrap();
    let right = after.split(' ').next().unwrap().parse().unwrap();
    let (before, _) = after.split_once(" wrong").unwrap();
    (n, right, before.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_is_changed_on_the_page_of_the_session_and_stays_after_another_analysis() {
    let service = Service::start().await;
    let student_id = service.student("Amara Okafor", CALLER).await.student_id;
    service.write(format!("update students set cohort = 'room-7b' where student_id = '{student_id}'")).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, CALL_ID)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    let session = format!("/sessions/{}", psql(&service.database_url, "select session_id from sessions"));
    let marks = format!("{session}/marks");
    let skill_id = psql(
        &service.database_url,
        &format!("select skill_id from evidence where turn_no = {TURN_NO} and verdict = 'incorrect'"),
    );
    let tutor = insert_tutor(&service, "dana@example.org", Role::Tutor, "room-7b").await;
    let viewer = insert_tutor(&service, "vera@example.org", Role::Viewer, "room-7b").await;
    let stranger = insert_tutor(&service, "otto@example.org", Role::Tutor, "room-8a").await;

    let page = tutor.read(&session).await;
    for part in
        ["What is one half plus one third?", "so two fifths?", "Not right yet, without help", "Change this mark"]
    {
        assert!(plain(&page).contains(part), "{part}: {}", plain(&page));
    }
    let row = format!("id=\"answer-{skill_id}-{TURN_NO}\"");
    assert!(page.contains(&row), "{page}");
    let (n, right, wrong) = counts(&page);

    let place = [("skill_id", &skill_id[..]), ("turn_no", TURN_NO), ("from", "answers")];
    let with = |more: &[(&'static str, &'static str)]| {
        let fields: Vec<(&str, &str)> = place.into_iter().chain(more.iter().copied()).collect();
        fields
    };
    // A person without the right sees no form, and is refused.
    let seen = viewer.read(&session).await;
    assert!(seen.contains(&row) && !seen.contains(&marks), "a viewer sees the answers and no form");
    let right_now = with(&[("verdict", "correct")]);
    assert_eq!(viewer.post("/account", &marks, &right_now).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(stranger.post("/account", &marks, &right_now).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(tutor.post(&session, &marks, &with(&[])).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let long = "x".repeat(301);
    let mut too_long = right_now.clone();
    too_long.push(("reason", &long));
    assert_eq!(tutor.post(&session, &marks, &too_long).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(counting(&service, student_id).await.iter().all(|one| one.source != Source::Person), "nothing was changed");

    // Without a reason.
    let back = tutor.submit(&session, &marks, &right_now).await;
    assert_eq!(back, format!("{session}#answer-{skill_id}-{TURN_NO}"));
    for again in [false, true] {
        if again {
            tutor.submit(&session, &format!("{session}/analysis/retry"), &[]).await;
            service.analyzed(&token, CALL_ID).await;
        }
        let page = tutor.read(&session).await;
        assert_eq!(counts(&page), (n, right + 1, wrong - 1), "again: {again}");
        assert!(page.contains("Changed by dana@example.org") && page.contains("Undo"), "again: {again}");
        let (_, turn) = page.split_once(&format!("id=\"t{TURN_NO}\"")).unwrap();
        let turn = plain(turn.split_once("id=\"t4\"").unwrap().0);
        assert!(turn.contains("Right, without help") && !turn.contains("Not right yet"), "{turn}");
        let one = counting(&service, student_id).await.into_iter().find(|one| one.turn_no == Some(3)).unwrap();
        assert_eq!((one.verdict, one.source), (Verdict::Correct, Source::Person));
    }
    let prepared =
        format!("select prepared->'last_call'->>'summary' from student_contexts where student_id = '{student_id}'");
    let heard = psql(&service.database_url, &prepared);
    assert!(heard.contains(&format!("{n} answers, {} right", right + 1)), "the next tutor hears the same: {heard}");

    // No answer at all, with a reason.
    tutor.submit(&session, &marks, &with(&[("verdict", "none"), ("reason", "He read it out.")])).await;
    let page = tutor.read(&session).await;
    assert_eq!(counts(&page), (n - 1, right, wrong - 1));
    assert!(
        page.contains("Not an answer") && page.contains(&row),
        "the answer is still on the page and can be changed"
    );
    assert!(
        counting(&service, student_id).await.iter().all(|one| one.turn_no != Some(3)),
        "the answer no longer counts"
    );
    let notes = psql(&service.database_url, "select string_agg(text, '|') from notes");
    assert_eq!(notes, format!("Turn 3, {skill_id}: Not an answer. He read it out."));

    tutor.submit(&session, &marks, &with(&[("undo", "yes")])).await;
    let page = tutor.read(&session).await;
    assert_eq!(counts(&page), (n, right, wrong));
    assert!(!page.contains("Changed by"), "{page}");
    let log =
        "select string_agg(action, ' ' order by audit_entry_id) from audit_entries where action like 'evidence.%'";
    assert_eq!(psql(&service.database_url, log), "evidence.correct evidence.correct evidence.undo");
    assert_eq!(tutor.post(&session, &marks, &with(&[("undo", "yes")])).await.status(), StatusCode::NOT_FOUND);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsure_answer_is_reviewed_with_one_click_and_agreement_is_counted() {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    service.write("update students set cohort = 'room-7b'").await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, CALL_ID)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    let of = |sql: &str| psql(&service.database_url, sql);
    let session_id = of("select session_id from sessions");
    let skill_id = of(&format!("select skill_id from evidence where turn_no = {TURN_NO} and verdict = 'incorrect'"));
    // Simulates an analysis that was unsure about the answer.
    service
        .write(format!(
            "update analyses set findings = jsonb_set(findings, '{{undecided}}',
                 coalesce(findings->'undecided', '[]') || '[{{\"turn_no\": {TURN_NO}, \"skill_id\": \"{skill_id}\"}}]') where is_current"
        ))
        .await;
    let tutor = insert_tutor(&service, "dana@example.org", Role::Tutor, "room-7b").await;
    let stranger = insert_tutor(&service, "otto@example.org", Role::Tutor, "room-8a").await;
    let viewer = insert_tutor(&service, "vera@example.org", Role::Viewer, "room-7b").await;
    let (page, name) = (tutor.read("/review").await, "Amara Okafor");
    for part in ["What is one half plus one third?", "Said “", "Undecided", name] {
        assert!(plain(&page).contains(part), "{part}: {}", plain(&page));
    }
    let id = format!("id=\"answer-{skill_id}-{session_id}-{TURN_NO}\"");
    assert!(page.contains(&id), "{page}");
    assert!(tutor.read("/today").await.contains("unsure answers"), "the Today page links to the queue");
    assert!(!stranger.read("/review").await.contains(name), "the queue contains only their students");
    let seen = viewer.read("/review").await;
    assert!(seen.contains(&id) && !seen.contains("name=\"verdict\""), "a viewer only reads");

    // A skipped answer is not on the next page, which continues after it.
    let at = page.find("/review?after=").expect("a link to skip it");
    let skip = page[at..].split('"').next().unwrap();
    assert!(!tutor.read(skip).await.contains(&id));
    let marks = format!("/sessions/{session_id}/marks");
    let right = [
        ("skill_id", &skill_id[..]),
        ("turn_no", TURN_NO),
        ("from", "review"),
        ("after", "damaged"),
        ("verdict", "correct"),
    ];
    assert_eq!(stranger.post("/account", &marks, &right).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(tutor.submit("/review", &marks, &right).await, "/review");
    let page = tutor.read("/review").await;
    assert!(!page.contains(&id), "a decided answer leaves the queue");
    // The rules marked it as wrong, and the person as right.
    assert!(plain(&page).contains("Rules agreed 0 of 1"), "{}", plain(&page));
    assert!(plain(&page).contains("Model agreed –"), "{}", plain(&page));
    assert!(
        tutor.read(&format!("/sessions/{session_id}")).await.contains("Changed by"),
        "the session page shows the correction"
    );
    service.stop().await;
}

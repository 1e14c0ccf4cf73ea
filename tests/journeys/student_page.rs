//! Decisions of staff on a student's page: a mark, a belief, a report, an export, and erasing the student.

use reqwest::StatusCode;
use serde_json::Value;
use storage::access::Caller;
use storage::audit::{self, AuditQuery};
use storage::evidence::{self, Source, Verdict};

use crate::overview::plain;
use crate::psql::psql;
use crate::service::Service;
use crate::vapi::{self, CALLER, REPORT};

const CALL_ID: &str = "7b6d3c52-6c1e-4f0a-9d55-000000000001";
const NAME: &str = "Amara Okafor";

/// Returns a student with one judged call, and the path of their page.
async fn after_a_call() -> (Service, storage::id::StudentId, String) {
    let service = Service::start().await;
    let student_id = service.student(NAME, CALLER).await.student_id;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample_of_call(REPORT, CALL_ID)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    (service, student_id, format!("/students/{student_id}"))
}

async fn acts(service: &Service) -> Vec<String> {
    let query = AuditQuery { limit: 50, ..AuditQuery::default() };
    let entries = audit::list_entries(&service.db, &query).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_is_changed_where_the_evidence_is_and_a_later_analysis_leaves_it() {
    let (service, student_id, page) = after_a_call().await;
    let person = service.log_in().await;
    let shown = plain(&person.read(&page).await);
    for part in ["Asked", "Said", "What is one half plus one third?", "so two fifths?", "Change this mark"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let wrong =
        "select session_id || ' ' || skill_id || ' ' || turn_no from evidence where verdict = 'incorrect' limit 1";
    let found = psql(&service.database_url, wrong);
    let [session_id, skill_id, turn_no] = found.split(' ').collect::<Vec<_>>()[..] else { panic!("{found}") };
    let (session, skill) = (format!("/sessions/{session_id}"), format!("{page}/skills/{skill_id}"));
    let marks = format!("{session}/marks");
    let row = format!("answer-{skill_id}-{session_id}-{turn_no}");
    let of_people = async || {
        let list =
            evidence::list_counting(&service.db, &Caller::operator(), student_id, evidence::Of::All).await.unwrap();
        let of_people = list.into_iter().filter(|evidence| evidence.source == Source::Person);
        of_people.map(|evidence| evidence.verdict).collect::<Vec<_>>()
    };
    for (from, at) in [("student", &page), ("skill", &skill)] {
        assert!(person.read(at).await.contains(&format!("id=\"{row}\"")), "{from}");
        let fields = [("skill_id", skill_id), ("turn_no", turn_no), ("from", from), ("verdict", "correct")];
        assert_eq!(person.submit(at, &marks, &fields).await, format!("{at}#{row}"));
        assert_eq!(of_people().await, [Verdict::Correct]);
        assert!(person.read(at).await.contains("Changed by "), "{from}");
        let undo = [("skill_id", skill_id), ("turn_no", turn_no), ("from", from), ("undo", "yes")];
        person.submit(at, &marks, &undo).await;
        assert_eq!(of_people().await, []);
    }
    let why = ("reason", "A guess, as her voice tells.");
    let fields = [("skill_id", skill_id), ("turn_no", turn_no), ("from", "student"), ("verdict", "partial"), why];
    person.submit(&page, &marks, &fields).await;
    assert!(person.read(&page).await.contains("A guess, as her voice tells."), "the reason is a note for staff");
    assert!(acts(&service).await.contains(&"evidence.correct".to_owned()));
    person.submit(&session, &format!("{session}/analysis/retry"), &[]).await;
    let token = service.token("sessions:read").await;
    service.analyzed(&token, CALL_ID).await;
    assert_eq!(of_people().await, [Verdict::Partial]);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headline_figures_are_those_of_the_calls() {
    let (service, student_id, page) = after_a_call().await;
    let person = service.log_in().await;
    let shown = plain(&person.read(&page).await);
    let of = |what: &str| {
        psql(&service.database_url, &format!("select {what} from sessions where student_id = '{student_id}'"))
    };
    let minutes = of("floor(extract(epoch from sum(ended_at - started_at)) / 60)");
    let lately = of("count(*) filter (where started_at > now() - interval '4 weeks')");
    assert!(shown.contains(&format!("Calls 1 {minutes} minute, {lately} in 4 weeks")), "{shown}");
    let skills =
        psql(&service.database_url, &format!("select count(*) from mastery where student_id = '{student_id}'"));
    assert!(skills != "0" && shown.contains(&format!("of {skills} practised")), "{shown}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_leaves_as_a_file_of_whom_the_filters_show_and_without_formulas() {
    let service = Service::start().await;
    service.student("=HYPERLINK(1)", CALLER).await;
    service.student("Zoe Bakker", "+14155550199").await;
    let person = service.log_in().await;
    let page = person.read("/students?q=Zoe").await;
    assert!(page.contains(r#"href="/students/export.csv?q=Zoe""#), "{page}");
    let file = person.read("/students/export.csv?q=Zoe").await;
    assert!(
        file.starts_with("student_id,name,") && file.lines().count() == 2 && file.contains(",Zoe Bakker,7,"),
        "{file}"
    );
    let file = person.read("/students/export.csv").await;
    assert!(file.lines().count() == 3 && file.contains("\"'=HYPERLINK(1)\""), "{file}");
    assert!(acts(&service).await.contains(&"students.export".to_owned()));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_belief_that_a_person_saw_overcome_is_watched_for_no_more() {
    let (service, student_id, page) = after_a_call().await;
    psql(
        &service.database_url,
        &format!(
            "insert into misconceptions (misconception_id, student_id, belief, n_seen, first_seen_at, last_seen_at)
             values (gen_random_uuid(), '{student_id}', 'Adds the tops and the bottoms', 3, now(), now())"
        ),
    );
    let id = psql(&service.database_url, "select misconception_id from misconceptions where n_seen = 3");
    let person = service.log_in().await;
    person.submit(&page, &format!("{page}/misconceptions/{id}/resolve"), &[]).await;
    assert!(!person.read(&page).await.contains(&format!("{id}/resolve")), "a resolved belief cannot be resolved again");
    let open = "select count(*) from misconceptions where n_seen = 3 and resolved_at is null";
    assert_eq!(psql(&service.database_url, open), "0");
    let context: Value = serde_json::from_str(&person.read(&format!("{page}/context.json")).await).unwrap();
    assert!(!context.to_string().contains("Adds the tops"), "{context}");
    assert!(acts(&service).await.contains(&"misconception.resolve".to_owned()));
    // Deleted, because no analysis found this belief.
    service.write(format!("delete from misconceptions where misconception_id = '{id}'")).await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_student_leaves_in_one_file_and_goes_for_whom_types_the_name() {
    let (service, student_id, page) = after_a_call().await;
    let person = service.log_in().await;
    assert!(person.read(&format!("{page}/report")).await.contains("Amara's learning report"));
    let used = format!(
        "insert into tool_calls values (gen_random_uuid(), now(), 'check_answer', 'vapi', '{CALL_ID}', 'ok', 900, 60, 80),
             (gen_random_uuid(), now(), 'check_answer', 'vapi', 'of-another-call', 'ok', 900, 60, 80)"
    );
    psql(&service.database_url, &used);
    let file: Value = serde_json::from_str(&person.read(&format!("{page}/export.json")).await).unwrap();
    assert!(file.to_string().contains(NAME) && file.to_string().contains(CALL_ID), "{file}");
    let used = file["sessions"][0]["tool_calls"].as_array().unwrap();
    assert!(used.len() == 1 && used[0]["tool"] == "check_answer", "what the assistant used in this call: {used:?}");

    let erase = format!("{page}/erase");
    let refused = person.post(&erase, &erase, &[("name", "Amara")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let receipt = person.submit_to(&erase, &erase, &[("name", NAME)]).await;
    assert!(receipt.starts_with("/settings/erasures/"), "{receipt}");
    assert_eq!(person.open(&page).await.status(), StatusCode::NOT_FOUND);
    let left = format!(
        "select (select count(*) from students) + (select count(*) from turns) + (select count(*) from evidence
             where student_id = '{student_id}')"
    );
    assert_eq!(psql(&service.database_url, &left), "0");
    let acts = acts(&service).await;
    for act in ["student.report", "student.export", "student.erase"] {
        assert!(acts.iter().any(|known| known == act), "{act} is in the audit log: {acts:?}");
    }
    service.stop().await;
}

//! Decisions of staff at the dashboard affect the next lesson.

use serde_json::{Value, json};
use storage::access::Caller;
use storage::{clock, fact, student};

use crate::assistant::{Assistant, PHONE, TEACHER, VOICE};
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_subject_that_is_off_nothing_is_proposed() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", PHONE).await;
    let voice = Assistant { service: &service, key: service.agent_key(VOICE).await };
    let before = voice.call("next_question", json!({})).await.unwrap();
    let person = service.log_in().await;
    let page = format!("/students/{}", student.student_id);
    person.submit(&page, &format!("{page}/subjects"), &[("reading", "on")]).await;
    let after = voice.call("next_question", json!({})).await.unwrap();
    assert!(!before["skill_id"].as_str().unwrap().starts_with("reading."), "{before}");
    assert!(after["skill_id"].as_str().unwrap().starts_with("reading."), "{after}");

    // Skills of a disabled subject are no longer due.
    let seen = json!({ "skill_id": before["skill_id"], "question": before["ask"], "verdict": "incorrect" });
    voice.call("record_evidence", seen).await.unwrap();
    assert!(voice.call("get_student_context", json!({})).await.unwrap().get("due").is_none());
    person.submit(&page, &format!("{page}/subjects"), &[("reading", "on"), ("maths", "on")]).await;
    let due = voice.call("get_student_context", json!({})).await.unwrap()["due"].clone();
    assert_eq!(due[0]["skill_id"], before["skill_id"], "the progress was kept");
    let again = voice.call("next_question", json!({})).await.unwrap();
    assert_eq!((&again["skill_id"], &again["why"]), (&before["skill_id"], &json!("due today")), "{again}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_rewords_and_forgets_what_is_remembered_and_the_next_tutor_hears_so() {
    let service = Service::start().await;
    let student = service.student("Amara Okafor", PHONE).await;
    let teacher = Assistant { service: &service, key: service.agent_key(TEACHER).await };
    teacher.call("set_goal", json!({ "goal": "win the maths prise" })).await.unwrap();
    let facts = async || {
        let facts = fact::list_facts(&service.db, &Caller::operator(), student.student_id, clock::now()).await.unwrap();
        facts.into_iter().map(|fact| (fact.fact_id, fact.text)).collect::<Vec<_>>()
    };
    let facts_in_context = async || teacher.call("get_student_context", json!({})).await.unwrap()["facts"].clone();
    let person = service.log_in().await;
    let page = format!("/students/{}", student.student_id);

    let reword = format!("{page}/facts/{}/reword", facts().await[0].0);
    person.submit(&page, &reword, &[("text", "win the maths prize")]).await;
    assert_eq!(facts_in_context().await, json!(["Goal: win the maths prize"]));
    let forget = format!("{page}/facts/{}/forget", facts().await[0].0);
    person.submit(&page, &forget, &[]).await;
    assert_eq!((facts().await.len(), facts_in_context().await), (0, Value::Null));

    let profile = [("name", "Amara Okafor"), ("grade", "8"), ("locale", "en"), ("timezone", "UTC"), ("phones", PHONE)];
    person.submit_to(&format!("{page}/edit"), &format!("{page}/edit"), &profile).await;
    let versions = student::list_versions(&service.db, &Caller::operator(), student.student_id, 10).await.unwrap();
    assert_eq!((versions.len(), versions[0].grade), (1, Some(7)), "the previous version of the profile is kept");
    service.stop().await;
}

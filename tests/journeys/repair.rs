//! Repairs that an operator runs from the command line.

use reqwest::StatusCode;

use crate::processes::operator;
use crate::psql::psql;
use crate::service::{Service, eventually};
use crate::vapi::{self, CALL_ID, CALLER, REPORT};

/// Returns a service that has judged one call.
async fn after_a_call() -> (Service, String) {
    let service = Service::start().await;
    service.student("Amara Okafor", CALLER).await;
    let token = service.token("sessions:read").await;
    assert_eq!(service.deliver(&vapi::sample(REPORT)).await, StatusCode::OK);
    service.analyzed(&token, CALL_ID).await;
    (service, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_tried_again_by_call_and_by_reason() {
    let (service, token) = after_a_call().await;
    let give_up =
        "update jobs set state = 'needs_attention', last_error = 'the key was refused' where kind = 'analyze_session';
                   update sessions set status = 'needs_attention', attention_reason = 'the key was refused'";
    psql(&service.database_url, give_up);
    let (is_good, said) = operator(&service, &["session", "retry", CALL_ID]);
    assert!(is_good && said.contains("1 jobs are tried again"), "{said}");
    let session = service.analyzed(&token, CALL_ID).await;

    psql(&service.database_url, give_up);
    let (is_good, said) = operator(&service, &["job", "retry", "--reason", "no such reason"]);
    assert!(!is_good && said.contains("the key was refused"), "the error lists the known reasons: {said}");
    let (is_good, said) = operator(&service, &["job", "retry", "--reason", "the key was refused"]);
    assert!(is_good && said.contains("1 jobs are tried again"), "{said}");
    service.analyzed(&token, CALL_ID).await;

    let (is_good, said) = operator(&service, &["session", "retry", session["session_id"].as_str().unwrap()]);
    assert!(is_good && said.contains("analysed again"), "{said}");
    service.analyzed(&token, CALL_ID).await;
    let (is_good, said) = operator(&service, &["session", "retry", "of-nobody"]);
    assert!(!is_good && said.contains("no call of-nobody"), "{said}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_is_judged_anew_where_another_version_judged_it_and_once() {
    let (service, token) = after_a_call().await;
    for n in 0..60 {
        let body = vapi::sample_of_call(REPORT, &format!("call-{n}"));
        assert_eq!(service.deliver(&body).await, StatusCode::OK);
    }
    for n in 0..60 {
        service.analyzed(&token, &format!("call-{n}")).await;
    }
    let reanalyze = ["session", "reanalyze", "--from", "2020-01-01", "--to", "2100-01-01"];
    let (is_good, said) = operator(&service, &reanalyze);
    assert!(is_good && said.contains("0 sessions are analysed again"), "{said}");
    psql(&service.database_url, "update analyses set analyser_version = '0.9'");
    let (is_good, said) = operator(&service, &reanalyze);
    assert!(is_good && said.contains("61 sessions are analysed again"), "{said}");
    let (_, said) = operator(&service, &reanalyze);
    assert!(said.contains("0 sessions are analysed again"), "a repeated run continues: {said}");
    let current =
        psql(&service.database_url, "select count(*), count(distinct session_id) from analyses where is_current");
    assert_eq!(current, "61|61");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mastery_is_rebuilt_from_the_evidence_bit_by_bit() {
    let (service, _) = after_a_call().await;
    let rows =
        || psql(&service.database_url, "select md5(string_agg(mastery::text, ' ' order by skill_id)) from mastery");
    let before = rows();
    assert!(!before.is_empty());
    let (is_good, said) = operator(&service, &["mastery", "rebuild"]);
    assert!(is_good && said.contains("1 students rebuilt, 0 of them"), "{said}");
    assert_eq!(rows(), before);
    psql(
        &service.database_url,
        "update mastery set knowledge = knowledge + 1e-15; insert into watermarks values ('mastery_rebuild', 'ffffffff-ffff-ffff-ffff-ffffffffffff', now())",
    );
    let (is_good, said) = operator(&service, &["mastery", "rebuild"]);
    assert!(is_good && said.contains("continuing where") && said.contains("0 students rebuilt"), "{said}");
    let (_, said) = operator(&service, &["mastery", "rebuild"]);
    assert!(said.contains("1 students rebuilt, 1 of them"), "{said}");
    assert_eq!(rows(), before);
    eventually("the watermark is gone", async || {
        psql(&service.database_url, "select count(*) from watermarks where name = 'mastery_rebuild'")
            .eq("0")
            .then_some(())
    })
    .await;
    service.stop().await;
}

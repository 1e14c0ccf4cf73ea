//! People connect their own agents: a program registers, its person agrees at the dashboard, and it works for them,
//! until either ends it.

pub mod connector;
mod ends;
mod registration;
mod with_sdks;

use reqwest::StatusCode;
use serde_json::{Value, json};
use storage::access::Role;

use self::connector::{CALLBACK, Connector, PASSWORD, Staff, VERIFIER, is_refused};
use crate::psql::psql;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_teacher_connects_an_agent_and_it_works_for_her() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await;
    let student = service.student("Amara Okafor", "+14155550142").await;
    let (server, http) = (&service.server_url, &service.http);

    // The agent discovers everything from the endpoint's address.
    let refused = http.post(format!("{server}/mcp")).body("{}").send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(challenge.contains("resource_metadata=") && challenge.contains("scope=\""), "{challenge}");
    let (_, metadata_url) = challenge.split_once("resource_metadata=\"").unwrap();
    let resource: Value = service.get_json(metadata_url.split('"').next().unwrap()).await;
    assert_eq!(resource["resource"], format!("{server}/mcp"));
    let issuer = resource["authorization_servers"][0].as_str().unwrap();
    let metadata = service.get_json(&format!("{issuer}/.well-known/oauth-authorization-server")).await;
    for (field, path) in [
        ("authorization_endpoint", "/auth/authorize"),
        ("token_endpoint", "/auth/token"),
        ("registration_endpoint", "/auth/register"),
        ("revocation_endpoint", "/auth/revoke"),
    ] {
        assert_eq!(metadata[field], format!("{server}{path}"), "{field}");
    }
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["grant_types_supported"], json!(["authorization_code", "refresh_token", "client_credentials"]));

    let agent = Connector::register(&service).await;
    let page = agent.page(&[]).await;
    let strange = http.get(format!("{}{page}", service.admin_url)).send().await.unwrap();
    assert!(strange.url().path() == "/login" && strange.url().query().unwrap().contains("next=%2Fconnect"));
    // After signing in, the person returns to the same question.
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", &teacher.email[..]), ("password", PASSWORD), ("next", &page)])
        .finish();
    let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let login = browser.post(format!("{}/login", service.admin_url)).header("origin", &service.admin_url);
    let login = login.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    assert_eq!(login.headers()["location"], *page);
    let shown = teacher.person.open(&page).await;
    let policy = shown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let html = shown.text().await.unwrap();
    assert!(html.contains("Test agent") && html.contains("unverified") && html.contains("agent.example"), "{html}");
    assert!(html.contains("students:write") && !html.contains("students:erase"), "what a tutor may do: {html}");

    let back = agent.allow(&teacher.person, &page).await;
    assert_eq!(back["state"], "of & = the agent");
    assert_eq!(back["iss"], *issuer);
    let (status, tokens) = agent.redeem(&back["code"], &[]).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let scope = tokens["scope"].as_str().unwrap();
    assert!(scope.contains("students:read") && !scope.contains("students:erase"), "{scope}");
    let listed = agent.call(&tokens, "list_students", json!({})).await;
    assert!(listed.to_string().contains("Amara Okafor"), "{listed}");
    let noted =
        agent.call(&tokens, "save_note", json!({ "student_id": student.student_id, "text": "Likes maps" })).await;
    assert_eq!(noted["result"]["isError"], json!(false), "{noted}");
    let page = teacher.person.read(&format!("/students/{}", student.student_id)).await;
    assert!(page.contains("Likes maps"), "{page}");

    // The audit log names the person and the program.
    let audit = async |action: &str| {
        crate::service::eventually("the audit entry is written", async || {
            let found = psql(
                &service.database_url,
                &format!(
                    "select actor || ' ' || (detail->>'client') from audit_entries where action = '{action}' limit 1"
                ),
            );
            Some(found).filter(|found| !found.is_empty())
        })
        .await
    };
    let expected = format!("agent:{} {}", teacher.email, agent.client_id);
    assert_eq!(audit("client.token").await, expected);
    assert_eq!(audit("student.read").await, expected);
    let disclosures = teacher.person.read(&format!("/students/{}/disclosures", student.student_id)).await;
    assert!(disclosures.contains("Agent connected by this person"), "a read by the agent is logged as a disclosure");
    let shown = teacher.person.read("/account").await;
    assert!(shown.contains("Test agent") && shown.contains("agent.example"), "the teacher can disconnect the agent");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_less_than_is_asked_or_nothing() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await;
    let viewer = Staff::insert(&service, "viewer", Role::Viewer, None).await;
    let agent = Connector::register(&service).await;
    let page = agent.page(&[]).await;

    let refused = agent.answer(&teacher.person, &page, &[("answer", "refuse")]).await;
    assert_eq!((refused["error"].as_str(), refused.get("code")), ("access_denied", None));
    let none = teacher.person.post(&page, &page, &[("answer", "allow")]).await;
    assert_eq!(none.status(), StatusCode::UNPROCESSABLE_ENTITY, "nothing was chosen");
    let little = agent.answer(&teacher.person, &page, &[("answer", "allow"), ("scope", "context:read")]).await;
    let (_, tokens) = agent.redeem(&little["code"], &[]).await;
    assert_eq!(tokens["scope"], "context:read");
    // A scope that was not requested, or that the person does not have, cannot be granted.
    let chosen =
        [("answer", "allow"), ("scope", "students:erase"), ("scope", "students:write"), ("scope", "students:read")];
    let much = agent.answer(&viewer.person, &page, &chosen).await;
    let (_, tokens) = agent.redeem(&much["code"], &[]).await;
    assert_eq!(tokens["scope"], "students:read");
    let narrow = agent.page(&[("scope", "sessions:read")]).await;
    let asked = teacher.person.post(&narrow, &narrow, &[("answer", "allow"), ("scope", "students:write")]).await;
    assert_eq!(asked.status(), StatusCode::UNPROCESSABLE_ENTITY);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_said_and_gives_nothing() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let agent = Connector::register(&service).await;

    // The browser is never redirected to an address that is not registered.
    for (param, evil) in [
        ("redirect_uri", "https://evil.example/back"),
        ("redirect_uri", "https://agent.example/back/../evil"),
        ("redirect_uri", "https://agent.example/back#x"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", ""),
        ("client_id", "agent_none"),
        ("client_id", "https://127.0.0.1/client.json"),
        ("client_id", "https://169.254.169.254/latest/meta-data"),
        ("client_id", "https://localhost/client.json"),
    ] {
        let page = agent.page(&[(param, evil)]).await;
        let answer = teacher.open(&page).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{param} {evil}");
        assert!(!answer.headers().contains_key("location") && !answer.headers().contains_key("refresh"));
        let html = answer.text().await.unwrap();
        assert!(!html.contains("evil.example") && !html.contains("javascript:"), "{html}");
    }
    for (param, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", VERIFIER, "invalid_request"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("scope", "everything", "invalid_scope"),
    ] {
        let value = if value == VERIFIER { &VERIFIER[..40] } else { value };
        let page = agent.page(&[(param, value)]).await;
        let answer = teacher.open(&page).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{param} {value}");
        assert!(!answer.headers().contains_key("refresh"), "the person chooses whether to go back");
        let html = answer.text().await.unwrap();
        assert!(html.contains(&format!("error={error}")) && html.contains(CALLBACK), "{html}");
    }

    // A form sent by another site, or without the session's CSRF token.
    let page = agent.page(&[]).await;
    let send = async |origin: &str, csrf: &str| {
        let request = service.http.post(format!("{}{page}", service.admin_url)).header("cookie", teacher.cookie());
        let request = request.header("origin", origin).header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("csrf={csrf}&answer=allow&scope=students:read")).send().await.unwrap().status()
    };
    let token = teacher.read(&page).await.split(r#"name="csrf" value=""#).nth(1).unwrap()[..48].to_owned();
    let token = token.split('"').next().unwrap();
    assert_eq!(send("https://evil.example", token).await, StatusCode::FORBIDDEN);
    assert_eq!(send(&service.admin_url, "csrf_forged").await, StatusCode::FORBIDDEN);
    assert_eq!(psql(&service.database_url, "select count(*) from agent_grants"), "0");
    assert_eq!(send(&service.admin_url, token).await, StatusCode::OK);
    // An old sign-in must be confirmed.
    psql(&service.database_url, "update admin_logins set confirmed_at = now() - interval '1 hour'");
    assert_eq!(send(&service.admin_url, token).await, StatusCode::FORBIDDEN);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_once_for_its_program_address_and_verifier() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let agent = Connector::register(&service).await;
    let other = Connector::register(&service).await;
    let page = agent.page(&[]).await;
    for (name, value, error) in [
        ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong", "invalid_grant"),
        ("redirect_uri", "https://agent.example/other", "invalid_grant"),
        ("client_id", &other.client_id[..], "invalid_grant"),
        ("resource", "https://other.example/mcp", "invalid_target"),
        ("code", "code_none", "invalid_grant"),
        ("scope", "students:erase", "invalid_scope"),
    ] {
        let code = agent.allow(&teacher, &page).await.remove("code").unwrap();
        let (status, answer) = agent.redeem(&code, &[(name, value)]).await;
        assert_eq!((status, answer["error"].as_str()), (StatusCode::BAD_REQUEST, Some(error)), "{name}: {answer}");
        // A wrong verifier, address or client uses up the code.
        let is_ended = ["code_verifier", "redirect_uri", "client_id"].contains(&name);
        let (status, answer) = agent.redeem(&code, &[]).await;
        assert_eq!(status.is_success(), !is_ended, "after a wrong {name}: {answer}");
    }
    let late = agent.allow(&teacher, &page).await.remove("code").unwrap();
    psql(
        &service.database_url,
        "update agent_grants set expires_at = now() - interval '1 second' where code_used_at is null",
    );
    assert!(is_refused(&agent.redeem(&late, &[]).await));

    // A second use of a code revokes the tokens from the first use.
    let code = agent.allow(&teacher, &page).await.remove("code").unwrap();
    let (_, tokens) = agent.redeem(&code, &[]).await;
    assert!(agent.works(&tokens).await);
    assert!(is_refused(&agent.redeem(&code, &[]).await));
    agent.ends(&tokens).await;
    let misused =
        "select count(*) from audit_entries where action = 'agent.misused' and detail->>'why' = 'code used twice'";
    assert_eq!(psql(&service.database_url, misused), "1");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_works_once_and_a_second_use_ends_all() {
    let service = Service::start().await;
    let teacher = Staff::insert(&service, "teacher", Role::Tutor, None).await.person;
    let agent = Connector::register(&service).await;
    let first = agent.connect(&teacher).await;
    let (status, second) = agent.refresh(&first, &[]).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let (_, narrow) = agent.refresh(&second, &[("scope", "context:read")]).await;
    assert_eq!(narrow["scope"], "context:read");
    let (_, wide) = agent.refresh(&narrow, &[]).await;
    assert!(wide["scope"].as_str().unwrap().contains("students:read"), "the grant is as wide as before");
    assert!(agent.works(&wide).await);
    assert!(is_refused(&agent.refresh(&second, &[]).await), "it was used before");
    assert!(
        is_refused(&agent.refresh(&wide, &[]).await),
        "a reused refresh token revokes the grant, because it may be stolen"
    );
    agent.ends(&wide).await;

    // Two uses at the same moment count as a second use, too: at most one of them gets tokens, and no token works
    // afterwards.
    let tokens = agent.connect(&teacher).await;
    let (one, two) = tokio::join!(agent.refresh(&tokens, &[]), agent.refresh(&tokens, &[]));
    assert!(is_refused(&one) || is_refused(&two), "{one:?} {two:?}");
    agent.ends(&tokens).await;

    let tokens = agent.connect(&teacher).await;
    let other = Connector::register(&service).await;
    assert!(is_refused(&agent.refresh(&tokens, &[("client_id", &other.client_id)]).await), "of another program");
    let tokens = agent.connect(&teacher).await;
    psql(&service.database_url, "update agent_grants set expires_at = now() - interval '1 second'");
    assert!(is_refused(&agent.refresh(&tokens, &[]).await), "the grant was unused for a month");
    service.stop().await;
}
